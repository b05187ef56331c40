"""Checks that say what is odd about data."""

from __future__ import annotations

import numpy as np
import pytest

from boardproof.model.preflight import Severity
from boardproof.model.sample_checks import FEW_SAMPLES, check_calibration, check_inputs
from boardproof.model.samples import InputSpec, Samples, arrays_for
from boardproof.model.tflite.reader import read_tflite
from support.flatbuffer_models import ModelBuilder

RNG = np.random.default_rng(0)
SPEC = InputSpec("image", (4, 4, 1))


def images(samples=FEW_SAMPLES):
    return RNG.random((samples, 4, 4, 1)).astype(np.float32)


def calibration(array):
    samples = Samples({"image": array}, source="data.npz")
    return check_calibration((SPEC,), samples, arrays_for((SPEC,), samples))


def unit_range_graph():
    """A network whose input holds 0 to 1."""
    builder = ModelBuilder()
    x = builder.add_tensor((1, 4, 4, 1), scale=1 / 255, zero_point=-128, name="image")
    return read_tflite(builder.build([x], [x]))


def test_good_data_has_no_findings():
    assert calibration(images()) == ()
    assert check_inputs(unit_range_graph(), Samples({"x": images()})) == ()


@pytest.mark.parametrize(
    ("array", "severity", "code", "message"),
    [
        (images(7), Severity.WARNING, "few-samples", "data.npz holds 7 samples: too few"),
        (
            np.zeros((60, 4, 4, 1)),
            Severity.ERROR,
            "constant-data",
            "Every value of image in data.npz is 0.0: this calibrates nothing.",
        ),
        (
            np.repeat(images(1), 60, axis=0),
            Severity.ERROR,
            "identical-samples",
            "All 60 samples of image in data.npz are the same.",
        ),
        (
            RNG.integers(-128, 128, (60, 4, 4, 1)).astype(np.int8),
            Severity.WARNING,
            "already-quantized",
            "image in data.npz is int8: it looks quantized already",
        ),
    ],
)
def test_odd_calibration_data_is_explained(array, severity, code, message):
    (finding,) = calibration(array)
    assert finding.severity is severity
    assert finding.code == code
    assert message in finding.message
    assert finding.hint


def test_images_that_were_not_scaled_are_an_error():
    (finding,) = check_inputs(unit_range_graph(), Samples({"x": images() * 255}, source="data.npz"))
    assert finding.severity is Severity.ERROR
    assert finding.code == "values-out-of-range"
    assert "the input image holds 0 to 1: " in finding.message
    assert "are cut off" in finding.message
    assert "same scaling" in finding.hint
    assert finding.tensor == 0


def test_a_few_values_out_of_range_are_a_warning():
    array = images()
    array[:3] = 2.0
    (finding,) = check_inputs(unit_range_graph(), Samples({"x": array}, source="data.npz"))
    assert finding.severity is Severity.WARNING
    assert "6% of them are cut off" in finding.message


def test_values_that_use_almost_nothing_of_the_range_are_a_warning():
    (finding,) = check_inputs(unit_range_graph(), Samples({"x": images() / 255}, source="data.npz"))
    assert finding.severity is Severity.WARNING
    assert finding.code == "values-too-small"
    assert "they use almost nothing of it" in finding.message


def test_quantized_data_is_not_judged():
    array = np.full((3, 4, 4, 1), 127, np.int8)
    assert check_inputs(unit_range_graph(), Samples({"x": array})) == ()

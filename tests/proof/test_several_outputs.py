"""Labels for several outputs at once: each is measured, under its name."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from boardproof.model.load import load_tflite
from boardproof.model.oracle import Outputs
from boardproof.model.samples import Samples, vectors_for
from boardproof.model.tflite.reader import read_tflite
from boardproof.project.subject import Network
from boardproof.proof.metrics.of_run import Computed, quality_of
from support.flatbuffer_models import ModelBuilder

CLASSES, VALUES = np.array([0, 1, 2, 0]), np.array([0.5, 1.5, 1.5, 1.0])


def network(samples, names):
    """Two outputs of a row of three values: what RELU and ABS make of it."""
    builder = ModelBuilder()
    x = builder.add_tensor((1, 3), "float32", name="x")
    scores = builder.add_tensor((1, 3), "float32", name=names[0])
    height = builder.add_tensor((1, 3), "float32", name=names[1])
    builder.add_operator("RELU", [x], [scores])
    builder.add_operator("ABS", [x], [height])
    data = builder.build([x], [scores, height])
    model = load_tflite(data, "two.tflite")
    return Network(model, data, read_tflite(data), None, samples)


def judged(*, first, further, names=("scores", "height")):
    x = np.float32([[1, 0, 0], [0, 1, 0], [0, 1, 0], [2, 0, 0]])
    samples = Samples({"x": x}, first, "s.npz", further=further)
    made = network(samples, names)
    outputs = (np.float32(x)[:, None], np.repeat(np.float32([[[1]], [[2]], [[2]], [[1]]]), 3, axis=2))
    computed = Computed((), Outputs(outputs, "tflite_micro", "1"), SimpleNamespace(outputs=outputs))
    return quality_of(made, vectors_for(made.graph, samples), computed)


def test_each_output_has_its_measures_by_its_name():
    quality, warnings = judged(first=CLASSES, further=(np.stack([VALUES] * 3, axis=1),))
    assert warnings == ()
    assert quality.task == "one class a sample (scores); real values (height)"
    found = {measure.name: measure.board for measure in quality.measures}
    assert found["scores: accuracy"] == 0.75
    assert found["height: mean absolute error"] == pytest.approx(0.375)
    assert quality.confusions == ((2, 0, 0), (0, 1, 0), (0, 1, 0))


def test_labels_that_do_not_fit_or_have_no_output_are_named():
    quality, warnings = judged(first=CLASSES, further=(np.zeros((4, 5)), VALUES))
    assert [measure.name for measure in quality.measures] == ["scores: accuracy"]
    assert warnings[0] == (
        "the labels beyond the outputs are ignored: there are 3 arrays of labels, and the network 2 outputs"
    )
    assert warnings[1].startswith("height: the labels in s.npz are ignored")


def test_labels_of_the_first_output_alone_are_said_to_be_that():
    quality, _ = judged(first=CLASSES, further=())
    assert quality.task == "one class a sample, by the first of 2 outputs"


def test_names_that_the_converter_made_are_numbers():
    quality, _ = judged(
        first=CLASSES, further=(CLASSES,), names=("StatefulPartitionedCall:0", "StatefulPartitionedCall:1")
    )
    assert [measure.name for measure in quality.measures] == ["output 0: accuracy", "output 1: accuracy"]


@pytest.mark.parametrize("labels", [np.array([0, 1, 2]), np.eye(3, dtype=np.int64)])
def test_an_output_that_is_the_number_of_a_class_is_measured(labels):
    builder = ModelBuilder()
    x = builder.add_tensor((1, 3), "float32", name="x")
    axis = builder.add_tensor((1,), "int32", data=np.int32([1]))
    y = builder.add_tensor((1,), "int64", name="y")
    builder.add_operator("ARG_MAX", [x, axis], [y], output_type=4)
    data = builder.build([x], [y])
    samples = Samples({"x": np.eye(3, dtype=np.float32)}, labels, "s.npz")
    model = load_tflite(data, "one.tflite")
    made = Network(model, data, read_tflite(data), None, samples)
    outputs = (np.int64([[0], [1], [1]]),)
    computed = Computed((), Outputs(outputs, "tflite_micro", "1"), SimpleNamespace(outputs=outputs))
    quality, warnings = quality_of(made, vectors_for(made.graph, samples), computed)
    assert warnings == ()
    assert quality.task == "one class a sample, whose number is the output"
    assert [(m.name, m.board) for m in quality.measures] == [("accuracy", pytest.approx(2 / 3))]

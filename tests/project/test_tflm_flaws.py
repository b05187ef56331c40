"""The findings, on models that TensorFlow's converter really makes: about 40 s, nearly all of it TensorFlow.

What it cannot be made to write has tests beside this one only, on models made by hand. TensorFlow 2.21 gives CONV_2D,
DEPTHWISE_CONV_2D and SVDF a bias of zeros (`missing-bias`), input and output of REDUCE_MAX one scale
(`different-scales`), and keeps the activation behind a quantized TRANSPOSE_CONV apart (its `wrong-results`); where it
writes an operator version newer than the default library (hybrid weights, PAD of bool), that is an error of its own
(`operator-version`). `arena-too-small`, `arena-too-large` and `library-not-read` are not about models.
"""

from __future__ import annotations

import pytest

from boardproof.model.preflight import Severity, preflight
from boardproof.model.tflite.reader import read_tflite
from boardproof.project.boards import BOARDS
from boardproof.project.runtimes.base import Options
from boardproof.project.runtimes.tflm import TflmRuntime
from boardproof.project.runtimes.tflm.facts import OPERATOR_VERSIONS
from support.flawed_models import flawed_models


@pytest.fixture(scope="module")
def models() -> dict[str, bytes]:
    return flawed_models()


def all_findings(data: bytes):
    graph = read_tflite(data)
    return preflight(graph, TflmRuntime().check(graph, BOARDS["nano33ble"], Options()))


def findings(data: bytes):
    """All but the notes, such as that the default library is not here."""
    return tuple(finding for finding in all_findings(data) if finding.severity is not Severity.NOTE)


def test_a_model_converted_as_it_should_be_has_no_findings(models):
    assert findings(models["good"]) == ()


@pytest.mark.parametrize(
    ("name", "code", "message", "hint"),
    [
        ("per_channel_dense", "per-channel-fully-connected", "weights quantized per channel", "quantize does"),
        ("open_length", "dynamic-shape", "leaves shapes open", "keras.Input(shape="),
        ("hybrid", "dynamic-range", "weights are integers, but activations are float", "--scheme int8"),
        ("float16", "float16-weights", "This is a float16 model", "--scheme int8"),
        ("int16_pool", "unsupported-type", "MAX_POOL_2D, works on int16", "--scheme int8"),
        ("gelu", "unsupported-operator", "has no operator GELU", "--tflm-lib"),
        ("flex", "unsupported-operator", "has no custom operator FlexCumprod", "TFLITE_BUILTINS_INT8"),
        (
            "too_many_weights",
            "flash-exceeded",
            "that the core leaves on nano33ble; the ",
            "Make these layers",
        ),
        ("five_axes", "too-many-axes", "broadcasts over 5 axes (", "Reshape so that there are at most 4 axes"),
        ("six_axes", "too-many-axes", "RELU) works on 6 axes (", "Reshape so that there are at most 5 axes"),
        ("three_reduced", "too-many-reduced-axes", "MEAN, reduces 3 axes;", "Reduce in steps of at most 2 axes"),
        ("gather_nd", "writes-to-flash", "write the shape of its output into the model", "tf.gather along one axis"),
        ("grouped", "wrong-results", "CONV_2D, is a grouped convolution", "Use groups=1"),
        ("two_images", "wrong-results", "MAX_POOL_2D, has a batch of 2, of which", "a batch size of 1"),
        ("int16_product", "wrong-results", "MUL, multiplies int16, for which", "--scheme int8"),
        ("shrunk", "wrong-results", "takes the pixels at half_pixel_centers", "Resize by a whole factor"),
        ("untrained", "input-scale", "is not above 2**-26, where", "Its input hardly varies"),
        ("no_room_for_code", "flash-exceeded", "and TensorFlow Lite Micro (at least 20,000) are ", "Make these layers"),
        ("argmax", "unsupported-type", "ARG_MAX, gives int64 (", "tf.argmax(x, output_type=tf.int32)"),
        ("cast_to_int64", "unsupported-type", "CAST, gives int64 (", "tf.cast(x, tf.int32)"),
        ("cast_to_bool", "unsupported-type", "CAST, gives bool (", "tf.not_equal(x, 0)"),
        ("long_shape", "unsupported-type", "SHAPE, gives int64 (", "tf.shape(x, out_type=tf.int32)"),
        ("loop", "unsupported-type", " of subgraph 2 (", "unroll=True"),
        ("hybrid_transpose_conv", "hybrid-weights", "TRANSPOSE_CONV, has int8 weights and float32", "--scheme int8"),
        ("int16_transpose_conv", "missing-bias", "TRANSPOSE_CONV, has no bias, and", "leaves a bias of zeros out here"),
        ("one_number", "one-element", "SELECT_V2, chooses between single numbers", "Use arithmetic"),
        ("too_large_activations", "ram-exceeded", "leave on nano33ble; the largest are", "fewer channels"),
    ],
)
def test_each_flaw_stops_the_run_and_says_what_to_do(models, name, code, message, hint):
    errors = [finding for finding in findings(models[name]) if finding.severity is Severity.ERROR]
    assert {finding.code for finding in errors} == {code}
    assert all(message in finding.message and hint in finding.hint for finding in errors)


def test_a_newer_version_is_not_warned_of_where_hybrid_weights_are_the_reason(models):
    (operator,) = read_tflite(models["hybrid_dense"]).operators
    assert operator.version > OPERATOR_VERSIONS[operator.name]
    assert [finding.code for finding in findings(models["hybrid_dense"])] == ["dynamic-range"]


def test_a_mean_that_is_rounded_otherwise_is_noted_and_runs(models):
    assert findings(models["pooled"]) == ()
    (note,) = (finding for finding in all_findings(models["pooled"]) if finding.code == "other-rounding")
    assert note.message.endswith(
        "rounds MEAN differently from tflite_micro, so the output of operator 1 can differ from it by 1 LSB."
    )


def test_an_open_batch_costs_a_warning_and_runs(models):
    (finding,) = findings(models["open_batch"])
    assert (finding.severity, finding.code) == (Severity.WARNING, "dynamic-shape")
    assert "SHAPE) computes a shape at run time" in finding.message

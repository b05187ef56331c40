"""Models as users write them, through boardproof's quantizer and so TensorFlow's converter: as in tflite_micro."""

from __future__ import annotations

import re

import numpy as np
import pytest

from boardproof.model import quantize as quantizer
from boardproof.model.graph import DType
from boardproof.model.preflight import Severity
from boardproof.model.rewrite.rewrite import Rewritten
from boardproof.model.schemes import Scheme
from boardproof.model.tflite.reader import read_tflite
from boardproof.model.variables import is_stateful
from boardproof.project.boards import BOARDS
from boardproof.project.runtimes.aot import AotRuntime
from boardproof.project.runtimes.base import Options
from support.aot import assert_exact, oracle_outputs
from support.cores import BOARD
from support.sanitized import assert_defined
from support.tensorflow_models import convert

SAMPLES = 8

INT8 = {
    "activations": {"PRELU", "LEAKY_RELU", "TANH", "LOG_SOFTMAX", "ABS", "GREATER", "SELECT_V2"},
    "attention": {"FULLY_CONNECTED", "BATCH_MATMUL", "SOFTMAX", "TRANSPOSE", "STRIDED_SLICE"},
    "fused recurrent layers": {"UNIDIRECTIONAL_SEQUENCE_LSTM", "REVERSE_V2", "STRIDED_SLICE"},
    "normalized layers": {"SQUARED_DIFFERENCE", "RSQRT", "L2_NORMALIZATION", "REDUCE_MAX", "SUM", "DIV", "ARG_MAX"},
    "residual": {"DEPTHWISE_CONV_2D", "SPLIT", "MUL", "CONCATENATION", "STRIDED_SLICE", "ADD", "TRANSPOSE"},
    "resized": {"RESIZE_NEAREST_NEIGHBOR", "RESIZE_BILINEAR", "PAD"},
    "skip connections": {"TRANSPOSE_CONV", "RESIZE_BILINEAR", "CONCATENATION", "STRIDED_SLICE", "LOGISTIC"},
    "squeeze and excite": {"HARD_SWISH", "MEAN", "LOGISTIC", "MUL", "REDUCE_MAX"},
    "stateful recurrent layers": {"CALL_ONCE", "READ_VARIABLE", "FULLY_CONNECTED", "TANH", "ASSIGN_VARIABLE"},
    "streaming convolution": {"CALL_ONCE", "VAR_HANDLE", "READ_VARIABLE", "CONCATENATION", "ASSIGN_VARIABLE"},
    "unrolled recurrent layers": {"FULLY_CONNECTED", "SPLIT", "UNPACK", "LOGISTIC", "TANH", "MUL", "SUB"},
}
"""Some of the operators that make each worth testing."""

INT16 = {
    "residual": {"DEPTHWISE_CONV_2D", "SPLIT", "CONCATENATION", "STRIDED_SLICE", "ADD"},
    "swish": {"CONV_2D", "LOGISTIC", "MUL", "MEAN", "AVERAGE_POOL_2D", "MAX_POOL_2D", "SOFTMAX"},
    "unrolled recurrent layers": {"FULLY_CONNECTED", "TANH", "LOGISTIC", "SUB"},
}

FLOAT = {
    "attention": {"FULLY_CONNECTED", "BATCH_MATMUL", "SOFTMAX"},
    "normalized layers": {"SQUARED_DIFFERENCE", "RSQRT", "L2_NORMALIZATION", "ARG_MAX"},
    "residual": {"DEPTHWISE_CONV_2D", "CONV_2D", "ADD"},
    "squeeze and excite": {"HARD_SWISH", "MEAN", "LOGISTIC", "MUL"},
}

STATEFUL = {"stateful recurrent layers", "streaming convolution"}

CASES = [
    (scheme, name, operators)
    for scheme, models in ((Scheme.INT8, INT8), (Scheme.INT16X8, INT16), (Scheme.FLOAT32, FLOAT))
    for name, operators in models.items()
]

pytestmark = pytest.mark.native


def samples(graph):
    """Random numbers; small enough that floats stay in the range that a model has been trained for."""
    rng = np.random.default_rng(2)
    (tensor,) = graph.input_tensors
    shape = (SAMPLES, *tensor.shape)
    if tensor.dtype is DType.FLOAT32:
        return [rng.normal(size=shape).astype(np.float32)]
    limits = np.iinfo(tensor.dtype.numpy)
    return [rng.integers(limits.min, limits.max + 1, shape).astype(tensor.dtype.numpy)]


@pytest.mark.parametrize(("scheme", "name", "operators"), CASES, ids=[f"{name} {scheme}" for scheme, name, _ in CASES])
def test_model_equals_tflite_micro(scheme, name, operators, toolchain, sanitized, tmp_path, monkeypatch):
    # Now and then TensorFlow leaves a SPLIT of an unrolled layer in float; then that must be exact.
    monkeypatch.setattr(quantizer, "require_integer", lambda _graph, _source: None)
    data = convert(name, scheme, tmp_path / "saved_model")
    graph = read_tflite(data)
    assert {operator.name for operator in graph.operators} >= operators
    assert is_stateful(graph) == (name in STATEFUL)
    inputs = samples(graph)
    assert len(np.unique(oracle_outputs(data, inputs)[0])) > 4, "outputs that hardly vary prove little"
    assert_exact(data, inputs, toolchain, tmp_path / "model")
    assert_defined(data, inputs, sanitized, tmp_path / "sanitized", BOARD)


def test_an_lstm_that_tensorflow_quantizes_wrongly_is_warned_about(tmp_path, monkeypatch):
    """Its output gets the scale of the concatenation behind it: mended in Keras models, not in a user's .tflite."""
    monkeypatch.setattr(quantizer, "mend", lambda data, _ranges: Rewritten(data))
    findings = AotRuntime().check(read_tflite(convert("joined", Scheme.INT8, tmp_path)), BOARDS["native"], Options())
    (finding,) = findings
    assert (finding.severity, finding.code) == (Severity.WARNING, "quantization")
    assert "has an output of another scale than its state" in finding.message
    assert "Dense layer between" in finding.hint


@pytest.mark.native
def test_a_loop_in_float_is_unrolled_and_exact(toolchain, tmp_path):
    data = convert("loop", Scheme.FLOAT32, tmp_path / "saved_model")
    graph = read_tflite(data)
    assert not {"WHILE", "IF"} & {operator.name for operator in graph.operators}
    assert_exact(data, samples(graph), toolchain, tmp_path / "model")


def test_a_branch_is_refused_with_a_way_out(tmp_path):
    graph = read_tflite(convert("branch", Scheme.FLOAT32, tmp_path))
    findings = AotRuntime().check(graph, BOARDS["native"], Options())
    (finding,) = [found for found in findings if re.search(r"[(, ]IF\)", found.message)]
    assert finding.code == "unsupported-operator"
    assert "not among the operators that are compiled ahead of time" in finding.message
    assert "tf.where" in finding.hint
    assert "--runtime tflm" in finding.hint

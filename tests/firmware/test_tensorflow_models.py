"""Recurrent, streaming and encoder-decoder models from TensorFlow's converter, against tflite_micro: 0 LSB."""

from __future__ import annotations

import numpy as np
import pytest

from boardproof.model.reader import read_tflite
from boardproof.model.variables import is_stateful
from support.aot import assert_exact, oracle_outputs
from support.tensorflow_models import tensorflow_models

SAMPLES = 8

MODELS = {
    "unrolled recurrent layers": {"FULLY_CONNECTED", "SPLIT", "UNPACK", "LOGISTIC", "TANH", "MUL", "SUB"},
    "skip connections": {"TRANSPOSE_CONV", "RESIZE_BILINEAR", "CONCATENATION", "STRIDED_SLICE", "LOGISTIC"},
    "fused recurrent layers": {"UNIDIRECTIONAL_SEQUENCE_LSTM", "STRIDED_SLICE"},
    "streaming convolution": {"CALL_ONCE", "VAR_HANDLE", "READ_VARIABLE", "CONCATENATION", "ASSIGN_VARIABLE"},
}
"""Some of the operators that make each worth testing."""

STATEFUL = {"fused recurrent layers", "streaming convolution"}

pytestmark = pytest.mark.native


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    return tensorflow_models(tmp_path_factory.mktemp("saved_model"))


@pytest.mark.parametrize("name", MODELS)
def test_model_equals_tflite_micro(models, name, toolchain, tmp_path):
    data = models[name]
    graph = read_tflite(data)
    assert {operator.name for operator in graph.operators} >= MODELS[name]
    assert is_stateful(graph) == (name in STATEFUL)
    rng = np.random.default_rng(2)
    inputs = [rng.integers(-128, 128, (SAMPLES, *graph.input_tensors[0].shape)).astype(np.int8)]
    assert len(np.unique(oracle_outputs(data, inputs)[0])) > 4, "outputs that hardly vary prove little"
    assert_exact(data, inputs, toolchain, tmp_path)

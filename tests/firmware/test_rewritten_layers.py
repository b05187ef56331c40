"""Layers of Keras 3 that the converter makes of what boards lack: rewritten, and exact as all others."""

from __future__ import annotations

import pytest

from boardproof.model.tflite.reader import read_tflite
from support.aot import assert_exact
from support.keras_layers import CASES, activation_cases, quantized_case

REWRITTEN = {
    "ELU": {"GATHER"},
    "Embedding": {"GATHER", "CAST"},
    "GroupNormalization": {"MUL"},
    "LayerNormalization": {"MUL"},
    "RepeatVector": {"GATHER"},
    "UpSampling2D": {"GATHER"},
    "LSTM": {"PAD", "UNIDIRECTIONAL_SEQUENCE_LSTM"},
    "Bidirectional": {"PAD", "UNIDIRECTIONAL_SEQUENCE_LSTM", "REVERSE_V2", "QUANTIZE"},
    "StackedRNNCells": {"SPLIT", "LOGISTIC"},
    "SimpleRNN": {"TANH"},
    "ConvLSTM1D": {"CONV_2D"},
    "gelu": {"GATHER"},
    "log_sigmoid": {"GATHER"},
    "mish": {"GATHER"},
    "soft_shrink": {"SELECT_V2"},
}
"""With some of the operators that each has then. docs/layers.md has all layers."""

pytestmark = pytest.mark.native


@pytest.mark.parametrize("name", REWRITTEN)
def test_rewritten_layers_equal_tflite_micro(name, toolchain, tmp_path):
    data, inputs = quantized_case({**CASES, **activation_cases()}[name], name)
    operators = {operator.name for operator in read_tflite(data).operators}
    assert operators >= REWRITTEN[name]
    assert not operators & {"TILE", "SELECT", "GELU", "EXP", "LOG", "NEG", "SQUARE", "WHILE", "DEQUANTIZE"}
    assert_exact(data, [array[:8] for array in inputs.arrays], toolchain, tmp_path)

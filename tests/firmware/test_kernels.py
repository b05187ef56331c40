"""Each operator, generated and compiled, against tflite_micro: 0 LSB on random shapes, quantization and data."""

from __future__ import annotations

import pytest

from support import operators_other, operators_windows
from support.aot import plan_quickly
from support.cases import assert_cases_exact

CASES_PER_MODEL = 20

OPERATORS = {
    "CONV_2D": operators_windows.conv2d,
    "DEPTHWISE_CONV_2D": operators_windows.depthwise_conv2d,
    "FULLY_CONNECTED": operators_windows.fully_connected,
    **operators_windows.INT4_WEIGHTS,
    "PAD": operators_other.pad,
    "RESHAPE": operators_other.reshape,
    "SOFTMAX": operators_other.softmax,
    "LOGISTIC": operators_other.logistic,
    "QUANTIZE int8 to int8": operators_other.requantize,
    "QUANTIZE float32": operators_other.quantize_float,
    "QUANTIZE uint8": operators_other.quantize_bytes,
    "DEQUANTIZE": operators_other.dequantize,
}

pytestmark = pytest.mark.native


@pytest.mark.parametrize("operator", OPERATORS)
def test_operator_equals_tflite_micro(operator, toolchain, tmp_path, monkeypatch):
    plan_quickly(monkeypatch)
    assert_cases_exact(OPERATORS[operator], CASES_PER_MODEL, toolchain, tmp_path)

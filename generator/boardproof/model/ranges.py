"""What quantized tensors can hold: the ranges of their types, and of fused activations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.fixed_point import quantize_float32
from boardproof.model.graph import Activation, DType

if TYPE_CHECKING:
    from boardproof.model.graph import Quantization, Tensor

INT8_MIN, INT8_MAX = -128, 127
INT16_MIN, INT16_MAX = -(2**15), 2**15 - 1

RANGES = {
    DType.INT8: (INT8_MIN, INT8_MAX),
    DType.UINT8: (0, 255),
    DType.INT16: (INT16_MIN, INT16_MAX),
    DType.INT32: (-(2**31), 2**31 - 1),
}
"""The smallest and the largest value of integer types."""

REAL_RANGES = {Activation.RELU: (0.0, None), Activation.RELU6: (0.0, 6.0), Activation.RELU_N1_TO_1: (-1.0, 1.0)}
"""Of fused activations; None: without a limit."""


def quantization(tensor: Tensor) -> Quantization:
    """The quantization of a tensor that was checked to have one."""
    if tensor.quantization is None:
        raise ValueError(f"tensor {tensor.index} is not quantized")
    return tensor.quantization


def activation_range(activation: Activation, output: Tensor) -> tuple[int, int]:
    """The quantized range that a fused activation leaves of the output's type.

    Source: CalculateActivationRangeQuantized in tensorflow/lite/kernels/kernel_util.cc.
    """
    low, high = RANGES[output.dtype]
    scale, zero_point = quantization(output).scale, quantization(output).zero_point
    real_low, real_high = REAL_RANGES.get(activation, (None, None))
    if real_low is not None:
        low = max(low, quantize_float32(real_low, scale, zero_point))
    if real_high is not None:
        high = min(high, quantize_float32(real_high, scale, zero_point))
    return low, high


def activation_fits(activation: Activation, output: Tensor) -> bool:
    """Whether the bounds of a fused activation fit in int32 as quantized values, without which TFLM refuses it."""
    bounds = [bound for bound in REAL_RANGES.get(activation, ()) if bound is not None]
    with np.errstate(over="ignore"):  # infinity does not fit either
        return all(abs(np.float32(bound) / np.float32(quantization(output).scale)) < 2**31 for bound in bounds)

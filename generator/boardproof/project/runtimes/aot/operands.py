"""What lowering asks of tensors: quantization, rescaling factors, activation ranges; and how to show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.fixed_point import quantize_multiplier
from boardproof.model.graph import Activation, DType, TransposeConv
from boardproof.model.ranges import (
    INT8_MAX,
    INT8_MIN,
    INT16_MAX,
    INT16_MIN,
    RANGES,
    REAL_RANGES,
    activation_fits,
    activation_range,
    quantization,
)
from boardproof.project.runtimes.aot.program import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from boardproof.model.graph import Operator, Tensor
    from boardproof.project.runtimes.aot.program import Value

__all__ = [
    "INT8_MAX",
    "INT8_MIN",
    "INT16_MAX",
    "INT16_MIN",
    "RANGES",
    "SUFFIXES",
    "activation_fits",
    "activation_range",
    "activation_text",
    "bias_index",
    "convolution_factors",
    "dense_factors",
    "flow_text",
    "plain_range",
    "quantization",
    "requant_fields",
    "requant_int16_fields",
    "shape_text",
]

SUFFIXES = {
    DType.INT8: "s8",
    DType.UINT8: "u8",
    DType.INT16: "s16",
    DType.INT32: "s32",
    DType.INT64: "s64",
    DType.FLOAT32: "f32",
    DType.BOOL: "bool",
}
"""How kernels are named by type."""


def plain_range(activation: Activation, dtype: DType) -> tuple[float, float] | tuple[int, int]:
    """The range that a fused activation leaves of a float or an integer that is not quantized.

    Source: CalculateActivationRange in tensorflow/lite/kernels/kernel_util.h: no activation clamps, too, to the finite
    numbers.
    """
    is_float = dtype is DType.FLOAT32
    finite = float(np.finfo(np.float32).max)
    smallest, largest = (-finite, finite) if is_float else RANGES[dtype]
    low, high = REAL_RANGES.get(activation, (None, None))
    kind = float if is_float else int
    return kind(smallest if low is None else low), kind(largest if high is None else high)


def bias_index(op: Operator) -> int | None:
    """The biases of an operator with weights: the tensor's index; None if it has none."""
    return op.optional_input(3 if isinstance(op, TransposeConv) else 2)


def convolution_factors(data: Tensor, weights: Tensor, output: Tensor) -> list[float]:
    """Accumulator scale to output scale, one per channel or one for all, as TFLM's convolutions compute them."""
    return [quantization(data).scale * w / quantization(output).scale for w in quantization(weights).scales]


def dense_factors(data: Tensor, weights: Tensor, output: Tensor) -> list[float]:
    """Accumulator scale to output scale, one per output or one for all, as TFLM's FULLY_CONNECTED computes it.

    All in double precision, like a convolution's: so does the pinned tflite_micro. Older TensorFlow Lite Micro, and the
    libraries made from it, round the product of the scales to float32 where there is one for all outputs.
    """
    return convolution_factors(data, weights, output)


def requant_fields(factors: Sequence[float]) -> tuple[tuple[str, Value], ...]:
    """The `requant` member of a parameter struct."""
    pairs = [quantize_multiplier(factor) for factor in factors]
    multipliers = np.array([multiplier for multiplier, _ in pairs], np.int32)
    shifts = np.array([shift for _, shift in pairs], np.int8)
    return (
        ("requant.multiplier", Table("multiplier", multipliers, "rescaling factors, 31 fractional bits")),
        ("requant.shift", Table("shift", shifts, "their binary exponents", alignment=1)),
        ("requant.per_channel", int(len(pairs) > 1)),
    )


def requant_int16_fields(factors: Sequence[float], activation: tuple[int, int]) -> tuple[tuple[str, Value], ...]:
    """The same for int16 data, whose 64-bit sums are multiplied by 15 bits and rounded once.

    Source: MultiplyByQuantizedMultiplier(int64_t, …) in tensorflow/lite/kernels/internal/common.cc.
    """
    pairs = [quantize_multiplier(factor) for factor in factors]
    multipliers = np.array([min((multiplier + (1 << 15)) >> 16, INT16_MAX) for multiplier, _ in pairs], np.int16)
    shifts = np.array([15 - shift for _, shift in pairs], np.int8)
    return (
        ("requant.multiplier", Table("multiplier", multipliers, "rescaling factors")),
        ("requant.shift", Table("shift", shifts, "by how much they are too large, in bits", alignment=1)),
        ("requant.per_channel", int(len(pairs) > 1)),
        ("requant.activation_min", activation[0]),
        ("requant.activation_max", activation[1]),
    )


def shape_text(tensor: Tensor) -> str:
    """A tensor's shape for comments, such as "1x49x10x1"; "scalar" for rank 0."""
    return "x".join(map(str, tensor.shape)) or "scalar"


def flow_text(data: Tensor, output: Tensor) -> str:
    """Both shapes of an operator with one input and one output."""
    return f"{shape_text(data)} -> {shape_text(output)}"


def activation_text(activation: Activation) -> str:
    """A fused activation for comments: ", RELU", or nothing."""
    return "" if activation is Activation.NONE else f", {activation.name}"

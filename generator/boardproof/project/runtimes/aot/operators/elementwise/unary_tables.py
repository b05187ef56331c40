"""Tables of the unary int8 operators: what TensorFlow Lite Micro computes for each of the 256 inputs.

Indexed and held as those of lookup.py.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.fixed_functions import inverse_square_root, tanh
from boardproof.model.fixed_point import (
    input_radius,
    logistic,
    quantize_float32,
    quantize_multiplier,
    requantize,
    round_shift,
)
from boardproof.model.graph import DType
from boardproof.project.runtimes.aot.operands import INT8_MAX, INT8_MIN, INT16_MAX, INT16_MIN
from boardproof.project.runtimes.aot.operators.elementwise.lookup import inputs_of, output_bytes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from boardproof.model.graph import Quantization


_TANH_INTEGER_BITS = 4
_RSQRT_HEADROOM_BITS = 20

ELU_NUDGE = 2.0**-29
"""Far more than an expf that is not quite correctly rounded is off, before it is rounded."""

_LOGISTIC_INTEGER_BITS = 4


def tanh_table(source: Quantization, target: Quantization) -> NDArray[np.uint8]:  # noqa: ARG001 written as scale 1/128, zero point 0, whatever the output's is
    """TANH. Source: tensorflow/lite/micro/kernels/tanh.cc and kernels/internal/reference/integer_ops/tanh.h."""
    multiplier, shift = quantize_multiplier(source.scale * 2.0 ** (31 - _TANH_INTEGER_BITS))
    radius = input_radius(_TANH_INTEGER_BITS, shift)
    x = inputs_of(DType.INT8) - source.zero_point
    inside = np.where(np.abs(x) < radius, x, 0)
    y = round_shift(tanh(requantize(inside, multiplier, shift), _TANH_INTEGER_BITS), 24)
    return output_bytes(np.where(x <= -radius, INT8_MIN, np.where(x >= radius, INT8_MAX, y)), DType.INT8)


def abs_table(source: Quantization, target: Quantization) -> NDArray[np.uint8]:
    """ABS. Source: tensorflow/lite/micro/kernels/elementwise.cc."""
    x = np.abs(inputs_of(DType.INT8) - source.zero_point)
    if source.scale != target.scale:
        x = requantize(x, *quantize_multiplier(source.scale / target.scale))
    return output_bytes(x + target.zero_point, DType.INT8)


def rsqrt_table(source: Quantization, target: Quantization) -> NDArray[np.uint8]:
    """RSQRT. Inputs below the zero point, for which TensorFlow Lite Micro stops with an error, count as the zero point.

    Source: tensorflow/lite/micro/kernels/elementwise.cc.
    """
    multiplier, shift = rsqrt_factor(source, target)
    x = inputs_of(DType.INT8) - source.zero_point
    roots, root_shifts = np.array([inverse_square_root(max(value, 0)) for value in x.tolist()], np.int64).T
    scaled = requantize(1, roots, root_shifts + _RSQRT_HEADROOM_BITS)
    y = requantize(scaled, multiplier, shift - _RSQRT_HEADROOM_BITS) + target.zero_point
    return output_bytes(np.where(x > 0, y, INT8_MAX), DType.INT8)


def rsqrt_factor(source: Quantization, target: Quantization) -> tuple[int, int]:
    """What takes an integer's inverse square root to the output's scale."""
    return quantize_multiplier(1.0 / (math.sqrt(source.scale) * target.scale))


def elu_table(source: Quantization, target: Quantization, nudge: float = 0.0) -> NDArray[np.uint8]:
    """ELU, in float32 with the C library's exp.

    A C library's expf may err by little more than half a unit in the last place. So the exponentials can be nudged, by
    a share of themselves: tables that are the same either way are the same with any C library.

    Source: tensorflow/lite/micro/kernels/elu.cc.
    """
    x = np.float32(source.scale) * (inputs_of(DType.INT8) - source.zero_point).astype(np.float32)
    exponential = (np.exp(np.minimum(x, 0).astype(np.float64)) * (1 + nudge)).astype(np.float32)
    y = np.where(x < 0, exponential - np.float32(1), x)
    scaled = np.clip(y * (np.float32(1) / np.float32(target.scale)), -1e6, 1e6).astype(np.float64)
    rounded = np.copysign(np.floor(np.abs(scaled) + 0.5), scaled)
    return output_bytes(rounded.astype(np.int64) + target.zero_point, DType.INT8)


def leaky_relu_table(source: Quantization, target: Quantization, alpha: float) -> NDArray[np.uint8]:
    """LEAKY_RELU. Source: tensorflow/lite/micro/kernels/leaky_relu_common.cc and internal/reference/leaky_relu.h."""
    x = inputs_of(DType.INT8) - source.zero_point
    positive, negative = leaky_relu_factors(source, target, alpha)
    sign = -1 if negative[0] < 0 else 1
    scaled = sign * requantize(x, abs(negative[0]), negative[1])
    return output_bytes(np.where(x >= 0, requantize(x, *positive), scaled) + target.zero_point, DType.INT8)


def leaky_relu_factors(source: Quantization, target: Quantization, alpha: float) -> tuple[tuple[int, int], ...]:
    """(multiplier, shift) above and below zero; the second multiplier has alpha's sign."""
    multiplier, shift = quantize_multiplier(source.scale * abs(alpha) / target.scale)
    return quantize_multiplier(source.scale / target.scale), (multiplier if alpha >= 0 else -multiplier, shift)


def hard_swish_table(source: Quantization, target: Quantization) -> NDArray[np.uint8]:
    """HARD_SWISH: x times a "relu-ish" factor, both as 16-bit fixed-point numbers.

    Source: tensorflow/lite/micro/kernels/hard_swish_common.cc and internal/reference/hard_swish.h.
    """
    (output_multiplier, output_shift), (factor, exponent) = hard_swish_factors(source, target)
    x = (inputs_of(DType.INT8) - source.zero_point) << 7
    on_output_scale = _multiply_high_16(x, output_multiplier)
    relu_like = _saturate_16(x << max(exponent - 1, 0))
    relu_like = _multiply_high_16(relu_like, factor)
    if exponent > 0:
        relu_like = _saturate_16(relu_like << 1)
    relu_like = _round_shift_16(relu_like, max(-exponent, 0))
    zero_to_one = (relu_like + (1 << 15)) >> 1
    product = zero_to_one * on_output_scale
    truncated = np.sign(product) * (np.abs(product) >> 15)
    y = _wrap_16(_round_shift_16(truncated, -output_shift) + target.zero_point)
    return output_bytes(y, DType.INT8)


def hard_swish_factors(source: Quantization, target: Quantization) -> tuple[tuple[int, int], tuple[int, int]]:
    """(15-bit multiplier, shift) to the output's scale, and to 2^15 for the real value 3."""
    fine = source.scale / 128
    pairs = [quantize_multiplier(factor) for factor in (fine / target.scale, fine * 32768 / 3)]
    output, three = ((_halved(multiplier), shift) for multiplier, shift in pairs)
    return output, three


def _halved(multiplier: int) -> int:
    """A 31-bit multiplier as a 15-bit one, rounded, not above the largest."""
    return INT16_MAX if multiplier >= (INT16_MAX << 16) + (1 << 15) else (multiplier + (1 << 15)) >> 16


def _multiply_high_16(a: NDArray[np.int64], b: int) -> NDArray[np.int64]:
    """Rounding doubling high multiplication of int16, halves away from zero for negative products as gemmlowp does."""
    product = a * b
    nudge = np.where(product >= 0, 1 << 14, 1 - (1 << 14))
    quotient = product + nudge
    return _saturate_16(np.sign(quotient) * (np.abs(quotient) >> 15))


def _round_shift_16(x: NDArray[np.int64], exponent: int) -> NDArray[np.int64]:
    """Divides int16 by 2^exponent, halves away from zero; past 15, where its masks overflow, gemmlowp gives 1 or -1."""
    return round_shift(x, exponent) if exponent < 16 else np.where(x >= 0, 1, -1)  # noqa: PLR2004 bits of an int16


def _saturate_16(x: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.clip(x, INT16_MIN, INT16_MAX)


def _wrap_16(x: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.asarray((x + (1 << 15)) % (1 << 16) - (1 << 15))


def relu_table(source: Quantization, target: Quantization) -> NDArray[np.uint8]:
    """RELU, int8. Source: tensorflow/lite/micro/kernels/activations_common.cc."""
    factor = quantize_multiplier(source.scale / target.scale)
    values = requantize(inputs_of(DType.INT8) - source.zero_point, *factor) + target.zero_point
    return output_bytes(np.maximum(values, target.zero_point), DType.INT8)


def relu6_table(source: Quantization, target: Quantization) -> NDArray[np.uint8]:  # noqa: ARG001 one signature for all
    """RELU6, int8: clamps in the input's quantization and does not rescale, whatever the output's is."""
    six = min(max(quantize_float32(6.0, source.scale, source.zero_point), INT8_MIN), INT8_MAX)
    return output_bytes(np.clip(inputs_of(DType.INT8), source.zero_point, six), DType.INT8)


def logistic_table(source: Quantization, target: Quantization) -> NDArray[np.uint8]:  # noqa: ARG001 the output's quantization is fixed
    """LOGISTIC, int8 to scale 1/256 and zero point -128.

    Source: tensorflow/lite/kernels/internal/reference/integer_ops/logistic.h and micro/kernels/logistic_common.cc.
    """
    multiplier, shift = quantize_multiplier(source.scale * 2.0 ** (31 - _LOGISTIC_INTEGER_BITS))
    radius = input_radius(_LOGISTIC_INTEGER_BITS, shift)
    x = inputs_of(DType.INT8) - source.zero_point
    inside = np.where(np.abs(x) < radius, x, 0)
    y = round_shift(logistic(requantize(inside, multiplier, shift), _LOGISTIC_INTEGER_BITS), 23) + INT8_MIN
    return output_bytes(np.where(x <= -radius, INT8_MIN, np.where(x >= radius, INT8_MAX, y)), DType.INT8)

"""Functions of one 8-bit value as tables: what TFLM's kernels would compute for each of the 256 inputs.

Every table is indexed by the input's bits (0…127, then -128…-1 for int8) and holds the output's bits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.fixed_point import (
    INT32_MAX,
    exp_on_negative_values,
    input_radius,
    logistic,
    multiply_high,
    quantize_float32,
    quantize_multiplier,
    requantize,
    round_shift,
    wrap_int32,
)
from boardproof.model.graph import DType
from boardproof.project.runtimes.aot.operands import INT8_MAX, INT8_MIN, RANGES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from boardproof.model.graph import Quantization

_LOGISTIC_INTEGER_BITS = 4
_SOFTMAX_INTEGER_BITS = 5


def inputs_of(dtype: DType) -> NDArray[np.int64]:
    """All values of an 8-bit type in the order of their bits."""
    return np.arange(256, dtype=np.uint8).view(dtype.numpy).astype(np.int64)


def output_bytes(values: NDArray[np.int64], dtype: DType) -> NDArray[np.uint8]:
    """The bits of values of an 8-bit type, saturated."""
    low, high = RANGES[dtype]
    return np.clip(values, low, high).astype(dtype.numpy).view(np.uint8)


def requantize_table(
    source: Quantization, source_type: DType, target: Quantization, target_type: DType
) -> NDArray[np.uint8]:
    """QUANTIZE between 8-bit types. Source: tensorflow/lite/kernels/internal/reference/requantize.h."""
    factor = quantize_multiplier(source.scale / target.scale)
    values = requantize(inputs_of(source_type) - source.zero_point, *factor)
    return output_bytes(values + target.zero_point, target_type)


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


def softmax_exponentials(input_scale: float, beta: float) -> NDArray[np.int32]:
    """exp(-d * beta * scale) with 31 fractional bits, for d = 0, 1, … as far as SOFTMAX tells differences from zero.

    Source: tensorflow/lite/kernels/internal/{reference/softmax.h, quantization_util.cc}.
    """
    multiplier, shift = softmax_factor(input_scale, beta)
    largest = min(input_radius(_SOFTMAX_INTEGER_BITS, shift), 255)
    scaled = multiply_high(wrap_int32(-np.arange(largest + 1) << shift), multiplier)
    return exp_on_negative_values(scaled, _SOFTMAX_INTEGER_BITS).astype(np.int32)


def softmax_factor(input_scale: float, beta: float) -> tuple[int, int]:
    """What takes differences of the input to 26 fractional bits; the shift is not negative."""
    real = min(beta * input_scale * 2.0 ** (31 - _SOFTMAX_INTEGER_BITS), float(INT32_MAX))
    return quantize_multiplier(real)

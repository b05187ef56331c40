"""The tables of SOFTMAX, as TensorFlow Lite Micro makes them when it prepares the operator: of int16 in float32.

Source of those: LUTPopulate in tensorflow/lite/kernels/internal/common.h and micro/kernels/softmax_common.cc. The
exponentials are far enough from rounding boundaries that any C library's expf gives the same table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.fixed_point import (
    INT32_MAX,
    exp_on_negative_values,
    input_radius,
    multiply_high,
    quantize_multiplier,
    wrap_int32,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

_STEPS = 512
_RANGE = np.float32(65535)
_SOFTMAX_INTEGER_BITS = 5


def exponential_table(nudge: float = 0.0) -> NDArray[np.int16]:
    """exp(x) for x from -10 to 0, 15 fractional bits, 513 entries; `nudge` as in unary_tables.elu_table."""

    def exponential(x: Floats) -> Floats:
        return (np.exp(x.astype(np.float64)) * (1 + nudge)).astype(np.float32)

    return _table(np.float32(10) / _RANGE, np.iinfo(np.int16).max, exponential)


def reciprocal_table() -> NDArray[np.int16]:
    """1 / (1 + x) for x from 0 to 1, 15 fractional bits, 513 entries."""
    one = np.float32(1)
    return _table(one / _RANGE, np.iinfo(np.int16).min, lambda x: one / (one + x))


def _table(scale: np.float32, zero_point: int, function: Callable[[Floats], Floats]) -> NDArray[np.int16]:
    """Entries that share the error of a straight line between them."""
    limits = np.iinfo(np.int16)
    two = np.float32(2)
    low, high = (scale * np.float32(limit - zero_point) for limit in (limits.min, limits.max))
    step = (high - low) / np.float32(_STEPS)
    output_scale = two / _RANGE
    to_output = (_RANGE + np.float32(1)) / (
        output_scale * np.float32(limits.max) - output_scale * np.float32(limits.min)
    )
    places = np.arange(_STEPS, dtype=np.float32)
    here = function(low + places * step)
    middle = function(low + places * step + step / two)
    there = function(low + (places + np.float32(1)) * step)
    sample = _round(here * to_output)
    error = _round((there * to_output + sample) / two) - _round(middle * to_output)
    entries = np.append(sample - _round(error / two), _round(function(np.array([high], np.float32)) * to_output))
    return np.clip(entries, limits.min, limits.max).astype(np.int16)


def _round(x: Floats) -> Floats:
    """The nearest whole number, halves away from zero."""
    return np.copysign(np.floor(np.abs(x.astype(np.float64)) + 0.5), x).astype(np.float32)


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

"""Fixed-point arithmetic exactly as TensorFlow Lite Micro does it.

Real scales become (multiplier, shift) here, and tables of functions are computed with the integer arithmetic that the
interpreter would use at run time. Source: tensorflow/lite/kernels/internal/{quantization_util.cc, common.h} and
gemmlowp's fixedpoint.h, which TFLM follows.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

INT32_MAX = 2**31 - 1
INT32_MIN = -(2**31)

MIN_SHIFT = -31
"""Smaller factors become 0."""

_ONE_Q31 = INT32_MAX
_EXP_MINUS_EIGHTH_Q31 = 1895147668
_THIRD_Q31 = 715827883
_EXP_MINUS_POWERS_OF_TWO_Q31 = {
    -2: 1672461947,
    -1: 1302514674,
    0: 790015084,
    1: 290630308,
    2: 39332535,
    3: 720401,
    4: 242,
}


def quantize_multiplier(real: float) -> tuple[int, int]:
    """A factor as (multiplier, shift), real ≈ multiplier * 2^(shift - 31), multiplier 0 or in [2^30, 2^31).

    Factors below about 2^-32 become (0, 0). The shift of a large factor can exceed 31, which no kernel accepts.
    """
    if real == 0.0:
        return 0, 0
    fraction, shift = math.frexp(real)
    multiplier = round_half_away(fraction * 2**31)
    if multiplier == 2**31:
        multiplier //= 2
        shift += 1
    return (0, 0) if shift < MIN_SHIFT else (multiplier, shift)


def round_half_away(x: float) -> int:
    """The nearest integer, halves away from zero, as C's round()."""
    whole = math.trunc(x)
    return whole + int(math.copysign(1, x)) if abs(x - whole) >= 0.5 else whole  # noqa: PLR2004 a half


def multiply_high(a: ArrayLike, b: ArrayLike) -> NDArray[np.int64]:
    """Rounding doubling high multiplication of int32 values: floor((a*b + 2^30) / 2^31), saturating."""
    product = np.asarray(a, np.int64) * np.asarray(b, np.int64)
    return np.asarray(np.minimum((product + (1 << 30)) >> 31, INT32_MAX))


def round_shift(x: ArrayLike, exponent: ArrayLike) -> NDArray[np.int64]:
    """Divides by 2^exponent, halves away from zero. 0 <= exponent <= 31."""
    x, exponent = np.asarray(x, np.int64), np.asarray(exponent, np.int64)
    mask = (np.int64(1) << exponent) - 1
    return np.asarray((x >> exponent) + ((x & mask) > (mask >> 1) + (x < 0)))


def requantize(x: ArrayLike, multiplier: ArrayLike, shift: ArrayLike) -> NDArray[np.int64]:
    """Multiplies int32 values by multiplier * 2^(shift - 31), with TFLM's two roundings.

    A left shift drops the bits that overflow.
    """
    shift = np.asarray(shift, np.int64)
    shifted = wrap_int32(np.asarray(x, np.int64) << np.maximum(shift, 0))
    return round_shift(multiply_high(shifted, multiplier), np.maximum(-shift, 0))


def wrap_int32(x: ArrayLike) -> NDArray[np.int64]:
    """The low 32 bits as a signed number."""
    return (np.asarray(x, np.int64) + 2**31) % 2**32 - 2**31


def quantize_float32(value: float, scale: float, zero_point: int) -> int:
    """round(value / scale) + zero_point, the division in float32, not clamped."""
    return zero_point + round_half_away(float(np.float32(value) / np.float32(scale)))


def input_radius(integer_bits: int, left_shift: int, total_signed_bits: int = 31) -> int:
    """The largest input difference that a table function with this many integer bits distinguishes."""
    return math.floor(((1 << integer_bits) - 1) * 2.0 ** (total_signed_bits - integer_bits) / 2.0**left_shift)


def shift_left_saturating(x: ArrayLike, exponent: int) -> NDArray[np.int64]:
    """Multiplies by 2^exponent and clamps to int32."""
    return np.asarray(np.clip(np.asarray(x, np.int64) << exponent, INT32_MIN, INT32_MAX))


def exp_on_negative_values(x: ArrayLike, integer_bits: int) -> NDArray[np.int64]:
    """exp(x) with 31 fractional bits, for x <= 0 with `integer_bits` integer bits (at most 5) in 32.

    A Taylor expansion on [-1/4, 0), times exp(-2^k) for each bit k of what is left.
    """
    x = np.asarray(x, np.int64)
    fractional_bits = 31 - integer_bits
    quarter = 1 << (fractional_bits - 2)
    in_last_quarter = (x & (quarter - 1)) - quarter
    result = _exp_in_last_quarter(shift_left_saturating(in_last_quarter, integer_bits))
    remainder = in_last_quarter - x
    for exponent, factor in _EXP_MINUS_POWERS_OF_TWO_Q31.items():
        if exponent < integer_bits:
            bit = (remainder >> (fractional_bits + exponent)) & 1
            result = np.where(bit == 1, multiply_high(result, factor), result)
    return np.where(x == 0, _ONE_Q31, result)


def _exp_in_last_quarter(x: NDArray[np.int64]) -> NDArray[np.int64]:
    """exp(x) for x in [-1/4, 0), 31 fractional bits: the Taylor expansion around -1/8 up to the fourth power."""
    x = x + (1 << 28)
    x2 = multiply_high(x, x)
    x3 = multiply_high(x2, x)
    x4 = multiply_high(x2, x2)
    higher = round_shift(multiply_high(round_shift(x4, 2) + x3, _THIRD_Q31) + x2, 1)
    return _EXP_MINUS_EIGHTH_Q31 + multiply_high(_EXP_MINUS_EIGHTH_Q31, x + higher)


def reciprocal_of_one_plus(x: ArrayLike) -> NDArray[np.int64]:
    """1 / (1 + x) for x in [0, 1), both with 31 fractional bits."""
    return shift_left_saturating(newton_reciprocal(x), 1)


def newton_reciprocal(x: ArrayLike) -> NDArray[np.int64]:
    """2 / (1 + x), 29 fractional bits, for x in [0, 1) with 31.

    Three steps of Newton's iteration from 48/17 - 32/17 d, d being (1 + x) / 2.
    """
    half_denominator = (np.asarray(x, np.int64) + INT32_MAX + 1) // 2
    guess = 1515870810 + multiply_high(half_denominator, -1010580540)
    for _ in range(3):
        error = (1 << 29) - multiply_high(half_denominator, guess)
        guess = guess + shift_left_saturating(multiply_high(guess, error), 2)
    return np.asarray(guess)


def logistic(x: ArrayLike, integer_bits: int) -> NDArray[np.int64]:
    """1 / (1 + exp(-x)) with 31 fractional bits, for x with `integer_bits` integer bits in 32."""
    x = np.asarray(x, np.int64)
    of_magnitude = reciprocal_of_one_plus(exp_on_negative_values(-np.abs(x), integer_bits))
    return np.where(x == 0, 1 << 30, np.where(x > 0, of_magnitude, _ONE_Q31 - of_magnitude))


def mean_factor(real: float, count: int) -> tuple[int, int]:
    """(multiplier, shift) of a rescaling that also divides by `count`.

    Source: QuantizedMeanOrSum in tensorflow/lite/kernels/internal/reference/reduce.h: the division is by an integer,
    after as many left shifts as keep the multiplier in 31 bits.
    """
    multiplier, shift = quantize_multiplier(real)
    extra = min(count.bit_length() - 1, 32, 31 + shift)
    return (multiplier << extra) // count, shift - extra

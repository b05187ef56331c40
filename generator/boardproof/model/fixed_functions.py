"""Functions in fixed point, step by step as TensorFlow Lite Micro computes them: beyond fixed_point.py's, for tables.

Source: gemmlowp's fixedpoint.h and tensorflow/lite/kernels/internal/common.h.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.fixed_point import (
    INT32_MAX,
    exp_on_negative_values,
    multiply_high,
    newton_reciprocal,
    round_shift,
    shift_left_saturating,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_HALF_SQRT_2_Q31 = 1518500250


def tanh(x: ArrayLike, integer_bits: int) -> NDArray[np.int64]:
    """The hyperbolic tangent with 31 fractional bits, of x with `integer_bits` integer bits in 32."""
    x = np.asarray(x, np.int64)
    exponential = exp_on_negative_values(-np.abs(x), integer_bits + 1)
    of_magnitude = shift_left_saturating(newton_reciprocal(exponential) - (1 << 29), 2)
    return np.where(x == 0, 0, np.where(x > 0, of_magnitude, -of_magnitude))


@lru_cache(maxsize=256)
def inverse_square_root(x: int) -> tuple[int, int]:
    """1 / sqrt(x) as (multiplier, shift), its value multiplier * 2^(shift - 31); x >= 0, and 0 counts as 1.

    Five steps of Newton's iteration from 1, with 3 integer bits. Every table asks for the same 255 numbers.
    """
    if x <= 1:
        return INT32_MAX, 0
    shift = 11
    while x >= 1 << 29:
        x //= 4
        shift += 1
    pairs = (31 - x.bit_length()) // 2 - 1
    shift -= pairs
    x <<= 2 * pairs
    value = _newton_inverse_square_root(x >> 1)
    multiplier = int(multiply_high(value, _HALF_SQRT_2_Q31))
    if shift < 0:
        return multiplier << -shift, 0
    return multiplier, -shift


def _newton_inverse_square_root(x: int) -> int:
    half_x = round_shift(x, 1)
    value = 1 << 28
    for _ in range(5):
        cube = shift_left_saturating(multiply_high(multiply_high(value, value), value), 6)
        difference = multiply_high((1 << 28) + (1 << 27), value) - multiply_high(half_x, cube)
        value = int(shift_left_saturating(difference, 3))
    return value


def reciprocal(x: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """1 / x for 1 <= x < 2^31 as (multiplier, exponent), its value multiplier * 2^(-31 - exponent)."""
    bits = np.floor(np.log2(x)).astype(np.int64)  # exact below 2^48
    multiplier = shift_left_saturating(newton_reciprocal((x << (31 - bits)) & INT32_MAX), 1)
    return multiplier, bits

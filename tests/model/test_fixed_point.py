"""Fixed-point arithmetic, against exact rational arithmetic and TFLM's published constants."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardproof.model.fixed_point import (
    INT32_MAX,
    INT32_MIN,
    exp_on_negative_values,
    input_radius,
    logistic,
    multiply_high,
    quantize_float32,
    quantize_multiplier,
    reciprocal_of_one_plus,
    requantize,
    round_half_away,
    round_shift,
    shift_left_saturating,
    wrap_int32,
)

int32 = st.integers(INT32_MIN, INT32_MAX)
multipliers = st.one_of(st.just(0), st.integers(2**30, INT32_MAX))


def half_away(x: Fraction) -> int:
    return int(math.copysign(math.floor(abs(x) + Fraction(1, 2)), x))


@given(st.floats(2.0**-31, 2.0**40))
def test_multiplier_and_shift_reproduce_the_factor(real):
    multiplier, shift = quantize_multiplier(real)
    assert 2**30 <= multiplier < 2**31
    assert multiplier * 2.0 ** (shift - 31) == pytest.approx(real, rel=2**-31)


@pytest.mark.parametrize(
    ("real", "expected"),
    [
        (0.0, (0, 0)),
        (1.0, (2**30, 1)),
        (0.5, (2**30, 0)),
        (1 - 2.0**-40, (2**30, 1)),  # rounds up to 2^31, which is halved
        (2.0**-33, (0, 0)),
        (2.0**-32, (2**30, -31)),
        (3.0, (3 * 2**29, 2)),
    ],
)
def test_factors_at_the_edges(real, expected):
    assert quantize_multiplier(real) == expected


@given(int32, int32)
def test_multiply_high_rounds_ties_up_and_saturates(a, b):
    exact = math.floor(Fraction(a * b, 2**31) + Fraction(1, 2))
    assert multiply_high(a, b) == min(exact, INT32_MAX)


@given(int32, st.integers(0, 31))
def test_round_shift_rounds_halves_away_from_zero(x, exponent):
    assert round_shift(x, exponent) == half_away(Fraction(x, 2**exponent))


@given(int32, multipliers, st.integers(-31, 30))
def test_requantize_rounds_twice(x, multiplier, shift):
    shifted = int(wrap_int32(x << max(shift, 0)))
    first = math.floor(Fraction(shifted * multiplier, 2**31) + Fraction(1, 2))
    assert requantize(x, multiplier, shift) == half_away(Fraction(first, 2 ** max(-shift, 0)))


@given(st.floats(-1e6, 1e6))
def test_round_half_away_is_c_round(x):
    assert round_half_away(x) == half_away(Fraction(x))


def test_quantize_float32_divides_in_float32():
    scale = float(np.float32(0.1))
    assert quantize_float32(0.05, scale, 0) == round_half_away(float(np.float32(0.05) / np.float32(0.1)))
    assert quantize_float32(6.0, 0.0235, -128) == 127


@pytest.mark.parametrize("bits", [4, 5])
def test_exponential_is_close_and_exactly_one_at_zero(bits):
    x = -(np.arange(0, 1 << 31, 10_000_019) % (1 << 31))
    real = np.exp(x * 2.0 ** (bits - 31))
    np.testing.assert_allclose(exp_on_negative_values(x, bits) / 2.0**31, real, rtol=0, atol=1e-6)
    assert exp_on_negative_values(0, bits) == INT32_MAX


def test_reciprocal_is_close():
    x = np.arange(0, 1 << 31, 10_000_019)
    real = 1 / (1 + x / 2.0**31)
    np.testing.assert_allclose(reciprocal_of_one_plus(x) / 2.0**31, real, rtol=0, atol=1e-8)


def test_logistic_is_symmetric_and_one_half_at_zero():
    x = np.arange(1, 1 << 31, 20_000_003)
    np.testing.assert_array_equal(logistic(x, 4) + logistic(-x, 4), INT32_MAX)
    assert logistic(0, 4) == 1 << 30
    np.testing.assert_allclose(logistic(x, 4) / 2.0**31, 1 / (1 + np.exp(-x * 2.0**-27)), rtol=0, atol=1e-6)


def test_input_radius():
    assert input_radius(4, 0) == 15 * 2**27
    assert input_radius(5, 31) == 0


@given(int32, st.integers(0, 30))
def test_shift_left_saturates(x, exponent):
    assert shift_left_saturating(x, exponent) == min(max(x << exponent, INT32_MIN), INT32_MAX)

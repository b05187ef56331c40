"""The rescaling of the _dsp kernels, in integers, against TensorFlow Lite Micro's: around every step, and at random."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boardproof.project.runtimes.aot.kernelsets.dsp.rescale import (
    LOWEST,
    SCALE_BITS,
    Channel,
    one_sided,
    one_sided_layer,
    two_sided,
)

multipliers = st.integers(1 << 30, (1 << 31) - 1)
shifts = st.integers(-16, 2)
bounds = st.integers(100, (1 << 23) - 5)
zero_points = st.integers(-128, 127)


def exact(acc: np.ndarray, channel: Channel, zero_point: int) -> np.ndarray:
    """TensorFlow Lite Micro's MultiplyByQuantizedMultiplier, the zero point, and the clamp to int8."""
    left, right = max(channel.shift, 0), max(-channel.shift, 0)
    rounded = ((acc << left) * channel.multiplier + (1 << 30)) >> 31
    mask = (1 << right) - 1
    nearest = (rounded >> right) + ((rounded & mask) > (mask >> 1) + (rounded < 0))
    return np.clip(nearest + zero_point, -128, 127)


def accumulators(channel: Channel, rng: np.random.Generator) -> np.ndarray:
    """Both sides of where each output is reached, extremes, and random ones."""
    factor = channel.multiplier * 2.0 ** (channel.shift - 31)
    steps = np.round((np.arange(-256, 257) + 0.5) / factor)[:, None] + np.arange(-3, 4)
    ends = np.array([channel.low, channel.high, -1, 0, 1])
    chosen = np.concatenate([steps.reshape(-1), ends, rng.integers(channel.low, channel.high + 1, 500)])
    return chosen[(chosen >= channel.low) & (chosen <= channel.high)].astype(np.int64)


@settings(max_examples=150, deadline=None)
@given(multipliers, shifts, bounds, zero_points, st.integers(0, 2**32))
def test_one_sided_equals_both_roundings_above_the_zero_point(multiplier, shift, bound, zero_point, seed):
    channel = Channel(multiplier, shift, -bound, bound)
    found = one_sided([channel], zero_point)
    if found is None:
        return
    acc = accumulators(channel, np.random.default_rng(seed))
    held = (acc << SCALE_BITS) + found.offset[0]
    assert abs(held).max() < 2**31
    computed = np.clip((held * found.multiplier[0] >> 32) >> found.shift[0], zero_point, 127)
    np.testing.assert_array_equal(computed, np.maximum(exact(acc, channel, zero_point), zero_point))


@settings(max_examples=150, deadline=None)
@given(multipliers, st.integers(-6, 5), bounds, zero_points, st.integers(0, 2**32))
def test_the_same_form_for_all_outputs_equals_both_roundings(multiplier, shift, bound, zero_point, seed):
    channel = Channel(multiplier, shift, -bound, bound)
    found = one_sided([channel], zero_point, LOWEST)
    if found is None:
        return
    acc = accumulators(channel, np.random.default_rng(seed))
    held = (acc << SCALE_BITS) + found.offset[0]
    assert abs(held).max() < 2**31
    computed = np.clip((held * found.multiplier[0] >> 32) >> found.shift[0], -128, 127)
    np.testing.assert_array_equal(computed, exact(acc, channel, zero_point))


def test_most_factors_of_a_half_and_more_have_that_form():
    rng = np.random.default_rng(8)
    found = 0
    for _ in range(100):
        channel = Channel(int(rng.integers(1 << 30, 1 << 31)), int(rng.integers(0, 3)), -40_000, 40_000)
        found += one_sided([channel], int(rng.integers(-128, 128)), LOWEST) is not None
    assert found >= 75


@settings(max_examples=150, deadline=None)
@given(multipliers, st.integers(-25, 2), bounds, zero_points, st.integers(0, 2**32))
def test_two_sided_equals_both_roundings(multiplier, shift, bound, zero_point, seed):
    channel = Channel(multiplier, shift, -bound, bound)
    found = two_sided([channel])
    assert (found is not None) == (1 <= -shift <= 23)
    if found is None:
        return
    acc = accumulators(channel, np.random.default_rng(seed))
    doubled, e = 2 * acc, found.shift[0]
    added = ((2 * zero_point + 1) << e) + (doubled >> 31)
    computed = (((doubled * multiplier + 2**31) >> 32) + added) >> e >> 1
    np.testing.assert_array_equal(np.clip(computed, -128, 127), exact(acc, channel, zero_point))


@pytest.mark.parametrize("scale", [0.02, 0.005, 0.001])
def test_most_layers_find_one_shift_for_all_channels(scale):
    rng = np.random.default_rng(7)
    found = 0
    for _ in range(10):
        fractions, shifts_ = np.frexp(rng.uniform(0.2, 1.0, 64) * scale)
        pairs = zip(np.round(fractions * 2**31), shifts_, strict=True)
        found += one_sided_layer([Channel(int(m), int(s), -500_000, 500_000) for m, s in pairs], -128) is not None
    assert found >= 8


def test_a_factor_of_zero_has_no_form():
    assert one_sided([Channel(0, 0, -10, 10)], -128) is None
    assert two_sided([Channel(0, -3, -10, 10)]) is None

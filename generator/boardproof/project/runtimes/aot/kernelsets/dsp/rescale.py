"""Rescaling of accumulators in the forms the _dsp kernels compute, each proved equal to TensorFlow Lite Micro's.

TensorFlow Lite Micro rounds twice: t = floor((a * m + 2^30) / 2^31), then t / 2^e to nearest, halves away from zero.
The kernels hold 256 times the accumulator a (`SCALE_BITS`), and know two ways:

Two-sided, for any output zero point: both roundings as they are. For e >= 1, rounding to nearest with halves away
from zero is (t + (t < 0 ? -1 : 0) + 2^(e-1)) >> e; the zero point is one more summand, zero_point << e; and the sign
of t may be that of a, for they differ only when t is 0 and a is -1, where the -1 does not change the result.

One-sided, for outputs clamped at their zero point or above: (256 * a + offset) * m / 2^32 >> shift. Negative
accumulators do not matter then, and for the others the two roundings nest into one. The output never falls as a grows
and has at most 256 values, so this is exact for every a if it steps from one value to the next at the same places as
TensorFlow Lite Micro: that is what decides here, in integers. The offset holds half a step, the zero point and what the
first rounding adds. It is an integer, so the multiplier may have to give way a little: `_NEARBY` holds how much is
tried.

The same form does for all outputs, from `LOWEST` on, where it steps at the right places below the zero point as well.
With factors of a half and more, which two-sided rescaling does not take, TensorFlow Lite Micro rounds only once, halves
upwards, and so it mostly does.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

INT8_MIN, INT8_MAX = -128, 127

LOWEST = INT8_MIN
"""In place of the zero point, for outputs that are not clamped there."""

SCALE_BITS = 8
"""Accumulators are held 2^8-fold."""

_MAX_SHIFT = 22
_SHIFTS_TRIED = 4
_INT64_EXPONENT = 22
"""With larger ones a difference of two outputs, times 2^(31 + exponent), may not fit."""

_BEYOND = 1 << 40
"""More than any accumulator."""

_FAST_EXPONENT = 12 - SCALE_BITS + 1  # for a shift of NN_GEMM_FAST_SHIFT
_NEARBY = tuple(np.array(sorted(reach, key=abs), np.int64) for reach in (range(-2, 3), range(-256, 257)))


@dataclass(frozen=True, slots=True)
class Rescale:
    """Constants of a kernel's rescaling, for each channel.

    Attributes:
        multiplier: int64 [channels].
        shift: int64 [channels]; one-sided: the right shift; two-sided: e - 1.
        offset: int64 [channels], added to 256 * bias; two-sided: 0.
    """

    multiplier: NDArray[np.int64]
    shift: NDArray[np.int64]
    offset: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Channel:
    """One output channel: its real factor, multiplier * 2^(shift - 31), and the accumulators it can have."""

    multiplier: int
    shift: int
    low: int
    high: int


def two_sided(channels: list[Channel], least: int = 1) -> Rescale | None:
    """None unless every factor is above 0 and every channel shifts to the right, by `least` to 23.

    With a `least` of 0 and below: channels with factors of a half and more are to be rounded once.
    """
    exponents = np.array([-channel.shift for channel in channels], np.int64)
    if (exponents < least).any() or (exponents > _MAX_SHIFT + 1).any():
        return None
    multipliers = np.array([channel.multiplier for channel in channels], np.int64)
    if (multipliers <= 0).any():
        return None
    return Rescale(multipliers, exponents - 1, np.zeros_like(exponents))


def one_sided(channels: list[Channel], zero_point: int, lowest: int | None = None) -> Rescale | None:
    """Each channel with its own shift; None when some channel has no exact form.

    Args:
        channels: The layer's.
        zero_point: Of the output.
        lowest: The output that what is below may come out as, or as something below it; None: the zero point.
    """
    outputs = _Outputs(zero_point, zero_point if lowest is None else lowest)
    fitted = takewhile(lambda found: found is not None, (_fit_any(channel, outputs) for channel in channels))
    return _join([found for found in fitted if found is not None], len(channels))


def one_sided_layer(channels: list[Channel], zero_point: int, lowest: int | None = None) -> Rescale | None:
    """As `one_sided`, with one shift for all channels, the fast one of nn_gemm_dsp.h if it can be.

    None when none of the few shifts tried suits all channels.
    """
    outputs = _Outputs(zero_point, zero_point if lowest is None else lowest)
    largest = min(*(-channel.shift for channel in channels), _MAX_SHIFT - SCALE_BITS)
    fast = (_FAST_EXPONENT,) if largest >= _FAST_EXPONENT else ()
    for exponent in (*fast, *range(largest, largest - _SHIFTS_TRIED, -1)):
        fitted = []
        for channel in channels:
            found = _fit(channel, outputs, exponent)
            if found is None:
                break
            fitted.append(found)
        if len(fitted) == len(channels):
            return _join(fitted, len(channels))
    return None


@dataclass(frozen=True, slots=True)
class _Outputs:
    """Where steps must be right: from `lowest` on."""

    zero_point: int
    lowest: int


@dataclass(frozen=True, slots=True)
class _Fitted:
    multiplier: int
    shift: int
    offset: int


def _join(fitted: list[_Fitted], channels: int) -> Rescale | None:
    if len(fitted) < channels:
        return None
    return Rescale(
        np.array([found.multiplier for found in fitted], np.int64),
        np.array([found.shift for found in fitted], np.int64),
        np.array([found.offset for found in fitted], np.int64),
    )


def _fit_any(channel: Channel, outputs: _Outputs) -> _Fitted | None:
    largest = min(-channel.shift, _MAX_SHIFT - SCALE_BITS)
    fits = (_fit(channel, outputs, e) for e in range(largest, largest - _SHIFTS_TRIED, -1))
    return next((found for found in fits if found is not None), None)


@lru_cache(maxsize=1 << 16)
def _fit(channel: Channel, outputs: _Outputs, exponent: int) -> _Fitted | None:
    """Found once for a channel: a layer is asked about again for each kernel that it could have."""
    shift = SCALE_BITS - 1 + exponent
    if shift < 1 or channel.multiplier <= 0:
        return None
    multiplier = channel.multiplier >> (-channel.shift - exponent)
    for nearby in _NEARBY:
        candidates = multiplier + nearby
        candidates = candidates[(candidates > 0) & (candidates < 1 << 31)]
        least, most = _offsets(channel, outputs, candidates, shift)
        possible = np.flatnonzero(least <= most)
        if len(possible):
            return _Fitted(int(candidates[possible[0]]), shift, int(least[possible[0]]))
    return None


def _offsets(
    channel: Channel, range_: _Outputs, multipliers: NDArray[np.int64], shift: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For each multiplier m, the least and most o with which (256 * a + o) * m / 2^32 >> shift steps where it must.

    It reaches k at 256 * a + o >= ceil(k * 2^(32 + shift) / m). For every k, the first accumulator that must give k
    bounds o from below, and the one before it bounds o from above.
    """
    outputs = np.arange(range_.lowest + 1, INT8_MAX + 1)
    ends = (range_.lowest + 1 - range_.zero_point, INT8_MAX - range_.zero_point)
    steps = _steps(channel.multiplier, channel.shift, *ends)
    needed = -(-(outputs << (shift + 32)) // multipliers[:, None])
    first, before = np.maximum(steps, channel.low), np.minimum(steps - 1, channel.high)
    limit = (1 << 31) - 1 - (max(channel.high, -channel.low) << SCALE_BITS)
    least = np.where(first <= channel.high, needed - (first << SCALE_BITS), -limit).max(axis=1, initial=-limit)
    most = np.where(before >= channel.low, needed - 1 - (before << SCALE_BITS), limit).min(axis=1, initial=limit)
    return least, most


@lru_cache(maxsize=1 << 12)
def _steps(multiplier: int, shift: int, first: int, last: int) -> NDArray[np.int64]:
    """The first accumulator that TensorFlow Lite Micro rescales to each of these numbers, first to last, or more."""
    exponent = max(-shift, 0)
    half = 1 << exponent >> 1
    numbers = np.arange(first, last + 1, dtype=np.int64 if exponent <= _INT64_EXPONENT else object)
    # Halves are rounded away from zero: what is half way to a number above zero reaches it, others must be beyond.
    rounded = (numbers << exponent) - half + np.where(numbers <= 0, int(half > 0), 0)
    firsts = -(-((rounded << 31) - (1 << 30)) // (multiplier << max(shift, 0)))
    found: NDArray[np.int64] = np.clip(firsts, -_BEYOND, _BEYOND).astype(np.int64)
    return found

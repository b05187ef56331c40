"""Samples of one rate out of those of another: a filter in integers, as firmware/application/app_resample.c has it.

A windowed sine cardinal, cut into one filter for each place that an output sample can have between two input samples
(polyphase; Crochiere and Rabiner, Multirate Digital Signal Processing, 1983), with coefficients of 16 bits. An output
sample stands for the moment in its middle, so nothing is shifted; but it is there only when half a filter's samples
behind that moment have come.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from boardproof.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

COEFFICIENT_BITS = 15
"""Fraction bits. A filter's magnitudes add up to less than 2, so that sums of int16 stay within int32."""

MOST_COEFFICIENTS = 1 << 14
"""32 KB of flash."""

SLOWEST, FASTEST = Fraction(1, 16), Fraction(4)
"""Limits of wanted by given rate."""

_ZEROS = 12
"""Zero crossings of the sine cardinal on each side."""
_CUTOFF = 0.44
"""Where half of the amplitude is left, in parts of the slower rate."""
_BETA = 5.65
"""Of the Kaiser window: 60 dB. Source: Kaiser's formula, 0.1102 (A - 8.7)."""

_INT16 = (-32768, 32767)
_OUTPUTS_AT_ONCE = 1 << 14


@dataclass(frozen=True, slots=True)
class Resampler:
    """From so many samples a second to so many; the filter follows from both.

    Attributes:
        given: Samples a second that come.
        wanted: Samples a second that are made.
        coefficients: [up, taps] int16, one filter for each place between two input samples; each adds up to 1.
    """

    given: int
    wanted: int
    coefficients: NDArray[np.int16] = field(repr=False, compare=False)

    @property
    def up(self) -> int:
        """Output sample n stands at input sample n * down / up."""
        return Fraction(self.wanted, self.given).numerator

    @property
    def down(self) -> int:
        """See `up`."""
        return Fraction(self.wanted, self.given).denominator

    @property
    def taps(self) -> int:
        """Input samples of an output sample; an even number."""
        return int(self.coefficients.shape[1])

    @property
    def half(self) -> int:
        """How many input samples from the one before an output's place on it takes; as many as it takes before."""
        return self.taps // 2

    @property
    def delay_s(self) -> float:
        """How much later than what it stands for an output sample can be computed."""
        return self.half / self.given

    @property
    def digest(self) -> str:
        """SHA-256 of the filter, in hexadecimal."""
        return hashlib.sha256(self.coefficients.tobytes()).hexdigest()

    def place(self, output: int) -> int:
        """The input sample at an output sample's place, or the one before it."""
        return output * self.down // self.up

    def resample(self, samples: NDArray[np.generic]) -> NDArray[np.int16]:
        """All of a recording [samples, channels]: as many as can be computed of what there is."""
        return ResampledStream(self).feed(samples)


class ResampledStream:
    """A stream through a resampler, piece by piece; the pieces do not change what comes out."""

    def __init__(self, resampler: Resampler) -> None:
        self._resampler = resampler
        self._kept: NDArray[np.int16] | None = None
        self._kept_from = 1 - resampler.half  # zeros stand before the first sample
        self._done = 0

    def feed(self, samples: NDArray[np.generic]) -> NDArray[np.int16]:
        """The outputs that these samples [samples, channels], in the range of int16, complete: [outputs, channels]."""
        resampler = self._resampler
        if self._kept is None:
            self._kept = np.zeros((resampler.half - 1, samples.shape[1]), np.int16)
        whole = np.concatenate([self._kept, samples.astype(np.int16)])
        complete = self._kept_from + len(whole) - resampler.half  # places before this have all their samples
        end = max(-(-complete * resampler.up // resampler.down), self._done)
        found = [
            _outputs(resampler, whole, self._kept_from, at, min(at + _OUTPUTS_AT_ONCE, end))
            for at in range(self._done, end, _OUTPUTS_AT_ONCE)
        ]
        self._done = end
        first = min(resampler.place(end) - resampler.half + 1, self._kept_from + len(whole))
        self._kept, self._kept_from = whole[first - self._kept_from :], first
        return np.concatenate([np.zeros((0, samples.shape[1]), np.int16), *found])


def _outputs(
    resampler: Resampler, samples: NDArray[np.int16], samples_from: int, first: int, end: int
) -> NDArray[np.int16]:
    """Outputs first to end out of samples that begin at place `samples_from`: [end - first, channels]."""
    numbers = np.arange(first, end, dtype=np.int64)
    starts = numbers * resampler.down // resampler.up - resampler.half + 1 - samples_from
    filters = resampler.coefficients[numbers * resampler.down % resampler.up].astype(np.int32)
    windows = np.lib.stride_tricks.sliding_window_view(samples, resampler.taps, axis=0)[starts]
    sums = np.einsum("oct,ot->oc", windows.astype(np.int32), filters)
    rounded = (sums + (1 << (COEFFICIENT_BITS - 1))) >> COEFFICIENT_BITS
    found: NDArray[np.int16] = np.clip(rounded, *_INT16).astype(np.int16)
    return found


def resampler_between(given: int, wanted: int) -> Resampler:
    """The resampler from one rate to another, in samples a second.

    Raises:
        InputError: One is too many times the other, or they have too small a common divisor.
    """
    if given < 1 or wanted < 1 or not SLOWEST <= Fraction(wanted, given) <= FASTEST:
        raise InputError(
            f"{given} samples a second are not resampled to {wanted}.",
            f"From {1 / SLOWEST} times the wanted rate down to a {FASTEST}th of it can be; choose rates within that.",
        )
    up = Fraction(wanted, given).numerator
    count = up * _taps(given, wanted)
    if count > MOST_COEFFICIENTS:
        raise InputError(
            f"{given} samples a second are not resampled to {wanted}: the filter would have {count:,} coefficients, "
            f"and at most {MOST_COEFFICIENTS:,} go into the flash.",
            "Choose rates with a larger common divisor: from 44,100 to 16,000 it is 100, and the filter has "
            f"{160 * _taps(44100, 16000):,}.",
        )
    return Resampler(given, wanted, _coefficients(given, wanted))


def _taps(given: int, wanted: int) -> int:
    return 2 * ceil(_ZEROS * max(Fraction(given, wanted), Fraction(1)))


@lru_cache(maxsize=8)
def _coefficients(given: int, wanted: int) -> NDArray[np.int16]:
    """[up, taps]; each row adds up to 1 exactly, so that what does not change stays as it is."""
    up, taps, slower = Fraction(wanted, given).numerator, _taps(given, wanted), min(1.0, wanted / given)
    distances = (np.arange(taps) - (taps // 2 - 1))[None, :] - np.arange(up)[:, None] / up
    inside = np.sqrt(np.maximum(1 - (distances * slower / _ZEROS) ** 2, 0))
    real = np.sinc(2 * _CUTOFF * slower * distances) * np.i0(_BETA * inside) * (inside > 0)
    one = 1 << COEFFICIENT_BITS
    rounded = np.rint(one * real / real.sum(axis=1, keepdims=True)).astype(np.int64)
    rows = np.arange(up)
    rounded[rows, np.argmax(rounded, axis=1)] += one - rounded.sum(axis=1)
    assert np.abs(rounded).sum(axis=1).max() < 2 * one, "sums of int16 stay within int32"  # noqa: S101
    table: NDArray[np.int16] = rounded.astype(np.int16)
    table.setflags(write=False)
    return table

"""Mel filter banks and gain tables as TensorFlow Lite Micro's front end has them, in its single precision.

Source: tflite_micro/python/tflite_micro/signal/ops/filter_bank_ops.py and
signal/utils/wide_dynamic_func_lut_wrapper.cc of TensorFlow Lite Micro.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from boardproof.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

WEIGHT_BITS = 12
GAIN_BITS = 21
_INT16_MAX = 2**15 - 1
_INTERVALS = 32


@dataclass(frozen=True, slots=True)
class FilterBank:
    """The tables of SignalFilterBank, and the range of energies that they use."""

    first: int
    end: int
    weights: NDArray[np.int16] = field(repr=False)
    unweights: NDArray[np.int16] = field(repr=False)
    starts: NDArray[np.int16] = field(repr=False)
    weight_starts: NDArray[np.int16] = field(repr=False)
    widths: NDArray[np.int16] = field(repr=False)

    @property
    def tables(self) -> Sequence[tuple[str, NDArray[np.int16]]]:
        """In the order of the operator's inputs."""
        return (
            ("weights", self.weights),
            ("unweights", self.unweights),
            ("starts", self.starts),
            ("weight starts", self.weight_starts),
            ("widths", self.widths),
        )


def mel(hertz: float) -> np.float32:
    """1127 ln(1 + f / 700)."""
    return np.float32(np.float32(1127.0) * np.log1p(np.float32(hertz) / np.float32(700.0)))


def mel_filter_bank(bins: int, rate: int, channels: int, low_hz: float, high_hz: float) -> FilterBank:
    """Triangles on the mel scale over the bins of a spectrum, from 0 to half the rate.

    Raises:
        InputError: The limits do not fit in the spectrum, or there are no channels.
    """
    if channels < 1:
        raise InputError(f"A filter bank cannot have {channels} channels.", "Give channels as 1 or more.")
    if not 0 <= low_hz < high_hz <= rate / 2:
        raise InputError(
            f"A filter bank from {low_hz:g} to {high_hz:g} Hz does not fit in a spectrum up to {rate / 2:g} Hz.",
            "Choose limits within half the sample rate.",
        )
    bin_hz = (rate / 2) / (bins - 1)
    spacing = (mel(high_hz) - mel(low_hz)) / np.float32(channels + 1)
    centers = mel(low_hz) + spacing * np.arange(1, channels + 2, dtype=np.float32)
    first = at = round(1 + low_hz / bin_hz)
    edges = []
    for center in centers:
        end = at
        while mel(end * bin_hz) <= center:
            end += 1
        edges.append((at, end))
        at = end
    if at >= bins:
        raise InputError(f"A filter bank up to {high_hz:g} Hz leaves the spectrum.", "Choose a lower limit.")
    below = [mel(low_hz), *centers[:-1]]
    pairs = [
        _weights(np.float32(center - mel(place * bin_hz)) / np.float32(center - low))
        for (begin, end), center, low in zip(edges, centers, below, strict=True)
        for place in range(begin, end)
    ] or [(0, 0)]
    widths = [end - begin for begin, end in edges]
    weight_starts = np.cumsum([0, *widths[:-1]])
    weights, unweights = np.array(pairs, np.int16).T
    starts = [begin for begin, _ in edges]
    found = (np.array(table, np.int16) for table in (starts, weight_starts, widths))
    return FilterBank(first, at, weights, unweights, *found)


def _weights(share: np.float32) -> tuple[int, int]:
    return int(share * (1 << WEIGHT_BITS)), int((1 - share) * (1 << WEIGHT_BITS))


def gain_table(strength: float, offset: float, input_bits: int) -> NDArray[np.int16]:
    """SignalPCAN's table: (x + offset)^-strength by a polynomial of second degree for each power of two."""

    def gain(x: int) -> int:
        real = np.float32(x) / np.float32(1 << input_bits)
        value = np.float32(1 << GAIN_BITS) * np.power(real + np.float32(offset), np.float32(-strength))
        return _INT16_MAX if value > _INT16_MAX else int(value + np.float32(0.5))

    table = [gain(0), gain(1)]
    for interval in range(2, _INTERVALS + 1):
        begin = 1 << (interval - 1)
        end = 2 * begin - 1 if interval == _INTERVALS else 2 * begin
        y0, y1, y2 = gain(begin), gain(begin + begin // 2), gain(end)
        slope = 4 * (y1 - y0) - (y2 - y0)
        table += [y0, slope, y2 - y0 - slope, 0]
    return np.array(table[:-1], np.int16)

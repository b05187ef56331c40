"""Front ends for motion and vibration: windows of scaled samples, and energies of the spectrum of each axis."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from boardproof.errors import InputError
from boardproof.features.front_end import FrontEnd
from boardproof.features.network import INT16_TYPE, Chain

if TYPE_CHECKING:
    from collections.abc import Sequence

_INT16_MAX = 2**15 - 1
_WINDOW_BITS = 14
_SHIFT = 15
_INT8_MAX = 127
_LOG_SCALE = 12
"""Energies' roots reach 2^16, and 12 ln(2^16) is 133: all of int8 after 64 is taken off and the ends are cut."""


def scaled_window(*, window: int, hop: int, ranges: Sequence[float], rate: int | None = None) -> FrontEnd:
    """A window of samples as int8, [window, axes]: each axis scaled so that its range fills it, rounded down.

    Args:
        window: Samples in a window.
        hop: Samples from one window to the next.
        ranges: For each axis, the magnitude of samples that becomes 127, in the sensor's units; larger ones stop there.
        rate: Samples a second, for recordings of another rate.

    Raises:
        InputError: A range is not above 0, or windows do not meet.
    """
    _check(window, hop, len(ranges))
    if not all(_INT8_MAX < limit <= _INT16_MAX for limit in ranges):
        raise InputError(
            f"The ranges {list(ranges)} are not all above 127 and up to 32767.",
            "Give one for each axis; let the sensor give finer units where motions are smaller.",
        )
    weights = np.array([min(math.ceil(_INT8_MAX * (1 << _SHIFT) / limit), _INT16_MAX) for limit in ranges])
    chain = Chain("scaled_window")
    shape = (window, len(ranges))
    source = chain.tensor((window * len(ranges),), "int16", "samples", (1.0, 0))
    scaled = chain.tensor(chain.shape(source), "int16", "scaled", (1.0, 0))
    chain.signal("SignalWindow", [source, chain.constant(weights, "int16", "weights")], [scaled], shift=_SHIFT)
    low = chain.with_number("MAXIMUM", chain.with_number("MINIMUM", scaled, "int16", 127), "int16", -128)
    narrow = chain.cast(low, "int16", "int8", (1.0, 0))
    return FrontEnd(chain.build(source, chain.reshape(narrow, "int8", shape, (1.0, 0))), window, hop, len(ranges), rate)


def spectrum(*, window: int, hop: int, axes: int, bands: int, rate: int | None = None) -> FrontEnd:
    """The logarithms of energies of equally wide bands of each axis's spectrum, [axes * bands] int8.

    A Hann window, a Fourier transform as long as the next power of two, and the mean square of each band but the
    constant part.

    Args:
        window: Samples in a window.
        hop: Samples from one window to the next.
        axes: Numbers in a sample.
        bands: Energies of each axis.
        rate: Samples a second, for recordings of another rate.

    Raises:
        InputError: Windows do not meet, or there are more bands than the spectrum has lines.
    """
    _check(window, hop, axes)
    length = 1 << (window - 1).bit_length()
    bins = length // 2 + 1
    if not 1 <= bands <= bins - 1 or length < 4:  # noqa: PLR2004 the shortest transform there is
        raise InputError(f"A spectrum of {bins} lines has no {bands} bands.", "Choose fewer, or a longer window.")
    chain = Chain("spectrum")
    source = chain.tensor((window * axes,), "int16", "samples", (1.0, 0))
    scaled = chain.tensor((window * axes,), "int16", "scaled", (1.0, 0))
    bits = chain.tensor((), "int32", "bits")
    chain.signal("SignalFftAutoScale", [source], [scaled, bits])
    lines = _transformed(chain, scaled, window, axes, length)
    energies = chain.tensor((axes * bins,), "uint32", "energies")
    chain.signal("SignalEnergy", [lines], [energies], start_index=0, end_index=axes * bins)
    sums = _banded(chain, energies, axes, bins, bands)
    roots = chain.tensor((axes * bands,), "uint32", "roots")
    chain.signal("SignalFilterBankSquareRoot", [sums, bits], [roots])
    logs = chain.tensor((axes * bands,), "int16", "logarithms", (1.0, 0))
    options = {"input_correction_bits": 0, "output_scale": _LOG_SCALE}
    chain.signal("SignalFilterBankLog", [roots], [logs], **options)
    low = chain.with_number("MINIMUM", logs, "int16", 127)
    return FrontEnd(chain.build(source, chain.cast(low, "int16", "int8", (1.0, 0))), window, hop, axes, rate)


def _transformed(chain: Chain, source: int, window: int, axes: int, length: int) -> int:
    """The spectra of all axes, one after the other: [axes * (length + 2)]."""
    rows = chain.reshape(source, "int16", (window, axes), (1.0, 0))
    turned = chain.tensor((axes, window), "int16", "by axis", (1.0, 0))
    order = chain.constant(np.array([1, 0]), "int32", "order")
    chain.operator("TRANSPOSE", [rows, order], turned, schema.TransposeOptionsT())
    angles = 2 * np.pi / window * (np.arange(window) + 0.5)
    hann = np.round((0.5 - 0.5 * np.cos(angles)) * (1 << _WINDOW_BITS))
    windowed = chain.tensor((axes, window), "int16", "windowed", (1.0, 0))
    chain.signal("SignalWindow", [turned, chain.constant(hann, "int16", "window")], [windowed], shift=_WINDOW_BITS)
    lines = chain.tensor((axes, length + 2), "int16", "spectra", (1.0, 0))
    chain.signal("SignalRfft", [windowed], [lines], T=INT16_TYPE, fft_length=length)
    return chain.reshape(lines, "int16", (axes * (length + 2),), (1.0, 0))


def _banded(chain: Chain, energies: int, axes: int, bins: int, bands: int) -> int:
    """The sum of each band; the first one begins behind the constant part."""
    edges = np.rint(np.linspace(1, bins, bands + 1)).astype(int)
    starts = [0, *(axis * bins + int(edge) for axis in range(axes) for edge in edges[:-1])]
    widths = [0, *np.tile(np.diff(edges), axes).tolist()]
    tables = {
        "weights": np.ones(max(widths)),
        "unweights": np.zeros(max(widths)),
        "starts": np.array(starts),
        "weight starts": np.zeros(len(starts)),
        "widths": np.array(widths),
    }
    constants = [chain.constant(table, "int16", name) for name, table in tables.items()]
    sums = chain.tensor((axes * bands,), "uint64", "sums")
    return chain.signal("SignalFilterBank", [energies, *constants], [sums], num_channels=axes * bands)


def _check(window: int, hop: int, axes: int) -> None:
    if not (1 <= hop <= window <= 1 << 14 and 1 <= axes <= 64):  # noqa: PLR2004 far more than sensors have
        raise InputError(
            f"Windows of {window} samples of {axes} axes every {hop} cannot be made.", "Let windows meet or overlap."
        )

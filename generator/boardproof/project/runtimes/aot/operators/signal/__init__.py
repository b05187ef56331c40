"""TensorFlow Lite Micro's signal operators: custom operators, of which front ends are made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.project.runtimes.aot.operators.signal import fft, filter_bank, frames, spectrum

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boardproof.project.runtimes.aot.entry import Entry

SIGNAL: Mapping[str, Entry] = {
    **fft.ENTRIES,
    **filter_bank.ENTRIES,
    **frames.ENTRIES,
    **spectrum.ENTRIES,
}

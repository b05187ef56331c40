"""Convolutions, dense layers and pools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.project.runtimes.aot.operators.windows import convolution, fully_connected, pool

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boardproof.project.runtimes.aot.entry import Entry

WINDOWS: Mapping[str, Entry] = {
    **convolution.ENTRIES,
    **fully_connected.ENTRIES,
    **pool.ENTRIES,
}

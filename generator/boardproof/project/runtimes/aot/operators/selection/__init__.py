"""Operators that join tensors, or pick from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.project.runtimes.aot.operators.selection import gather, parts, slices

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boardproof.project.runtimes.aot.entry import Entry

SELECTION: Mapping[str, Entry] = {
    **gather.ENTRIES,
    **parts.ENTRIES,
    **slices.ENTRIES,
}

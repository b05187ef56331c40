"""Operators that only move, rename or fill in elements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.project.runtimes.aot.operators.movement import fill, pad, shape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boardproof.project.runtimes.aot.entry import Entry

MOVEMENT: Mapping[str, Entry] = {
    **fill.ENTRIES,
    **pad.ENTRIES,
    **shape.ENTRIES,
}

"""Operators that work along axes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.project.runtimes.aot.operators.axes import normalize, reduce

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boardproof.project.runtimes.aot.entry import Entry

AXES: Mapping[str, Entry] = {
    **normalize.ENTRIES,
    **reduce.ENTRIES,
}

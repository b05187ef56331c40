"""Operators that keep something from one inference to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.project.runtimes.aot.operators.state import lstm, svdf, variables

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boardproof.project.runtimes.aot.entry import Entry

STATE: Mapping[str, Entry] = {
    **lstm.ENTRIES,
    **svdf.ENTRIES,
    **variables.ENTRIES,
}

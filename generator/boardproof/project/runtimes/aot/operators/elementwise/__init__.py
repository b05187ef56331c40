"""Operators that work element by element."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.project.runtimes.aot.operators.elementwise import add_n, binary, compare, convert, prelu, select, unary

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boardproof.project.runtimes.aot.entry import Entry

ELEMENTWISE: Mapping[str, Entry] = {
    **add_n.ENTRIES,
    **binary.ENTRIES,
    **compare.ENTRIES,
    **convert.ENTRIES,
    **prelu.ENTRIES,
    **select.ENTRIES,
    **unary.ENTRIES,
}

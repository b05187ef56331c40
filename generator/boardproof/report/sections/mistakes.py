"""The samples that the board takes for another class than their labels say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.report.page import Column, Kind, Section, Table

if TYPE_CHECKING:
    from boardproof.report.document import Report


def mistakes(report: Report) -> Section | None:
    """The first ones, with their labels; marked where host and board do not take them for the same."""
    if not report.mistakes:
        return None
    columns = (Column("sample", Kind.NUMBER), Column("label"), Column("board"), Column("host"))
    rows = tuple((str(one.sample), one.label, one.board, one.host) for one in report.mistakes)
    marked = frozenset(i for i, one in enumerate(report.mistakes) if one.host != one.board)
    return Section("Wrong samples", (Table(columns, rows, "the first ones, at most 20", marked),))

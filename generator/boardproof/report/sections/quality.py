"""How good the answers are: float model, host and board side by side, and which classes are taken for which."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.report.page import Column, Kind, Section, Table
from boardproof.report.wording import percent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boardproof.report.document import Report
    from boardproof.report.quality import Measure, Quality


def quality(report: Report) -> Section | None:
    """The measures; and for classes, how many of each are right, and what they are taken for."""
    found = report.quality
    if found is None:
        return None
    return Section("Quality", (_measures(found, report.verdict.samples), *_confusions(found)))


def _measures(found: Quality, samples: int) -> Table:
    columns = (Column("measure"), *(Column(title, Kind.NUMBER) for title in ("float model", "host", "board")))
    rows = tuple((m.name, *(_shown(value, m) for value in (m.float_model, m.host, m.board))) for m in found.measures)
    return Table(columns, rows, f"labels: {found.task}; {samples:,} samples")


def _shown(value: float | None, measure: Measure) -> str:
    if value is None:
        return "no float model"
    return percent(value) if measure.is_share else f"{value:.4g}"


def _confusions(found: Quality) -> Iterator[Table]:
    if not found.confusions:
        return
    columns = (Column("class"), Column("right", Kind.NUMBER), *(Column(name, Kind.NUMBER) for name in found.classes))
    rows = []
    for number, (name, counts) in enumerate(zip(found.classes, found.confusions, strict=True)):
        right = f"{counts[number]} of {sum(counts)}"
        rows.append((name, right, *(str(count) if count else "" for count in counts)))
    yield Table(columns, tuple(rows), "rows: classes of the samples; columns: what the board takes them for")

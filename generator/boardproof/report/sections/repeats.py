"""What ran twice, and whether it did the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.report.page import Fact, Facts, Section

if TYPE_CHECKING:
    from boardproof.report.document import Report


def repeats(report: Report) -> Section | None:
    """Both counts of each sample that ran twice."""
    rows = tuple(
        Fact(
            f"sample {repeat.sample} twice on {repeat.board}",
            f"{repeat.ticks[0]:,}, then {repeat.ticks[1]:,} {report.ticks.unit}",
            "the same outputs" if repeat.same_outputs else "other outputs",
        )
        for repeat in report.repeats
    )
    return Section("", (Facts(rows),)) if rows else None

"""What a reader should know before anything else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.report.page import Paragraph, Section, Tone

if TYPE_CHECKING:
    from boardproof.report.document import Report


def warnings(report: Report) -> Section | None:
    """What speaks against the board, then why its library may differ from the oracle."""
    said = [Paragraph(text, Tone.WARNING) for text in report.warnings]
    said += [Paragraph(text, Tone.NOTE) for text in report.notes]
    return Section("", tuple(said), concludes=True) if said else None

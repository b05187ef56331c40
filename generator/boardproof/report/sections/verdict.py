"""Whether the board agrees, and where and by how much it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.report.page import Paragraph, Section, Tone
from boardproof.report.wording import distance

if TYPE_CHECKING:
    from boardproof.report.document import Report


def verdict(report: Report) -> Section:
    """The verdict in a sentence."""
    return Section("", (conclusion(report),), concludes=True)


def conclusion(report: Report) -> Paragraph:
    """Exact or different, of how many samples, and by how much at most."""
    found = report.verdict
    counts = f"{found.exact} of {found.samples} samples equal {found.oracle}"
    if report.agrees:
        return Paragraph(f"exact: {counts}", Tone.GOOD)
    if found.agrees:
        return Paragraph(f"different: {counts}, but not when they run again", Tone.BAD)
    largest = distance(found.max_lsb, found.max_abs)
    return Paragraph(f"different: {counts}; the largest difference is {largest}", Tone.BAD)

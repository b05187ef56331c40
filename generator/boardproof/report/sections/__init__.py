"""The sections of a report, in the order of a page. Adding one: a module beside these, and a line in SECTIONS.

Each is made from a `Report` alone, and returns None where the report has nothing for it.
"""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Protocol

from boardproof.report.page import Page, Tone
from boardproof.report.sections.differences import differences
from boardproof.report.sections.facts import facts, figures
from boardproof.report.sections.flash import flash
from boardproof.report.sections.kernels import kernels
from boardproof.report.sections.memory import memory
from boardproof.report.sections.mistakes import mistakes
from boardproof.report.sections.operators import operators
from boardproof.report.sections.quality import quality
from boardproof.report.sections.repeats import repeats
from boardproof.report.sections.verdict import verdict
from boardproof.report.sections.warnings import warnings

if TYPE_CHECKING:
    from boardproof.report.document import Report
    from boardproof.report.page import Section


class SectionMaker(Protocol):
    """Makes a section of a report."""

    def __call__(self, report: Report, /) -> Section | None:
        """The section, or None where there is nothing to say."""
        ...


SECTIONS: dict[str, SectionMaker] = {
    "verdict": verdict,
    "warnings": warnings,
    "differences": differences,
    "figures": figures,
    "quality": quality,
    "mistakes": mistakes,
    "facts": facts,
    "repeats": repeats,
    "operators": operators,
    "kernels": kernels,
    "memory": memory,
    "flash": flash,
}


def page_of(report: Report) -> Page:
    """The report as a page: every section that has something to say."""
    sections = (make(report) for make in SECTIONS.values())
    return Page(
        title=f"{PurePath(report.model.name).name} on {report.board}: {'exact' if report.agrees else 'different'}",
        sections=tuple(section for section in sections if section is not None),
        tone=Tone.GOOD if report.agrees else Tone.BAD,
    )

"""The same network with several runtimes: their reports side by side, as a page and as JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING

from boardproof.report.page import Column, Kind, Page, Section, Table, Tone
from boardproof.report.sections.verdict import conclusion
from boardproof.report.wording import number

if TYPE_CHECKING:
    from boardproof.report.document import Report

_BYTES = ("flash", "runtime flash", "beside constants", "RAM", "arena", "stack")


def comparison_page(reports: tuple[Report, ...]) -> Page:
    """One row for each runtime, what the figures of flash beside something mean, and the verdicts."""
    first = reports[0]
    agree = all(report.agrees for report in reports)
    said = [(report.runtime, conclusion(report)) for report in reports]
    verdicts = tuple(replace(found, text=f"{runtime}: {found.text}") for runtime, found in said)
    title = f"{PurePath(first.model.name).name} on {first.board} with {', '.join(r.runtime for r in reports)}"
    sections = (Section("", verdicts, concludes=True), Section("Side by side", (_table(reports),)))
    return Page(title, sections, Tone.GOOD if agree else Tone.BAD)


def _table(reports: tuple[Report, ...]) -> Table:
    model = reports[0].model
    columns = (Column("runtime"), Column("kernels"), Column("exact"))
    numbers = tuple(Column(title, Kind.NUMBER) for title in (reports[0].ticks.unit, *_BYTES))
    caption = (
        f"runtime flash: beside the .tflite of {model.bytes:,} bytes (tflm), or beside the {model.constant_bytes:,} "
        "bytes of weights, biases and other constants in it (aot); beside constants: beside the latter, for both"
    )
    different = frozenset(i for i, report in enumerate(reports) if not report.agrees)
    return Table((*columns, *numbers), tuple(map(_row, reports)), caption, different)


def _row(report: Report) -> tuple[str, ...]:
    flash = report.flash_bytes
    beside_constants = None if flash is None else flash - report.model.constant_bytes
    figures = (report.ticks.median, flash, report.runtime_flash_bytes, beside_constants)
    memory = (report.ram_bytes, report.arena_bytes, report.stack_bytes)
    exact = f"{report.verdict.exact}/{report.verdict.samples}"
    return (report.runtime, f"{report.kernels} ({report.library})", exact, *map(number, (*figures, *memory)))


def comparison_json(reports: tuple[Report, ...]) -> str:
    """The reports as a JSON list."""
    return json.dumps([report.to_dict() for report in reports], indent=2)

"""What takes the flash."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.report.page import Column, Kind, Section, Table
from boardproof.report.wording import number, percent

if TYPE_CHECKING:
    from boardproof.report.document import Report


def flash(report: Report) -> Section | None:
    """Weights, kernels, protocol and core; where that is not known, the model and all else."""
    parts = [(part.name, part.size_bytes) for part in report.flash_parts]
    if not parts and report.flash_bytes is not None and report.runtime_flash_bytes is not None:
        rest = report.runtime_flash_bytes
        parts = [("the model", report.flash_bytes - rest), ("runtime, protocol, core and C library", rest)]
    if not parts:
        return None
    total, most = max(1, sum(size for _, size in parts)), max(1, *(size for _, size in parts))
    columns = (Column("part"), Column("bytes", Kind.NUMBER), Column("share", Kind.NUMBER), Column("", Kind.BAR))
    rows = tuple((name, number(size), percent(size / total), size / most) for name, size in parts)
    return Section("Flash", (Table(columns, rows),))

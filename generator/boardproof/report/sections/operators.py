"""What each operator costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.project.boards import TickUnit
from boardproof.report.page import Column, Kind, Section, Table
from boardproof.report.wording import number, percent

if TYPE_CHECKING:
    from boardproof.report.document import OpTicks, Report


def operators(report: Report) -> Section | None:
    """Ticks of each operator, as a share of the inference and for each multiply-accumulate."""
    if not report.ops:
        return None
    unit = report.ticks.unit
    varies = any(op.min != op.max for op in report.ops)
    counts_work = unit != TickUnit.MICROSECONDS  # time on a shared host says nothing per MAC
    numbers = ("share", "MACs", *(["per MAC"] if counts_work else []), *(["from", "to"] if varies else []))
    columns = [Column("#", Kind.NUMBER), Column("operator"), Column(unit, Kind.NUMBER), Column("", Kind.BAR)]
    columns += [Column(name, Kind.NUMBER) for name in numbers]
    most = max(op.share for op in report.ops) or 1.0
    rows = tuple(_row(op, most, varies=varies, counts_work=counts_work) for op in report.ops)
    return Section("Operators", (Table(tuple(columns), rows),))


def _row(op: OpTicks, most: float, *, varies: bool, counts_work: bool) -> tuple[str | float, ...]:
    spread = (number(op.min), number(op.max)) if varies else ()
    per_mac = (f"{op.ticks / op.macs:.2f}" if op.macs else "",) if counts_work else ()
    macs = number(op.macs) if op.macs else ""
    return (str(op.index), op.op, number(op.ticks), op.share / most, percent(op.share), macs, *per_mac, *spread)

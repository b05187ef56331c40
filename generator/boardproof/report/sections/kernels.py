"""The choice made for each step: kernel, block, memory, and what it costs, estimated and measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.report.page import Column, Kind, Section, Table
from boardproof.report.wording import number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boardproof.project.runtimes.base import Choice
    from boardproof.report.document import Report


def kernels(report: Report) -> Section | None:
    """How each step is computed, where code was generated for it."""
    if not report.choices:
        return None
    table = kernels_table(report.choices, {op.index: op.ticks for op in report.ops}, report.ticks.unit)
    return Section("Kernels", (table,))


def kernels_table(
    choices: tuple[Choice, ...], measured: Mapping[int, int] | None = None, unit: str = "instructions"
) -> Table:
    """One row for each step; estimates are for a Cortex-M4F, whatever the board.

    Args:
        choices: What was chosen.
        measured: Ticks by operator, when it ran.
        unit: Of the measured ticks.
    """
    numbers = ("scratch", "constants", "estimated", *(["measured"] if measured is not None else []))
    columns = (
        Column("#", Kind.NUMBER),
        Column("operators"),
        Column("kernel", Kind.CODE),
        Column("block"),
        *(Column(name, Kind.NUMBER) for name in numbers),
    )
    caption = "estimated: instructions on a Cortex-M4F, by a simple model"
    caption += f"; measured: {unit}" if measured is not None else ""
    return Table(columns, tuple(_row(choice, measured) for choice in choices), caption)


def _row(choice: Choice, measured: Mapping[int, int] | None) -> tuple[str, ...]:
    memory = (number(choice.scratch_bytes), number(choice.constant_bytes), number(choice.estimated_ticks))
    ticks = (number(measured.get(choice.index)),) if measured is not None else ()
    kernel = choice.kernel.removeprefix("nn_")
    return (str(choice.index), " + ".join(choice.operators), kernel, choice.block, *memory, *ticks)

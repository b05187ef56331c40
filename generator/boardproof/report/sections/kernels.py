"""The choice made for each step: kernel, block, memory, and what it costs, estimated and measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.project.boards import TickUnit
from boardproof.report.page import Column, Kind, Paragraph, Section, Table, Tone
from boardproof.report.wording import number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boardproof.project.runtimes.base import Choice
    from boardproof.report.document import Report


def kernels(report: Report) -> Section | None:
    """How each step is computed, where code was generated for it."""
    counts_work = report.ticks.unit != TickUnit.MICROSECONDS  # time beside instructions compares nothing
    measured = {op.index: op.ticks for op in report.ops} if counts_work else None
    return kernels_section(report.choices, measured, report.ticks.unit)


def kernels_section(
    choices: tuple[Choice, ...], measured: Mapping[int, int] | None = None, unit: str = "instructions"
) -> Section | None:
    """The table, and why a step is slower than it could be; None where no code was generated.

    Args:
        choices: What was chosen.
        measured: Ticks by operator, when it ran.
        unit: Of the measured ticks.
    """
    if not choices:
        return None
    notes = (Paragraph(choice.fallback, Tone.NOTE) for choice in choices if choice.fallback)
    return Section("Kernels", (kernels_table(choices, measured, unit), *notes))


def kernels_table(
    choices: tuple[Choice, ...], measured: Mapping[int, int] | None = None, unit: str = "instructions"
) -> Table:
    """One row for each step; estimates are for a Cortex-M4F, whatever the board."""
    narrow = any(choice.channels for choice in choices)
    numbers = ("scratch", "constants", "estimated", *(["measured"] if measured is not None else []))
    columns = (
        Column("#", Kind.NUMBER),
        Column("operators"),
        Column("kernel", Kind.CODE),
        Column("block"),
        *((Column("channels", Kind.NUMBER),) if narrow else ()),
        *(Column(name, Kind.NUMBER) for name in numbers),
    )
    caption = "estimated: instructions on a Cortex-M4F, by a simple model"
    caption += f"; measured: {unit}" if measured is not None else ""
    caption += "; channels: computed, of those there are: the others are constants, or nothing needs them" * narrow
    return Table(columns, tuple(_row(choice, measured, narrow=narrow) for choice in choices), caption)


def _row(choice: Choice, measured: Mapping[int, int] | None, *, narrow: bool) -> tuple[str, ...]:
    memory = (number(choice.scratch_bytes), number(choice.constant_bytes), number(choice.estimated_ticks))
    ticks = (number(measured.get(choice.index)),) if measured is not None else ()
    kernel = choice.kernel.removeprefix("nn_")
    of = " of ".join(map(str, choice.channels or ()))
    channels = (of,) if narrow else ()
    return (str(choice.index), " + ".join(choice.operators), kernel, choice.block, *channels, *memory, *ticks)

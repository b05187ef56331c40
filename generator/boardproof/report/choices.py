"""The choice made for each layer as a table: kernel, block, memory, and what it costs, estimated and measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boardproof.project.runtimes.base import Choice

_NUMBERS = ("scratch", "constants", "estimated")


def choices_table(
    choices: tuple[Choice, ...], measured: Mapping[int, int] | None = None, unit: str = "instructions"
) -> Table:
    """One row for each step; estimates are for a Cortex-M4F, whatever the board.

    Args:
        choices: What was chosen.
        measured: Ticks by operator, when it ran.
        unit: Of the measured ticks.
    """
    caption = "estimated: instructions on a Cortex-M4F, by a simple model"
    caption += f"; measured: {unit}" if measured is not None else ""
    table = Table(box=None, pad_edge=False, header_style="bold", caption=caption, caption_justify="left")
    numbers = (*_NUMBERS, *(["measured"] if measured is not None else []))
    for column in ("#", "operators", "kernel", "block", *numbers):
        table.add_column(column, justify="right" if column in {"#", *numbers} else "left", overflow="fold")
    for choice in choices:
        cells = [f"{choice.scratch_bytes:,}", f"{choice.constant_bytes:,}", _number(choice.estimated_ticks)]
        if measured is not None:
            cells.append(_number(measured.get(choice.index)))
        operators = escape(" + ".join(choice.operators))
        table.add_row(str(choice.index), operators, choice.kernel.removeprefix("nn_"), choice.block, *cells)
    return table


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"

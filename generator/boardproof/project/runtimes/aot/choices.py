"""How each step of a program is computed, as values for people: `inspect` and the report of a run show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.project.runtimes.aot.costs import step_ticks
from boardproof.project.runtimes.aot.kernelsets import block_of
from boardproof.project.runtimes.base import Choice

if TYPE_CHECKING:
    from boardproof.project.runtimes.aot.program import Program


def choices(program: Program) -> tuple[Choice, ...]:
    """One for each step, in order of execution."""
    operators = program.graph.operators
    return tuple(
        Choice(
            index=step.operator,
            operators=tuple(operators[index].name for index in step.implements),
            kernel=step.kernel,
            block=block_of(step.kernel),
            scratch_bytes=step.scratch_bytes or 0,
            constant_bytes=sum(table.size_bytes for table in step.params.tables),
            estimated_ticks=step_ticks(program, step),
        )
        for step in program.steps
    )

"""How each step of a program is computed, as values for people: `inspect` and the report of a run show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.project.runtimes.aot.costs import step_ticks
from boardproof.project.runtimes.aot.kernelsets import block_of, rate_of
from boardproof.project.runtimes.base import Choice

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boardproof.model.graph import Graph
    from boardproof.project.runtimes.aot.program import Program, Step


def choices(program: Program, graph: Graph, reasons: Mapping[int, str]) -> tuple[Choice, ...]:
    """One for each step, in order of execution.

    Args:
        program: The lowered network.
        graph: The network with all its channels.
        reasons: Why steps have slow kernels, by operator: `fallbacks`.
    """
    operators = program.graph.operators
    return tuple(
        Choice(
            index=step.operator,
            operators=tuple(operators[index].name for index in step.implements),
            kernel=" + ".join(dict.fromkeys(part.kernel for part in step.parts)),
            block=block_of(step.kernel),
            scratch_bytes=step.scratch_bytes or 0,
            constant_bytes=sum(table.size_bytes for table in step.params.tables),
            estimated_ticks=step_ticks(program, step),
            cycles_per_instruction=rate_of(step.kernel).cycles,
            constants_per_instruction=rate_of(step.kernel).constants,
            channels=_channels(step, program, graph),
            fallback=reasons.get(step.operator, ""),
        )
        for step in program.steps
    )


def _channels(step: Step, program: Program, graph: Graph) -> tuple[int, int] | None:
    """The channels of a step's first output, and how many there were; None if none went."""
    written = step.outputs[0]
    if written >= len(graph.tensors):  # a variable, which the file has no tensor for
        return None
    shapes = program.graph.tensors[written].shape, graph.tensors[written].shape
    return None if shapes[0] == shapes[1] else (shapes[0][-1], shapes[1][-1])

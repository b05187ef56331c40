"""What a program's steps cost, as their kernel sets estimate it: see kernelsets/types.py."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from boardproof.model.graph import Pool2D
from boardproof.model.macs import macs
from boardproof.project.runtimes.aot.kernelsets import cost_of

if TYPE_CHECKING:
    from boardproof.project.runtimes.aot.program import Program, Step


def work(program: Program, step: Step) -> tuple[int, int]:
    """A step's multiply-accumulates, or the elements it reads (a pool, some again and again), and those it writes."""
    graph = program.graph
    multiplied = sum(macs(graph, graph.operators[index]) for index in step.implements)
    pools = [op for op in (graph.operators[index] for index in step.implements) if isinstance(op, Pool2D)]
    pooled = sum(prod(op.filter_size) * graph.tensors[op.output].elements for op in pools)
    read = pooled or sum(graph.tensors[tensor].elements for tensor in step.inputs)
    return multiplied or read, sum(graph.tensors[tensor].elements for tensor in step.outputs)


def step_ticks(program: Program, step: Step) -> int | None:
    """A step's estimated instructions; None if its kernel has no model."""
    cost = cost_of(step.kernel)
    if step.ticks is not None or cost is None:
        return step.ticks
    done, written = work(program, step)
    return round(cost.call + done * cost.per_work + written * cost.per_output)


def total_ticks(program: Program) -> int:
    """All steps' estimated instructions, as far as kernels have models."""
    return sum(step_ticks(program, step) or 0 for step in program.steps)

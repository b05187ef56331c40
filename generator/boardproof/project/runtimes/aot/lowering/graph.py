"""Graph to Program: which kernel computes each operator."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from boardproof.project.runtimes.aot.kernelsets.portable import choose_portable
from boardproof.project.runtimes.aot.kernelsets.types import Tuning
from boardproof.project.runtimes.aot.lowering.convolutions import as_convolution
from boardproof.project.runtimes.aot.lowering.variables import show_variables
from boardproof.project.runtimes.aot.operands import flow_text
from boardproof.project.runtimes.aot.operators.elementwise.lookup import lookup_step
from boardproof.project.runtimes.aot.passes import prepare
from boardproof.project.runtimes.aot.program import Program, Step, View

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from boardproof.model.graph import Graph, Operator
    from boardproof.project.runtimes.aot.entry import Lowered
    from boardproof.project.runtimes.aot.passes import Prepared

    Chooser = Callable[[Operator, Graph], Lowered | None]
    """Offers a kernel for an operator, or None."""


def lower(graph: Graph, choosers: Sequence[Chooser] = ()) -> Program:
    """Lowers a checked graph: `lower_prepared` after all passes."""
    return lower_prepared(prepare(graph), choosers)


def lower_prepared(prepared: Prepared, choosers: Sequence[Chooser] = ()) -> Program:
    """Lowers a graph that all passes have gone over.

    Args:
        prepared: A graph that `check` has no errors about.
        choosers: Asked in order for each operator; the first step offered is taken, else the portable kernel.

    Raises:
        ValueError: The graph holds an operator that has no kernel.
    """
    folded, absorbed = frozenset(prepared.folded), prepared.absorbed
    steps: list[Step] = []
    views: list[View] = []
    for op in prepared.graph.operators:
        if op.index in folded or op.index in absorbed.values():
            continue
        lowered = _joined(op, prepared) or _lower_operator(*as_convolution(op, prepared.graph), choosers)
        if isinstance(lowered, Step):
            pads = (absorbed[index] for index in lowered.implements if index in absorbed)
            lowered = replace(lowered, implements=(*pads, *lowered.implements))
            # A step that implements operators before it stands in for theirs.
            steps = [step for step in steps if step.operator not in lowered.implements]
            views = [view for view in views if view.operator not in lowered.implements]
            steps.append(lowered)
        else:
            views += [lowered] if isinstance(lowered, View) else lowered
    return show_variables(Program(prepared.graph, tuple(steps), tuple(views), prepared.states, prepared.folded))


def _joined(op: Operator, prepared: Prepared) -> Step | None:
    """The table for an operator and those before it that are a function together; None if there is none."""
    found = prepared.functions.get(op.index)
    if found is None:
        return None
    root, output = (prepared.graph.tensors[index] for index in (found.root, op.output))
    step = lookup_step(op, prepared.graph, found.table, found.root, flow_text(root, output))
    return replace(step, implements=found.implements)


def _lower_operator(op: Operator, graph: Graph, choosers: Sequence[Chooser]) -> Lowered:
    """The step for one operator, or views if it moves no data."""
    for choose in choosers:
        if offer := choose(op, graph):
            return offer
    return choose_portable(op, graph, Tuning())

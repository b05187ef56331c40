"""Graph to Program: which kernel computes each operator."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from boardproof.model.graph import (
    Add,
    AveragePool2D,
    Conv2D,
    DepthwiseConv2D,
    Dequantize,
    FullyConnected,
    Logistic,
    MaxPool2D,
    Mean,
    Pad,
    Quantize,
    Relu,
    Relu6,
    Reshape,
    Softmax,
    Unsupported,
)
from boardproof.project.runtimes.aot.lower_conv import lower_convolution
from boardproof.project.runtimes.aot.lower_elementwise import lower_elementwise
from boardproof.project.runtimes.aot.lower_pool import lower_reduction
from boardproof.project.runtimes.aot.lower_shape import lower_arrangement
from boardproof.project.runtimes.aot.program import Program, Step, View

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from boardproof.model.graph import Graph, SupportedOperator

    Chooser = Callable[[SupportedOperator, Graph], Step | None]
    """Offers a specialised kernel for an operator, or None."""


def lower(graph: Graph, choosers: Sequence[Chooser] = ()) -> Program:
    """Lowers a checked graph.

    Args:
        graph: A graph that `check` has no errors about.
        choosers: Asked in order for each operator; the first step offered is taken, else the portable kernel.

    Raises:
        ValueError: The graph holds an operator that has no kernel.
    """
    steps: list[Step] = []
    views: list[View] = []
    for op in graph.operators:
        if isinstance(op, Unsupported):
            raise ValueError(f"operator {op.index} ({op.name}) has no kernel")  # noqa: TRY004 not a type error
        offers = (offer for choose in choosers if (offer := choose(op, graph)) is not None)
        lowered = next(offers, None) or lower_operator(op, graph)
        if isinstance(lowered, View):
            views.append(lowered)
        else:
            # A step that implements operators before it stands in for theirs.
            steps = [step for step in steps if step.operator not in lowered.implements]
            views = [view for view in views if view.operator not in lowered.implements]
            steps.append(lowered)
    return Program(graph, tuple(steps), tuple(views))


def lower_operator(op: SupportedOperator, graph: Graph) -> Step | View:
    """The portable kernel's step for one operator, or a view if it moves no data."""
    match op:
        case Conv2D() | DepthwiseConv2D() | FullyConnected():
            return lower_convolution(op, graph)
        case AveragePool2D() | MaxPool2D() | Mean():
            return lower_reduction(op, graph)
        case Add() | Logistic() | Relu() | Relu6() | Quantize() | Dequantize():
            return lower_elementwise(op, graph)
        case Reshape() | Pad() | Softmax():
            return lower_arrangement(op, graph)
        case _:
            assert_never(op)

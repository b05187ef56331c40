"""How much arithmetic a network takes, in multiply-accumulates."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from boardproof.model.graph import Conv2D, DepthwiseConv2D, FullyConnected

if TYPE_CHECKING:
    from boardproof.model.graph import Graph, Operator


def macs(graph: Graph, operator: Operator) -> int:
    """Multiply-accumulates of one operator for one inference.

    Only products with weights count, padding included, as MLPerf Tiny and most papers count them: 0 for pools,
    element-wise operators and operators boardproof does not know.
    """
    match operator:
        case Conv2D():
            weights = graph.tensors[operator.inputs[1]].shape
            return graph.tensors[operator.output].elements * prod(weights[1:])
        case DepthwiseConv2D():
            weights = graph.tensors[operator.inputs[1]].shape
            return graph.tensors[operator.output].elements * prod(weights[1:3])
        case FullyConnected():
            depth = graph.tensors[operator.inputs[1]].shape[-1]
            return graph.tensors[operator.output].elements * depth
        case _:
            return 0


def total_macs(graph: Graph) -> int:
    """Multiply-accumulates of one inference."""
    return sum(macs(graph, operator) for operator in graph.operators)

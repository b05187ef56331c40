"""How much arithmetic a network takes, in multiply-accumulates."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from boardproof.model.graph import (
    BatchMatMul,
    Conv2D,
    DepthwiseConv2D,
    FullyConnected,
    SequenceLstm,
    Svdf,
    TransposeConv,
)

if TYPE_CHECKING:
    from boardproof.model.graph import Graph, Operator


def macs(graph: Graph, operator: Operator) -> int:
    """Multiply-accumulates of one operator for one inference.

    Only products with weights count, padding included, as MLPerf Tiny and most papers count them, and those of two
    matrices: 0 for pools, element-wise operators and operators boardproof does not know.
    """
    factors = _times_and_weights(graph, operator)
    return factors[0] * factors[1] if factors else 0


def _times_and_weights(graph: Graph, operator: Operator) -> tuple[int, int] | None:
    """How often a group of weights is used, and how many are in the group; None for operators without."""
    tensors = graph.tensors
    found: tuple[int, int] | None = None
    match operator:
        case Conv2D():
            found = tensors[operator.output].elements, prod(tensors[operator.inputs[1]].shape[1:])
        case DepthwiseConv2D():
            found = tensors[operator.output].elements, prod(tensors[operator.inputs[1]].shape[1:3])
        case FullyConnected():
            found = tensors[operator.output].elements, prod(tensors[operator.inputs[1]].shape[-1:])
        case TransposeConv():
            found = tensors[operator.input].elements, prod(tensors[operator.inputs[1]].shape[:3])
        case BatchMatMul(adjoint_left=adjoint):
            depth = tensors[operator.input].shape[-2:-1] if adjoint else tensors[operator.input].shape[-1:]
            found = tensors[operator.output].elements, prod(depth)
        case Svdf():
            found = prod(tensors[operator.input].shape[:1]), sum(tensors[i].elements for i in operator.inputs[1:3])
        case SequenceLstm():
            weights = (*operator.input_weights, *operator.recurrent_weights)
            found = prod(tensors[operator.input].shape[:2]), sum(tensors[i].elements for i in weights)
    return found

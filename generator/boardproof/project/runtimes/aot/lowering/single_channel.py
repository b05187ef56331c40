"""A depthwise convolution of one channel is a convolution, whose kernels are faster: all filters see that channel."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.graph import Conv2D, DepthwiseConv2D, DType

if TYPE_CHECKING:
    from boardproof.model.graph import Graph, Operator, Tensor


def as_convolution(op: Operator, graph: Graph) -> tuple[Operator, Graph]:
    """The same computation as a CONV_2D with its filter [O,KH,KW,1], if `op` is such an operator of int8."""
    if not isinstance(op, DepthwiseConv2D):
        return op, graph
    data, weights = (graph.tensors[i] for i in op.inputs[:2])
    if data.shape[3] != 1 or data.dtype is not DType.INT8 or weights.dtype is not DType.INT8:
        return op, graph
    return as_grouped(op, graph)


def as_grouped(op: DepthwiseConv2D, graph: Graph) -> tuple[Conv2D, Graph]:
    """The same computation as a CONV_2D with its filter [O,KH,KW,1], and as many groups as there are channels."""
    weights = graph.tensors[op.inputs[1]]
    tensors = (*graph.tensors[: weights.index], _filters_first(weights), *graph.tensors[weights.index + 1 :])
    convolution = Conv2D(op.index, op.version, op.inputs, op.outputs, op.window, op.activation)
    return convolution, replace(graph, tensors=tensors)


def _filters_first(weights: Tensor) -> Tensor:
    data = np.ascontiguousarray(weights.array().transpose(3, 1, 2, 0))
    quantization = weights.quantization and replace(weights.quantization, axis=0)
    return replace(weights, shape=data.shape, data=data.tobytes(), quantization=quantization)

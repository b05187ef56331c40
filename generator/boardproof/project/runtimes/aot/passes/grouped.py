"""Grouped convolutions whose groups are single channels: depthwise convolutions by another name, which have kernels."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.graph import Conv2D, DepthwiseConv2D, DType

if TYPE_CHECKING:
    from boardproof.model.graph import Graph, Operator, Tensor


def depthwise_groups(graph: Graph) -> Graph:
    """The graph with such convolutions as DEPTHWISE_CONV_2D, their weights transposed [C, KH, KW, 1] -> [1, KH, KW, C].

    The products of an output are added up in the same order, and rescaled with the same factor.
    """
    tensors, operators = list(graph.tensors), list(graph.operators)
    for place, op in enumerate(operators):
        if isinstance(op, Conv2D) and _has_single_channels(op, graph):
            weights = _transposed(graph.tensors[op.inputs[1]], len(tensors))
            tensors.append(weights)
            operators[place] = _depthwise(op, graph, weights)
    return replace(graph, tensors=tuple(tensors), operators=tuple(operators))


def _has_single_channels(op: Conv2D, graph: Graph) -> bool:
    data, weights = graph.tensors[op.input], graph.tensors[op.inputs[1]]
    if data.dtype is DType.INT16 and op.narrow_sums:  # a depthwise convolution's always have 64 bits
        return False
    return weights.is_constant and weights.shape[3] == 1 < data.shape[3]


def _depthwise(op: Conv2D, graph: Graph, weights: Tensor) -> Operator:
    return DepthwiseConv2D(
        index=op.index,
        version=op.version,
        inputs=(op.input, weights.index, *op.inputs[2:]),
        outputs=op.outputs,
        window=op.window,
        depth_multiplier=weights.shape[3] // graph.tensors[op.input].shape[3],
        activation=op.activation,
    )


def _transposed(weights: Tensor, index: int) -> Tensor:
    channels, height, width, _ = weights.shape
    data = np.moveaxis(weights.array(), 0, 3).tobytes()
    quantization = weights.quantization and replace(weights.quantization, axis=3)
    return replace(weights, index=index, shape=(1, height, width, channels), data=data, quantization=quantization)

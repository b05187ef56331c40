"""Channels that need not be computed leave the graph: those that are constants, and those that nothing reads.

A constant goes into the biases of the layers that read it. Integers only: what is left computes the same bytes. The
channels of a tensor are what some operator needs of it, filled up to what the kernels compute at once; operators that
work channel by channel have the same on both sides. Where an operator of another kind reads a tensor, or the network
gives it out, all its channels stay.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.fixed_point import INT32_MAX
from boardproof.model.graph import (
    AveragePool2D,
    Conv2D,
    DepthwiseConv2D,
    ExpandDims,
    MaxPool2D,
    Pad,
    Reduce,
    Reduction,
    Reshape,
    ResizeBilinear,
    ResizeNearestNeighbor,
    Squeeze,
)
from boardproof.project.runtimes.aot.operands import quantization
from boardproof.project.runtimes.aot.passes.canonical import Numbers, rewrite
from boardproof.project.runtimes.aot.passes.intervals import (
    keeps_channels,
    renamed_channels,
    table_of,
)
from boardproof.project.runtimes.aot.passes.layers import layer_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from boardproof.model.graph import Graph, Operator
    from boardproof.project.runtimes.aot.passes.intervals import Interval
    from boardproof.project.runtimes.aot.passes.layers import Layer

    Ints = NDArray[np.int64]
    Flags = NDArray[np.bool_]

UNIT = 4
"""Channels that the kernels compute at once: the others of a group cost nothing."""

ANYTHING = -1
"""In place of a channel's number: it is computed, but nothing needs it, and its values are not the network's."""


@dataclass(frozen=True, slots=True)
class Narrowed:
    """A graph with fewer channels.

    Attributes:
        graph: Operators and tensors have the same numbers as before.
        kept: Which of the old channels a tensor's channels are, or ANYTHING; of tensors that still are as they were,
            nothing.
    """

    graph: Graph
    kept: Mapping[int, tuple[int, ...]]


def without_idle_channels(graph: Graph, known: Mapping[int, Interval]) -> Narrowed:
    """Takes out of a graph in canonical form every channel that it can do without.

    Args:
        graph: What `canonical` made.
        known: Its intervals.
    """
    found = _Channels(graph, known)
    kept = _kept(found)
    fewer = {index for index, flags in kept.items() if not flags.all()}
    if not fewer:
        return Narrowed(graph, {})
    for layer in found.layers.values():
        if {layer.op.input, layer.op.output} & fewer:
            graph = rewrite(graph, layer.op, _narrow(layer, found, kept))
    told = {}
    for index, flags in kept.items():
        numbers = np.where(found.needed[index] | found.constant(index), np.arange(flags.size), ANYTHING)[flags]
        if index in fewer or (numbers == ANYTHING).any():
            told[index] = tuple(numbers.tolist())
    return Narrowed(_reshaped(graph, found.links, kept, fewer), told)


class _Channels:
    """What is known of a graph's channels.

    Attributes:
        graph: The graph, in canonical form.
        known: Its intervals.
        layers: The layers whose weights can be changed, by operator: of one group, or channelwise.
        links: The operators that work channel by channel.
        needed: Which channels something needs, by tensor.
    """

    def __init__(self, graph: Graph, known: Mapping[int, Interval]) -> None:
        self.graph, self.known = graph, known
        layers = [layer for op in graph.operators if (layer := layer_of(op, graph)) is not None]
        self.layers = {each.op.index: each for each in layers if each.groups == 1 or each.is_channelwise}
        self.links = tuple(op for op in graph.operators if self._is_link(op))
        self.needed: Mapping[int, Flags] = self._needed()

    def constant(self, tensor: int) -> Flags:
        """Which channels of a tensor are constants."""
        low, high = self.known[tensor]
        return np.asarray(low == high)

    def absorbed(self, layer: Layer) -> Flags:
        """Which of a layer's input channels its biases can take over: constants, zero points where windows leave."""
        values, constant = self.known[layer.op.input][0], self.constant(layer.op.input)
        return constant & (values == layer.zero_points[0]) if layer.is_padded else constant

    def bias_of(self, layer: Layer, channels: Flags) -> Ints:
        """The layer's biases with what these constant input channels contribute."""
        values = np.where(channels, self.known[layer.op.input][0] - layer.zero_points[0], 0)
        return np.asarray(layer.bias + (layer.weights * values).sum(axis=(1, 2)))

    def _is_link(self, op: Operator) -> bool:
        """Whether an operator works channel by channel, so that its input and its output must have the same ones."""
        tensors = self.graph.tensors
        if len(op.outputs) != 1 or not {op.output, *op.inputs[:1]} <= self.known.keys():
            return False
        data, output = tensors[op.inputs[0]], tensors[op.output]
        found = False
        match op:
            case Conv2D() | DepthwiseConv2D():
                found = op.index in self.layers and self.layers[op.index].is_channelwise
            case AveragePool2D() | MaxPool2D() | ResizeNearestNeighbor() | ResizeBilinear():
                found = True
            case Pad() | Reduce(function=Reduction.MEAN | Reduction.SUM):
                found = keeps_channels(op, self.graph)
            case Reshape() | Squeeze() | ExpandDims():
                found = renamed_channels(data.shape, output.shape)
            case _:
                found = data.shape == output.shape and table_of(op, self.graph) is not None
        return found

    def _needed(self) -> dict[int, Flags]:
        """From the last operator to the first. What others make or read is needed as it is."""
        tensors = self.graph.tensors
        ours = {*self.layers, *(op.index for op in self.links)}
        made = {op.output for op in self.graph.operators if op.index in ours}
        free = {index for index in made if not tensors[index].is_constant} - {*self.graph.outputs}
        needed = {index: np.full(tensors[index].shape[-1], index not in free) for index in self.known}
        for op in reversed(self.graph.operators):
            if op.index in ours:
                needed[op.input] |= self._read(op, needed[op.output])
            others = list(op.inputs)
            if op.index in ours:
                others.remove(op.input)
            for index in others:
                if index in needed:
                    needed[index][:] = True
        return needed

    def _read(self, op: Operator, needed: Flags) -> Flags:
        """Which input channels an operator needs for some of its output channels."""
        layer = self.layers.get(op.index)
        if layer is None:
            return np.asarray(needed.reshape(-1, self.graph.tensors[op.inputs[0]].shape[-1]).any(axis=0))
        weighted = layer.weights != 0
        if layer.groups > 1:
            return np.asarray(needed & weighted.any(axis=(1, 2)))
        # A constant whose form could not be changed is one only as long as it has all inputs.
        computed = needed | self.constant(op.output)
        used, absorbed = weighted[computed].any(axis=(0, 1)), self.absorbed(layer)
        fits = (np.abs(self.bias_of(layer, absorbed)) <= INT32_MAX).all()
        return np.asarray(used & ~absorbed if fits else used)


def _kept(found: _Channels) -> dict[int, Flags]:
    """The channels that stay: the needed ones, alike on both sides of a link, filled up to UNIT."""
    kept = {index: flags.copy() for index, flags in found.needed.items()}
    for group in _linked(found):
        channels = min(len(kept[index]) for index in group)
        stay = np.any([kept[index].reshape(-1, channels).any(axis=0) for index in group], axis=0)
        missing = min(max(UNIT, -(-int(stay.sum()) // UNIT) * UNIT), channels) - int(stay.sum())
        base = next(index for index in group if len(kept[index]) == channels)
        idle = np.flatnonzero(~stay)
        stay[idle[np.argsort(~found.constant(base)[idle], kind="stable")][:missing]] = True
        kept |= {index: np.tile(stay, len(kept[index]) // channels) for index in group}
    return kept


def _linked(found: _Channels) -> list[set[int]]:
    """All tensors, those together that must have the same channels."""
    group_of = {index: {index} for index in found.needed}
    for op in found.links:
        joined = group_of[op.inputs[0]] | group_of[op.output]
        group_of |= dict.fromkeys(joined, joined)
    return list({id(group): group for group in group_of.values()}.values())


def _narrow(layer: Layer, found: _Channels, kept: Mapping[int, Flags]) -> Numbers:
    """A layer for the channels that are left. Outputs that nothing needs become a constant that they could have had."""
    inputs, outputs = kept[layer.op.input], kept[layer.op.output]
    weights, bias = layer.weights.copy(), layer.bias.copy()
    if layer.groups == 1:
        bias = found.bias_of(layer, found.absorbed(layer) & ~inputs)
        weights = weights[:, :, inputs]
    idle = ~(found.needed[layer.op.output] | found.constant(layer.op.output))
    bias[idle] = (layer.bias + layer.sums(*found.known[layer.op.input])[0])[idle]
    weights[idle] = 0
    scales = np.array(quantization(found.graph.tensors[layer.op.inputs[1]]).scales)
    return Numbers(weights[outputs], bias[outputs], scales[outputs] if len(scales) > 1 else scales)


def _reshaped(graph: Graph, links: tuple[Operator, ...], kept: Mapping[int, Flags], fewer: set[int]) -> Graph:
    """The graph with the shapes of tensors that have fewer channels; operators that named a shape no longer do."""
    tensors = list(graph.tensors)
    for index in fewer:
        tensors[index] = replace(tensors[index], shape=(*tensors[index].shape[:-1], int(kept[index].sum())))
    operators = list(graph.operators)
    for op in links:
        if isinstance(op, Reshape) and op.output in fewer:
            operators[op.index] = replace(op, inputs=op.inputs[:1])
    return replace(graph, tensors=tuple(tensors), operators=tuple(operators))

"""Which channels of a network can go, and which only together: found by pushing labels through its graph.

Every channel that a convolution or dense layer makes is a unit. Layers that work on each channel alone hand the labels
on; a sum of two branches joins the units of both, since neither can lose a channel that the other keeps; what mixes
channels in a way not known here pins them: they stay.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from keras import layers

from boardproof.compress.graph import nodes

if TYPE_CHECKING:
    from keras.src.ops.node import Node
    from numpy.typing import NDArray

    Labels = NDArray[np.int64]
    """One unit for each index of a tensor's last axis."""

PRODUCERS = (layers.Conv1D, layers.Conv2D, layers.Conv1DTranspose, layers.Conv2DTranspose, layers.Dense)
"""Layers that make channels of their own out of all that they take."""

TRANSPOSED = (layers.Conv1DTranspose, layers.Conv2DTranspose)
DEPTHWISE = (layers.DepthwiseConv1D, layers.DepthwiseConv2D)

_EACH_CHANNEL_ALONE = (
    layers.Activation,
    layers.AveragePooling1D,
    layers.AveragePooling2D,
    layers.BatchNormalization,
    layers.Cropping1D,
    layers.Cropping2D,
    layers.Dropout,
    layers.ELU,
    layers.GaussianDropout,
    layers.GaussianNoise,
    layers.GlobalAveragePooling1D,
    layers.GlobalAveragePooling2D,
    layers.GlobalMaxPooling1D,
    layers.GlobalMaxPooling2D,
    layers.LeakyReLU,
    layers.MaxPooling1D,
    layers.MaxPooling2D,
    layers.PReLU,
    layers.ReLU,
    layers.RepeatVector,
    layers.SpatialDropout1D,
    layers.SpatialDropout2D,
    layers.UpSampling1D,
    layers.UpSampling2D,
    layers.ZeroPadding1D,
    layers.ZeroPadding2D,
)
_MERGES = (layers.Add, layers.Average, layers.Maximum, layers.Minimum, layers.Multiply, layers.Subtract)
_MERGE_OPERATIONS = {"Add", "Maximum", "Minimum", "Multiply", "Subtract"}
_ELEMENTWISE_OPERATIONS = {"Negative", "Relu", "Relu6", "Sigmoid", "Silu", "Square", "Tanh"}
_ELEMENTWISE_ACTIVATIONS = {
    "elu",
    "exponential",
    "gelu",
    "hard_sigmoid",
    "hard_silu",
    "hard_swish",
    "leaky_relu",
    "linear",
    "mish",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "softplus",
    "softsign",
    "swish",
    "tanh",
}


@dataclass(frozen=True, slots=True)
class Channels:
    """What analyse() found. Units that belong together have one number.

    Attributes:
        taken: By layer name: the unit of each channel that it takes.
        made: By layer name: the unit of each channel that it gives.
        pinned: Units that must stay.
        blended: Units to all of which one other channel is added, or the like: none of them is a constant.
        producers: By unit: the layers that make it, each with the channel's index there; pinned units are not in it.
    """

    taken: dict[str, Labels]
    made: dict[str, Labels]
    pinned: frozenset[int]
    blended: frozenset[int]
    producers: dict[int, tuple[tuple[str, int], ...]]


def analyse(model: keras.Model) -> Channels:
    """The units of a flat functional model (graph.flattened())."""
    return _Analysis(model).result()


class _Analysis:
    """Labels, joined where channels can only go together (a union-find)."""

    def __init__(self, model: keras.Model) -> None:
        self._model = model
        self._parent: list[int] = []
        self._pinned: set[int] = set()
        self._blended: set[int] = set()
        self._labels: dict[int, Labels] = {}
        self._taken: dict[str, Labels] = {}
        self._made: dict[str, Labels] = {}
        for tensor in model.inputs:
            self._labels[id(tensor)] = self._pin(self._fresh(_width(tensor)))
        for node in nodes(model):
            self._visit(node)
        for tensor in model.outputs:
            self._pin(self._labels[id(tensor)])

    def result(self) -> Channels:
        """Everything found, with one number for each set of joined units."""
        taken = {name: self._resolved(labels) for name, labels in self._taken.items()}
        made = {name: self._resolved(labels) for name, labels in self._made.items()}
        pinned, blended = (frozenset(map(self._find, labels)) for labels in (self._pinned, self._blended))
        producers: dict[int, list[tuple[str, int]]] = {}
        for layer in self._model.layers:
            if isinstance(layer, PRODUCERS):
                for index, unit in enumerate(made[layer.name]):
                    if int(unit) not in pinned:
                        producers.setdefault(int(unit), []).append((layer.name, index))
        return Channels(taken, made, pinned, blended, {unit: tuple(found) for unit, found in producers.items()})

    def _visit(self, node: Node) -> None:
        name = node.operation.name
        given = [self._labels[id(tensor)] for tensor in node.input_tensors]
        if name in self._taken and _has_a_width(node.operation):  # called before: its channels are the same
            self._join(self._taken[name], given[0])
            labels = self._made[name] if isinstance(node.operation, PRODUCERS) else self._follow(node, given)
            self._join(self._made[name], labels)
        else:
            labels = self._follow(node, given)
            self._taken[name], self._made[name] = given[0], labels
        for tensor in node.outputs:
            same = _width(tensor) == len(labels)
            self._labels[id(tensor)] = labels if same else self._pin(self._fresh(_width(tensor)))

    def _follow(self, node: Node, given: list[Labels]) -> Labels:
        """The labels of what a node gives, from those of what it takes."""
        operation, output = node.operation, node.outputs[0]
        if getattr(operation, "data_format", None) == "channels_first":
            return self._unknown(node, given)
        if isinstance(operation, PRODUCERS):
            made = self._fresh(_width(output))
            if getattr(operation, "groups", 1) != 1:
                self._pin(given[0])
                self._pin(made)
            return self._activated(operation, made)
        if isinstance(operation, DEPTHWISE):
            return self._activated(operation, np.repeat(given[0], operation.depth_multiplier))
        if _keeps_channels(node):
            return self._activated(operation, given[0])
        return self._rearranged(node, given)

    def _rearranged(self, node: Node, given: list[Labels]) -> Labels:
        """The labels behind an operation without weights that combines or moves channels."""
        if _merges(node):
            return self._merge(given)
        if isinstance(node.operation, layers.Concatenate) or type(node.operation).__name__ == "Concatenate":
            return self._concatenate(node, given)
        if isinstance(node.operation, (layers.Flatten, layers.Reshape)):
            return self._reshape(node, given[0])
        return self._unknown(node, given)

    def _activated(self, operation: Any, labels: Labels) -> Labels:
        """The labels behind the layer's activation; softmax and its like mix channels."""
        function = getattr(operation, "activation", None)
        name = "linear" if function is None else getattr(function, "__name__", "")
        return labels if name in _ELEMENTWISE_ACTIVATIONS else self._pin(labels)

    def _merge(self, given: list[Labels]) -> Labels:
        widest = max(given, key=len)
        for labels in given:
            if len(labels) == len(widest):
                self._join(widest, labels)
            else:
                self._pin(labels)  # spread over all channels
                self._blended.update(widest.tolist())
        return widest

    def _concatenate(self, node: Node, given: list[Labels]) -> Labels:
        rank = len(node.outputs[0].shape)
        if node.operation.axis in {-1, rank - 1}:
            return np.concatenate(given)
        return self._merge(given)

    def _reshape(self, node: Node, given: Labels) -> Labels:
        """Channels stay the last axis, or become blocks of one long axis, or come out of one."""
        before, after = node.input_tensors[0].shape[1:], node.outputs[0].shape[1:]
        if before[-1] == after[-1]:
            return given
        if None in (*before, *after):
            return self._unknown(node, [given])
        if len(after) == 1:
            return np.tile(given, prod(before[:-1]))
        if len(before) == 1:
            blocks = given.reshape(-1, after[-1])
            for block in blocks[1:]:
                self._join(blocks[0], block)
            return np.asarray(blocks[0])
        return self._unknown(node, [given])

    def _unknown(self, node: Node, given: list[Labels]) -> Labels:
        for labels in given:
            self._pin(labels)
        return self._pin(self._fresh(_width(node.outputs[0])))

    def _fresh(self, count: int) -> Labels:
        start = len(self._parent)
        self._parent.extend(range(start, start + count))
        return np.arange(start, start + count)

    def _pin(self, labels: Labels) -> Labels:
        self._pinned.update(labels.tolist())
        return labels

    def _find(self, label: int) -> int:
        label = int(label)
        while self._parent[label] != label:
            self._parent[label] = self._parent[self._parent[label]]
            label = self._parent[label]
        return label

    def _resolved(self, labels: Labels) -> Labels:
        return np.array([self._find(label) for label in labels], np.int64)

    def _join(self, one: Labels, other: Labels) -> None:
        for a, b in zip(one, other, strict=True):
            first, second = sorted((self._find(a), self._find(b)))
            self._parent[second] = first


def _width(tensor: Any) -> int:
    """Of the last axis; of one that is open, such as a text's, 1: it has no channels."""
    return int(tensor.shape[-1] or 1) if len(tensor.shape) > 1 else 1


def _has_a_width(operation: Any) -> bool:
    """Whether weights or a shape tie it to the channels it was called with first; a ReLU takes any."""
    return isinstance(operation, layers.Reshape) or bool(getattr(operation, "weights", ()))


def _keeps_channels(node: Node) -> bool:
    """Whether each channel comes out of the same channel alone."""
    operation = node.operation
    if isinstance(operation, layers.BatchNormalization):
        return bool(operation.axis in {-1, len(node.outputs[0].shape) - 1})
    if isinstance(operation, layers.Permute):
        return bool(operation.dims[-1] == len(operation.dims))
    if isinstance(operation, layers.Rescaling):
        return not np.ndim(operation.scale) and not np.ndim(operation.offset)
    return isinstance(operation, _EACH_CHANNEL_ALONE) or type(operation).__name__ in _ELEMENTWISE_OPERATIONS


def _merges(node: Node) -> bool:
    """Whether it combines tensors element by element, or one with a number."""
    if isinstance(node.operation, layers.Layer):
        return isinstance(node.operation, _MERGES)
    values = keras.tree.flatten((node.arguments.args, node.arguments.kwargs))
    others = [value for value in values if not isinstance(value, keras.KerasTensor)]
    return type(node.operation).__name__ in _MERGE_OPERATIONS and not any(np.ndim(value) for value in others)

"""The values that each channel of an int8 tensor can take: bounds, through TensorFlow Lite Micro's roundings."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.fixed_point import requantize
from boardproof.model.graph import (
    AveragePool2D,
    Binary,
    BinaryFunction,
    Concatenation,
    DType,
    ExpandDims,
    LeakyRelu,
    MaxPool2D,
    Pad,
    Quantize,
    Reduce,
    Reduction,
    Reshape,
    ResizeNearestNeighbor,
    Squeeze,
    Tensor,
    Unary,
)
from boardproof.model.shapes.axes import reduced_axes
from boardproof.model.shapes.rules import constant_ints
from boardproof.project.runtimes.aot.operands import INT8_MAX, INT8_MIN, activation_range, quantization
from boardproof.project.runtimes.aot.operators import OPERATORS
from boardproof.project.runtimes.aot.operators.axes.reduce import sum_factor
from boardproof.project.runtimes.aot.operators.elementwise.rescaling import sums_of
from boardproof.project.runtimes.aot.passes.layers import layer_of
from boardproof.project.runtimes.aot.program import Step

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from boardproof.model.graph import Graph, Operator
    from boardproof.project.runtimes.aot.passes.layers import Layer

    Ints = NDArray[np.int64]
    Interval = tuple[Ints, Ints]

_FUNCTIONS = Unary | LeakyRelu | Quantize | Binary
"""Operators that may be a table."""

_ALL_INPUTS = 256
_TABLE_KERNEL = "nn_lookup_8"
_LARGEST_SUM = 2**31 - 1


def intervals(graph: Graph) -> Mapping[int, Interval]:
    """The least and the greatest value of each channel of every int8 tensor with channels, by tensor.

    A channel is an index along the last axis. What is not known to be less is all of int8.
    """
    known: dict[int, Interval] = {}
    for tensor in graph.tensors:
        if has_channels(tensor):
            known[tensor.index] = _of_constant(tensor) if tensor.is_constant else _anything(tensor)
    for op in graph.operators:
        for index in op.outputs:
            if index in known and not graph.tensors[index].is_constant:
                known[index] = _output(op, graph, known) or known[index]
    return known


def has_channels(tensor: Tensor) -> bool:
    """Whether a tensor is of int8, with one scale, and has a last axis."""
    return tensor.dtype is DType.INT8 and bool(tensor.shape) and tensor.elements > 0


def renamed_channels(before: tuple[int, ...], after: tuple[int, ...]) -> bool:
    """Whether a tensor's channels are still there under another shape, perhaps once for each of several pixels."""
    channels = before[-1]
    if after[-1] == channels:
        return True
    trailing = [prod(before[i:]) for i in range(len(before))]
    return after[-1] % channels == 0 and after[-1] in trailing


def keeps_channels(op: Operator, graph: Graph) -> bool:
    """Whether a reduction reduces axes before the last one, or padding pads only there."""
    data = graph.tensors[op.input]
    if isinstance(op, Reduce):
        axes = graph.tensors[op.inputs[1]]
        last = len(data.shape) - 1
        kept = op.keep_dims or len(data.shape) > len(reduced_axes(data, axes)) if axes.is_constant else False
        return kept and last not in reduced_axes(data, axes)
    amounts = constant_ints(graph.tensors[op.inputs[1]])
    return amounts is not None and not any(amounts[-2:])


def _anything(tensor: Tensor) -> Interval:
    channels = tensor.shape[-1]
    return np.full(channels, INT8_MIN, np.int64), np.full(channels, INT8_MAX, np.int64)


def _of_constant(tensor: Tensor) -> Interval:
    values = tensor.array().astype(np.int64).reshape(-1, tensor.shape[-1])
    return values.min(axis=0), values.max(axis=0)


def _output(op: Operator, graph: Graph, known: Mapping[int, Interval]) -> Interval | None:
    """The interval of an operator's only output; None where nothing is known."""
    if len(op.outputs) != 1 or any(graph.tensors[i].quantization is None for i in op.outputs):
        return None
    if (layer := layer_of(op, graph)) is not None:
        return _of_layer(layer, known[op.input])
    if all(i in known for i in op.inputs) and isinstance(op, Binary | Concatenation):
        return _of_several(op, graph, known)
    if not op.inputs or op.inputs[0] not in known:
        return None
    return _of_one(op, graph, known[op.inputs[0]])


def _of_several(op: Binary | Concatenation, graph: Graph, known: Mapping[int, Interval]) -> Interval | None:
    if isinstance(op, Concatenation):
        return _of_concatenation(op, graph, known)
    if op.function is BinaryFunction.ADD:
        return _of_addition(op, graph, known)
    is_function = graph.tensors[op.input].shape == graph.tensors[op.output].shape
    return _of_table(op, graph, known[op.input]) if is_function else None


def _of_one(op: Operator, graph: Graph, interval: Interval) -> Interval | None:
    """What an operator makes of its first input."""
    data, output = graph.tensors[op.inputs[0]], graph.tensors[op.output]
    found: Interval | None = None
    match op:
        case AveragePool2D() | MaxPool2D():
            low, high = (np.clip(bound, *activation_range(op.activation, output)) for bound in interval)
            found = low, high
        case ResizeNearestNeighbor():
            found = interval
        case Reshape() | Squeeze() | ExpandDims():
            found = _renamed(data, output, interval)
        case Pad() if keeps_channels(op, graph):
            zero_point = quantization(data).zero_point
            found = np.minimum(interval[0], zero_point), np.maximum(interval[1], zero_point)
        case Reduce(function=Reduction.MEAN | Reduction.SUM) if keeps_channels(op, graph):
            found = _of_sum(op, graph, interval)
        case _ if data.shape == output.shape:
            found = _of_table(op, graph, interval)
    return found


def _of_layer(layer: Layer, data: Interval) -> Interval:
    low, high = (layer.bias + sums for sums in layer.sums(*data))
    safe = layer.in_range(low, high)
    bounds = (layer.rescaled(np.where(safe, bound, 0)[:, None])[:, 0] for bound in (low, high))
    least, most = (np.where(safe, b, limit) for b, limit in zip(bounds, layer.activation, strict=True))
    return least, most


def _renamed(data: Tensor, output: Tensor, interval: Interval) -> Interval | None:
    if not renamed_channels(data.shape, output.shape):
        return None
    low, high = (np.tile(bound, output.shape[-1] // data.shape[-1]) for bound in interval)
    return low, high


def _of_sum(op: Reduce, graph: Graph, interval: Interval) -> Interval | None:
    """A mean or sum never falls as its elements grow: its bounds are those of equal elements."""
    data, output = graph.tensors[op.input], graph.tensors[op.output]
    count = prod(data.shape[axis] for axis in reduced_axes(data, graph.tensors[op.inputs[1]]))
    multiplier, shift = sum_factor(op, data, output, count)
    zero_points = quantization(data).zero_point, quantization(output).zero_point
    if (255 * count) << max(shift, 0) > _LARGEST_SUM:
        return None
    sums = ((bound - zero_points[0]) * count for bound in interval)
    low, high = (np.clip(requantize(s, multiplier, shift) + zero_points[1], INT8_MIN, INT8_MAX) for s in sums)
    return low, high


def _of_addition(op: Binary, graph: Graph, known: Mapping[int, Interval]) -> Interval | None:
    """A sum never falls as either summand grows."""
    first, second, output = (graph.tensors[i] for i in (*op.inputs[:2], op.output))
    if output.dtype is not DType.INT8 or any(t.shape[-1] not in {1, output.shape[-1]} for t in (first, second)):
        return None
    add, limits = sums_of(first, second, output), activation_range(op.activation, output)
    bounds = zip(known[first.index], known[second.index], strict=True)
    low, high = (np.broadcast_to(np.clip(add(a, b), *limits), (output.shape[-1],)) for a, b in bounds)
    return (low, high) if (low <= high).all() else None


def _of_concatenation(op: Concatenation, graph: Graph, known: Mapping[int, Interval]) -> Interval:
    lows, highs = zip(*(known[i] for i in op.inputs), strict=True)
    if op.axis in {-1, len(graph.tensors[op.output].shape) - 1}:
        return np.concatenate(lows), np.concatenate(highs)
    return np.minimum.reduce(lows), np.maximum.reduce(highs)


def table_of(op: Operator, graph: Graph) -> Ints | None:
    """The outputs of a function of one int8 element for inputs from -128 up; None if the operator is none."""
    entry = OPERATORS.get(op.name)
    if entry is None or not isinstance(op, _FUNCTIONS) or not any(types.fit(op, graph) for types in entry.types):
        return None
    step = entry.lower(op, graph)
    if not isinstance(step, Step) or step.kernel != _TABLE_KERNEL or step.inputs != op.inputs[:1]:
        return None
    (table,) = step.params.tables
    if table.values.size != _ALL_INPUTS:
        return None
    return np.roll(table.values.view(np.int8).astype(np.int64), -INT8_MIN)


def _of_table(op: Operator, graph: Graph, interval: Interval) -> Interval | None:
    values = table_of(op, graph)
    if values is None:
        return None
    ranges = [values[low - INT8_MIN : high - INT8_MIN + 1] for low, high in zip(*interval, strict=True)]
    return np.array([r.min() for r in ranges]), np.array([r.max() for r in ranges])

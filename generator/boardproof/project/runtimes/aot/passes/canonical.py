"""Channels in a form that fast kernels take, where training left them in one that they do not.

BatchNorm and weight decay leave channels whose weights are nothing and whose scales are tiny, with biases near 2^30.
Such a channel is a constant, or nearly one, and its numbers are an accident: others give the same outputs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.fixed_point import quantize_multiplier, requantize
from boardproof.model.graph import DType, TransposeConv
from boardproof.project.runtimes.aot.operands import bias_index, quantization
from boardproof.project.runtimes.aot.passes.layers import filters, layer_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from boardproof.model.graph import Graph, Tensor
    from boardproof.project.runtimes.aot.passes.intervals import Interval
    from boardproof.project.runtimes.aot.passes.layers import Layer, LayerOperator

    Ints = NDArray[np.int64]

LARGEST_SUM = (1 << 23) - 4
"""Magnitude below which the fast kernels take accumulators."""

SHIFTS = (-23, -1)
"""The factors that they take, as exponents."""

USUAL_FACTOR = 2.0**-9
"""For layers without any channel to take a factor from."""

_LEAST_FACTOR = 2.0**-40
_NEARBY = np.array(sorted(range(-8, 9), key=abs), np.int64)
"""Changes of a bias that are tried."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """What a layer computes with, channel by channel, as `rewrite` writes it into a graph.

    Attributes:
        weights: int64 [outputs, taps, inputs of a group].
        bias: int64 [outputs].
        scales: float64, of the weights: one, or [outputs].
    """

    weights: Ints
    bias: Ints
    scales: NDArray[np.float64]


def canonical(graph: Graph, known: Mapping[int, Interval]) -> Graph:
    """The graph with constant channels, and others in forms of no use to fast kernels, in another form.

    Args:
        graph: A graph that can be lowered.
        known: Its intervals; they are the new graph's, too.
    """
    for op in graph.operators:
        layer = layer_of(op, graph)
        numbers = None if layer is None else _canonical(layer, graph, known)
        if layer is not None and numbers is not None:
            graph = rewrite(graph, layer.op, numbers)
    return graph


def rewrite(graph: Graph, op: LayerOperator, numbers: Numbers) -> Graph:
    """The graph with a layer's numbers, in new tensors where other operators read the old ones."""
    weights, bias = graph.tensors[op.inputs[1]], bias_index(op)
    scales = tuple(float(scale) for scale in numbers.scales)
    data = filters(op, numbers.weights, weights.shape)
    new_weights = replace(
        weights,
        shape=data.shape,
        data=data.tobytes(),
        quantization=replace(quantization(weights), scales=scales, zero_points=(0,) * len(scales)),
    )
    graph, weights_index = _put(graph, new_weights)
    old_bias = replace(weights, name=f"{weights.name} bias", dtype=DType.INT32) if bias is None else graph.tensors[bias]
    values = numbers.bias.astype(np.int32)
    new_bias = replace(old_bias, shape=values.shape, data=values.tobytes(), quantization=None)
    graph, new_index = _put(graph, new_bias, is_new=bias is None)
    operators = list(graph.operators)
    operators[op.index] = replace(op, inputs=_with_constants(op, weights_index, new_index))
    return replace(graph, operators=tuple(operators))


def _with_constants(op: LayerOperator, weights: int, bias: int) -> tuple[int, ...]:
    """Its inputs with other weights and biases."""
    if isinstance(op, TransposeConv):
        return (op.inputs[0], weights, op.input, bias)
    return (op.input, weights, bias)


def _put(graph: Graph, tensor: Tensor, *, is_new: bool = False) -> tuple[Graph, int]:
    """The graph with the tensor at its place, or after all others if others read what is there."""
    uses = sum(op.inputs.count(tensor.index) for op in graph.operators) + graph.outputs.count(tensor.index)
    if is_new or uses > 1:
        tensor = replace(tensor, index=len(graph.tensors))
        return replace(graph, tensors=(*graph.tensors, tensor)), tensor.index
    tensors = (*graph.tensors[: tensor.index], tensor, *graph.tensors[tensor.index + 1 :])
    return replace(graph, tensors=tensors), tensor.index


def _canonical(layer: Layer, graph: Graph, known: Mapping[int, Interval]) -> Numbers | None:
    """The layer's new numbers; None if there is nothing to change."""
    data, weights, output = (graph.tensors[i] for i in (layer.op.input, layer.op.inputs[1], layer.op.output))
    low, high = known[output.index]
    sums = layer.sums(*known[data.index])
    odd = ~_is_usual(layer, *sums)
    constant = low == high
    if not (odd | (constant & (layer.weights != 0).any(axis=(1, 2)))).any():
        return None
    scales = np.array(quantization(weights).scales)
    usual = np.sort(np.broadcast_to(scales, (layer.outputs,))[~(odd | constant)])
    form = _Form(layer, scales, quantization(data).scale, quantization(output).scale, usual)
    numbers = Numbers(layer.weights.copy(), layer.bias.copy(), scales.copy())
    for channel in np.flatnonzero(constant):
        _make_constant(numbers, form, int(channel), int(low[channel]))
    for channel in np.flatnonzero(odd & ~constant):
        found = _equal_form(form, int(channel), (int(sums[0][channel]), int(sums[1][channel])))
        if found is not None:
            numbers.bias[channel] = found[0]
            if form.per_channel:
                numbers.scales[channel] = found[1]
    return numbers


def _is_usual(layer: Layer, low: Ints, high: Ints) -> NDArray[np.bool_]:
    """Which channels the fast kernels take as they are; `low` and `high` are the least and greatest sums."""
    small = (layer.bias + low > -LARGEST_SUM) & (layer.bias + high < LARGEST_SUM)
    return np.asarray(small & (layer.multiplier > 0) & (layer.shift >= SHIFTS[0]) & (layer.shift <= SHIFTS[1]))


@dataclass(frozen=True, slots=True)
class _Form:
    """A layer, the scales of its weights, of its input and of its output, and those of ordinary channels, sorted."""

    layer: Layer
    scales: NDArray[np.float64]
    data_scale: float
    output_scale: float
    usual: NDArray[np.float64]

    @property
    def per_channel(self) -> bool:
        return len(self.scales) > 1

    @property
    def scale(self) -> float:
        """One that suits the layer: the middle one of its ordinary channels."""
        if not self.per_channel:
            return float(self.scales[0])
        return float(self.usual[len(self.usual) // 2]) if len(self.usual) else self.scale_of(USUAL_FACTOR)

    def scale_of(self, factor: float) -> float:
        return factor * self.output_scale / self.data_scale

    def factor(self, scale: float) -> float:
        """In the order of `convolution_factors`."""
        return self.data_scale * scale / self.output_scale

    def outputs(self, accumulators: Ints, factor: tuple[int, int]) -> Ints:
        scaled = requantize(accumulators, *factor) + self.layer.zero_points[1]
        return np.asarray(np.clip(scaled, *self.layer.activation))


def _make_constant(numbers: Numbers, form: _Form, channel: int, value: int) -> None:
    """Zero weights, the usual scale, and a bias that rescales to the value; the old numbers where none does."""
    factor = form.factor(form.scale)
    middle = round((value - form.layer.zero_points[1]) / max(factor, _LEAST_FACTOR))
    candidates = middle + _NEARBY
    right = candidates[form.outputs(candidates, quantize_multiplier(factor)) == value]
    if len(right) and abs(int(right[0])) < LARGEST_SUM:
        numbers.weights[channel] = 0
        numbers.bias[channel] = right[0]
        if form.per_channel:
            numbers.scales[channel] = form.scale


def _equal_form(form: _Form, channel: int, sums: tuple[int, int]) -> tuple[int, float] | None:
    """A bias and a scale that give the channel's outputs for all its sums, from the least to the greatest.

    Outputs never fall as sums grow. So two forms are the same if they are at both ends, and on both sides of every
    place where the output steps.
    """
    layer = form.layer
    old = (int(layer.multiplier[channel]), int(layer.shift[channel]))
    bias = int(layer.bias[channel])
    if old[0] <= 0 or not layer.in_range(*(np.full(layer.outputs, bias + s) for s in sums))[channel]:
        return None
    steps = _steps(form, bias, old, sums)
    places = np.unique(np.concatenate([steps, steps - 1, sums]))
    wanted = form.outputs(places + bias, old)
    middle = int(np.flatnonzero(np.diff(wanted))[0])  # of the first step: the zero of what follows
    for scale in _scales(form, channel, sums):
        factor = form.factor(scale)
        pair = quantize_multiplier(factor)
        if pair[0] <= 0 or not SHIFTS[0] <= pair[1] <= SHIFTS[1]:
            continue
        half_way = (int(wanted[middle + 1]) - 0.5 - layer.zero_points[1]) / factor
        candidates = round(half_way) - int(places[middle + 1]) + _NEARBY
        candidates = candidates[(candidates + sums[0] > -LARGEST_SUM) & (candidates + sums[1] < LARGEST_SUM)]
        equal = (form.outputs(places + candidates[:, None], pair) == wanted).all(axis=1)
        if equal.any():
            return int(candidates[equal.argmax()]), scale
    return None


def _scales(form: _Form, channel: int, sums: tuple[int, int]) -> Iterator[float]:
    """Scales to try: the channel's own, and such with which all of its sums take less than one step."""
    if not form.per_channel:
        yield form.scale
        return
    yield float(form.scales[channel])
    yield form.scale
    least = form.scale_of(1 / max(sums[1] - sums[0], 1))
    yield from (least * 2.0**-exponent for exponent in range(-2, 6))


def _steps(form: _Form, bias: int, factor: tuple[int, int], sums: tuple[int, int]) -> Ints:
    """The sums, above the least, at which the output is larger than for the sum before: found by bisection."""
    first, last = (int(form.outputs(np.array([s + bias]), factor)[0]) for s in sums)
    values = np.arange(first + 1, last + 1)
    below, above = np.full(values.shape, sums[0], np.int64), np.full(values.shape, sums[1], np.int64)
    while (above - below > 1).any():
        half = (below + above) // 2
        reached = form.outputs(half + bias, factor) >= values
        below, above = np.where(reached, below, half), np.where(reached, half, above)
    return np.unique(above)

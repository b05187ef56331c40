"""Convolutions that are faster as others: filters with zeros, in return for products that fill their blocks."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING

from boardproof.model.graph import DType
from boardproof.project.runtimes.aot.kernelsets.dsp.any_window import any_convolution, any_depthwise
from boardproof.project.runtimes.aot.kernelsets.dsp.conv import choose_convolution, is_faster
from boardproof.project.runtimes.aot.kernelsets.dsp.depthwise import choose_depthwise
from boardproof.project.runtimes.aot.kernelsets.dsp.pack import UNIT
from boardproof.project.runtimes.aot.lowering.convolutions import (
    as_dense,
    as_depthwise,
    as_fewer_pixels,
    as_one_group,
)

if TYPE_CHECKING:
    from boardproof.model.graph import Conv2D, DepthwiseConv2D, Graph
    from boardproof.project.runtimes.aot.kernelsets.types import Tuning
    from boardproof.project.runtimes.aot.program import Step

LARGEST_JOINED = 8192
"""Bytes of weights of all groups together, with zeros, that are taken for the time they save."""

LARGEST_OF_PIXELS = 2048
"""The same, of several pixels."""

PIXELS = (2, 4)
"""Neighbouring outputs that are tried as the channels of one."""


def fastest_convolution(op: Conv2D, graph: Graph, tuning: Tuning) -> Step | None:
    """The step of `choose_convolution`, or one with several pixels as one where channels are fewer than a word has."""
    plain = choose_convolution(op, graph, tuning)
    weights = graph.tensors[op.inputs[1]]
    if plain is None or plain.ticks is None or min(weights.shape[0], weights.shape[3]) >= UNIT:
        return plain
    steps = [plain]
    for pixels in PIXELS:
        form = as_fewer_pixels(op, graph, pixels)
        if form is not None and form[1].tensors[op.inputs[1]].elements <= LARGEST_OF_PIXELS:
            step = choose_convolution(*form, tuning)
            steps += [replace(step, description=plain.description)] if step else []
    if weights.shape[0] == weights.shape[3] == graph.tensors[op.input].shape[3] == 1:
        lines = choose_depthwise(as_depthwise(op), graph)
        steps += [lines] if lines else []
    return min(steps, key=_ticks)


def fastest_depthwise(op: DepthwiseConv2D, graph: Graph, tuning: Tuning) -> Step | None:
    """The step of `choose_depthwise`, of `any_depthwise`, or a convolution where channels are fewer than a word has."""
    own, other = choose_depthwise(op, graph), any_depthwise(op, graph)
    if own is None or (own.ticks is not None and not is_faster(own, other, op, graph)):
        own = other
    channels, weights = graph.tensors[op.output].shape[3], graph.tensors[op.inputs[1]]
    if channels >= UNIT or weights.dtype is not DType.INT8:
        return own
    dense = fastest_convolution(*as_dense(op, graph), tuning)
    return dense if dense is not None and _ticks(dense) < (inf if own is None else _ticks(own)) else own


def grouped(op: Conv2D, graph: Graph, tuning: Tuning) -> Step | None:
    """One nn_conv2d_any_s8_dsp or its wide form; or one group with zeros for the others."""
    apart = any_convolution(op, graph)
    data, weights = (graph.tensors[i] for i in op.inputs[:2])
    is_small = weights.elements * data.shape[3] // weights.shape[3] <= LARGEST_JOINED
    if apart is None or data.shape[3] == weights.shape[3] or not is_small:
        return apart
    joined = choose_convolution(*as_one_group(op, graph), tuning)
    return joined if joined is not None and _ticks(joined) < _ticks(apart) else apart


def _ticks(step: Step) -> float:
    return inf if step.ticks is None else step.ticks

"""Why a layer has a slower kernel than its shape could have: because of its numbers, and which ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.graph import DType, Svdf
from boardproof.project.runtimes.aot.costs import step_ticks
from boardproof.project.runtimes.aot.kernelsets import PORTABLE, usable_sets
from boardproof.project.runtimes.aot.kernelsets.dsp.pack import lanes_fit
from boardproof.project.runtimes.aot.operands import quantization
from boardproof.project.runtimes.aot.passes.canonical import LARGEST_SUM, SHIFTS, USUAL_FACTOR, Numbers, rewrite
from boardproof.project.runtimes.aot.passes.layers import layer_of
from boardproof.project.runtimes.aot.program import Program, Step

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boardproof.model.graph import Graph, Operator
    from boardproof.project.boards import Board
    from boardproof.project.runtimes.aot.kernelsets.types import Tuning
    from boardproof.project.runtimes.aot.passes.layers import Layer

_LEAST_WEIGHT = -127


def fallbacks(program: Program, board: Board, tuning: Tuning) -> Mapping[int, str]:
    """A sentence for each step whose layer would have a faster kernel with ordinary weights, by the step's operator.

    Steps that have a portable kernel because that is smaller are not among them.
    """
    found: dict[int, str] = {}
    for step in program.steps:
        for index in step.implements:
            op = program.graph.operators[index]
            layer = layer_of(op, program.graph)
            if layer is None:
                reason = _svdf_reason(op, program.graph, board, tuning)
            else:
                reason = _reason(layer, step, program, board, tuning)
            if reason is not None:
                found[step.operator] = f"operator {index} ({op.name}): {reason}"
    return found


def _reason(layer: Layer, step: Step, program: Program, board: Board, tuning: Tuning) -> str | None:
    """Which kernel it has, why, and what that costs; None if it has the one of its shape, or one by choice."""
    why = _odd_channels(layer)
    if why is None:
        return None
    offered = _offer(layer.op, program.graph, board, tuning)
    ordinary = _ordinary(layer, program.graph)
    usual = _offer(layer.op, ordinary, board, tuning)
    if usual is None or (offered is not None and _plain(offered.kernel) == _plain(usual.kernel)):
        return None
    kernel = f"kernel {offered.kernel}" if offered is not None else "portable kernel"
    ticks = step_ticks(program, step), step_ticks(Program(ordinary, (usual,)), usual)
    slower = (
        f"; about {ticks[0] / ticks[1]:.1f} times slower" if ticks[0] and ticks[1] and len(step.implements) == 1 else ""
    )
    return f"{kernel}, because {why}{slower}"


def _svdf_reason(op: Operator, graph: Graph, board: Board, tuning: Tuning) -> str | None:
    """Why an SVDF has the portable kernel where others of its kind have another."""
    sets = [kernels for kernels in usable_sets(board.cpu) if kernels is not PORTABLE]
    if not sets or not isinstance(op, Svdf) or _offer(op, graph, board, tuning) is not None:
        return None
    weights = graph.tensors[op.inputs[1]]
    if weights.dtype is not DType.INT8 or lanes_fit(weights.array().astype(np.int8)):
        return None
    return "portable kernel, because a filter has a weight of -128 beside a negative one"


def _plain(kernel: str) -> str:
    """A kernel's name without what differs between kernels of about the same speed."""
    return kernel.replace("_two_sided", "")


def _offer(op: Operator, graph: Graph, board: Board, tuning: Tuning) -> Step | None:
    """What the first specialised set that has something offers."""
    offers = (kernels.choose(op, graph, tuning) for kernels in usable_sets(board.cpu) if kernels is not PORTABLE)
    return next((offer for offer in offers if isinstance(offer, Step)), None)


def _ordinary(layer: Layer, graph: Graph) -> Graph:
    """The graph with small weights, no biases and a usual factor in this layer."""
    data, weights, output = (graph.tensors[i] for i in (layer.op.input, layer.op.inputs[1], layer.op.output))
    scale = USUAL_FACTOR * quantization(output).scale / quantization(data).scale
    scales = np.full(len(quantization(weights).scales), scale)
    return rewrite(graph, layer.op, Numbers(np.ones_like(layer.weights), np.zeros_like(layer.bias), scales))


def _odd_channels(layer: Layer) -> str | None:
    """What is unusual about how many channels, the first kind of it that there is."""
    low, high = layer.sums(*(np.full(layer.inputs, bound, np.int64) for bound in (-128, 127)))
    largest = np.maximum(np.abs(layer.bias + low), np.abs(layer.bias + high))
    kinds = (
        ("a sum that may reach 2^23", largest >= LARGEST_SUM),
        ("a factor of a half or more", layer.shift > SHIFTS[1]),
        ("a factor below 2^-23", (layer.shift < SHIFTS[0]) | (layer.multiplier <= 0)),
        ("a weight of -128", (layer.weights < _LEAST_WEIGHT).any(axis=(1, 2))),
    )
    for what, channels in kinds:
        if channels.any():
            count = int(channels.sum())
            return f"{count} of {layer.outputs} channels {'has' if count == 1 else 'have'} {what}"
    return None

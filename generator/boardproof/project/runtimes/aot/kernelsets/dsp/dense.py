"""FULLY_CONNECTED to nn_fully_connected_s8_dsp, to its wide form, or to the one for few outputs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from boardproof.project.runtimes.aot.kernelsets.dsp.linear import is_int8, linear_layer, real_factors
from boardproof.project.runtimes.aot.kernelsets.dsp.pack import (
    DENSE_ROWS,
    UNIT,
    dense_stream,
    pack_dense,
    pack_wide,
    padded,
    plain_round,
    words,
)
from boardproof.project.runtimes.aot.operands import (
    activation_range,
    activation_text,
    flow_text,
    requant_fields,
)
from boardproof.project.runtimes.aot.overlap import safe_offset
from boardproof.project.runtimes.aot.program import InPlace, Params, Step, Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from boardproof.model.graph import Conv2D, FullyConnected, Graph, Tensor
    from boardproof.project.runtimes.aot.kernelsets.dsp.pack import Linear
    from boardproof.project.runtimes.aot.program import Value

    Fields = tuple[tuple[str, Value], ...]

ANY_ROWS = 4
"""Batches that nn_fully_connected_any_s8_dsp takes together."""

LARGEST_PART = 1024
"""Inputs that are unpacked at once, to two bytes each: more take memory and gain nothing."""


def choose_dense(op: FullyConnected | Conv2D, graph: Graph) -> Step | None:
    """The step; None if the layer cannot be packed, as with weights that are computed.

    Args:
        op: A fully connected layer, or a convolution that is one: of a single window that is the whole image, or of
            windows of one pixel each.
        graph: Its graph.
    """
    data, weights = graph.tensors[op.input], graph.tensors[op.inputs[1]]
    if not (is_int8(data, weights) and weights.is_constant):
        return None
    linear = linear_layer(op, graph, weights.array().reshape(weights.shape[0], -1))
    if len(linear.bias) < DENSE_ROWS:
        return _any(op, graph, linear)
    depth = linear.weights.shape[1]
    packed = pack_dense(linear) if depth <= LARGEST_PART else None
    if packed is not None:
        fields: Fields = (
            _stream(weights, packed.stream),
            ("multiplier", packed.multiplier),
            ("shift", packed.shift),
            ("round", packed.round),
            ("one_sided", int(packed.one_sided)),
        )
        step = _step(op, graph, "nn_fully_connected_s8_dsp", fields, _unpacked_bytes(depth, 1))
        return replace(step, ticks=_ticks(step, graph, depth, 0))
    wide = pack_wide(linear, lambda part, head, _: dense_stream(part, head), -(-depth // LARGEST_PART))
    if wide is None:
        return _any(op, graph, linear)
    outputs = -(-weights.shape[0] // DENSE_ROWS) * DENSE_ROWS
    fields = (
        _stream(weights, np.concatenate([words(padded(linear.bias, outputs)), wide.stream])),
        ("parts", wide.parts),
        ("output_zero_point", linear.output_zero_point),
        ("round", plain_round(linear)),
        *requant_fields(real_factors(op, graph)),
    )
    scratch_bytes = _unpacked_bytes(depth, wide.parts) + 4 * outputs
    step = _step(op, graph, "nn_fully_connected_wide_s8_dsp", fields, scratch_bytes)
    return replace(step, ticks=_ticks(step, graph, depth, 24))


def _any(op: FullyConnected | Conv2D, graph: Graph, linear: Linear) -> Step:
    """One nn_fully_connected_any_s8_dsp, which takes all there is."""
    weights = graph.tensors[op.inputs[1]]
    rows, bias = linear.weights.reshape(-1), words(linear.folded_bias).view(np.int32)
    fields: Fields = (
        ("output_zero_point", linear.output_zero_point),
        ("round", plain_round(linear)),
        *requant_fields(real_factors(op, graph)),
        ("weights", Table("weights", rows, f"weights, {weights.label}", weights.index)),
        ("bias", Table("bias", bias, "biases, with what the input zero point contributes")),
    )
    step = _step(op, graph, "nn_fully_connected_any_s8_dsp", fields, 0)
    outputs, depth = linear.weights.shape
    batches = graph.tensors[op.input].elements // depth
    whole = batches // ANY_ROWS * ANY_ROWS
    begins = np.array([*range(0, whole, ANY_ROWS), *range(whole, batches)])
    ends = np.append(begins[1:], batches)
    in_place = InPlace(0, safe_offset(begins * depth, ends * outputs, reads_first=False))
    ticks = _any_ticks(batches, depth, outputs)
    return replace(step, scratch_bytes=None, in_place=(in_place,), ticks=ticks)


def _ticks(step: Step, graph: Graph, depth: int, per_output: int) -> int:
    """Instructions of a kernel that unpacks its inputs, about; fitted to what QEMU counts."""
    batches = graph.tensors[step.inputs[0]].elements // depth
    outputs = graph.tensors[step.outputs[0]].elements // batches
    groups, units = -(-outputs // DENSE_ROWS), -(-depth // UNIT)
    return 100 + round(batches * (100 + 8.4 * units + groups * (17 + 14.7 * units) + per_output * outputs))


def _any_ticks(batches: int, depth: int, outputs: int) -> int:
    """Instructions, about; fitted to what QEMU counts."""
    blocks, left = divmod(batches, ANY_ROWS)
    alone = 2.5 if outputs == 1 else 2.0
    return round(100 + outputs * (blocks * (195 + 7.4 * depth) + left * (60 + alone * depth)))


def _unpacked_bytes(depth: int, parts: int) -> int:
    units = -(-depth // UNIT)
    return 8 * -(-units // parts)


def _stream(weights: Tensor, values: NDArray[np.uint32]) -> tuple[str, Value]:
    return ("stream", Table("stream", values, f"biases and weights, {weights.label}", weights.index))


def _step(op: FullyConnected | Conv2D, graph: Graph, kernel: str, fields: Fields, scratch_bytes: int) -> Step:
    data, weights, output = (graph.tensors[i] for i in (*op.inputs[:2], op.output))
    low, high = activation_range(op.activation, output)
    size, depth = weights.shape[0], weights.elements // weights.shape[0]
    batches = np.arange(data.elements // depth)
    shape: Fields = (
        ("batches", batches.size),
        ("input_size", depth),
        ("output_size", size),
        ("activation_min", low),
        ("activation_max", high),
    )
    return Step(
        operator=op.index,
        implements=(op.index,),
        kernel=kernel,
        header="nn_fully_connected_dsp.h",
        params=Params(kernel, (*shape, *fields)),
        inputs=(op.input,),
        outputs=(op.output,),
        scratch_bytes=scratch_bytes,
        in_place=(InPlace(0, safe_offset(batches * depth, (batches + 1) * size, reads_first=True)),),
        description=flow_text(data, output) + activation_text(op.activation),
    )

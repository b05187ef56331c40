"""Layers of int16 activations and int8 weights to the _s16_dsp kernels.

Sums are kept in 32 bits, where TensorFlow Lite Micro has 64: a layer is taken only if none of its sums, for any inputs,
leaves them. Rescaling is then the same single rounding in three instructions: see nn_gemm_s16_dsp.h.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.fixed_point import quantize_multiplier
from boardproof.model.graph import DepthwiseConv2D, DType, FullyConnected
from boardproof.project.runtimes.aot.kernelsets.blocks import (
    PIXELS,
    block_fields,
    blockwise,
    depthwise_fields,
    in_fours,
    runs_of,
)
from boardproof.project.runtimes.aot.kernelsets.dsp.pack import UNIT, padded
from boardproof.project.runtimes.aot.kernelsets.dsp.pack_int16 import (
    GROUP,
    Packed,
    dense_stream,
    gemm_stream,
    group_stream,
    in_units,
    pack_int16,
)
from boardproof.project.runtimes.aot.operands import (
    activation_range,
    activation_text,
    flow_text,
    shape_text,
)
from boardproof.project.runtimes.aot.operators.elementwise.rescaling import add_factors
from boardproof.project.runtimes.aot.operators.windows.convolution import window_text
from boardproof.project.runtimes.aot.overlap import first_reads, padding_before, pixelwise_offset
from boardproof.project.runtimes.aot.program import InPlace, Params, Step, Table
from boardproof.project.runtimes.aot.steps import kernel_step

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from boardproof.model.graph import Binary, Conv2D, Graph, Tensor
    from boardproof.project.runtimes.aot.program import Fields

    Layer = Conv2D | DepthwiseConv2D | FullyConnected

_SAMPLE_BYTES = 2
_HALF = 0.5


def is_int16(op: Layer, graph: Graph) -> bool:
    """Whether data are int16 and weights constant int8."""
    data, weights = graph.tensors[op.input], graph.tensors[op.inputs[1]]
    return data.dtype is DType.INT16 and weights.dtype is DType.INT8 and weights.is_constant


def choose_convolution_s16(op: Conv2D, graph: Graph) -> Step | None:
    """One nn_conv2d_s16_dsp; None if a sum can be too large, or a factor is unusual."""
    data, weights, output = (graph.tensors[i] for i in (*op.inputs[:2], op.output))
    packed = pack_int16(op, graph, weights.array().reshape(weights.shape[0], -1))
    if packed is None:
        return None
    runs, run = runs_of(op, graph)
    groups = data.shape[3] // weights.shape[3]
    laid_out = in_units(packed.weights.reshape(-1, weights.shape[1] * runs, run))
    fields: Fields = (
        *block_fields(op, graph),
        *_gemm_fields(weights, packed, laid_out, groups, activation_range(op.activation, output)),
    )
    pairs = -(-weights.shape[0] // groups // 2)
    scratch_bytes = 8 * laid_out.shape[1] + _SAMPLE_BYTES * 2 * PIXELS * pairs + -(-run // 2) * 2 * _SAMPLE_BYTES
    text = f"{flow_text(data, output)}, {window_text((weights.shape[1], weights.shape[2]), op.window)}"
    in_place = blockwise(op, graph)
    step = _step(op, Params("nn_conv2d_s16_dsp", fields), text, *in_place, scratch_bytes=scratch_bytes)
    return replace(step, ticks=_convolution_ticks(op, graph, laid_out.shape[1] // UNIT, pairs))


def _convolution_ticks(op: Conv2D, graph: Graph, units: int, pairs: int) -> int:
    """Instructions, about: by blocks, fitted to what QEMU counts of single layers."""
    data, weights, output = (graph.tensors[i] for i in (*op.inputs[:2], op.output))
    blocks = data.shape[0] * data.shape[3] // weights.shape[3] * -(-output.shape[1] * output.shape[2] // PIXELS)
    pad = padding_before((data.shape[1], data.shape[2]), (weights.shape[1], weights.shape[2]), op.window)[1]
    left = np.arange(output.shape[2]) * op.window.stride[1] - pad
    right = left + (weights.shape[2] - 1) * op.window.dilation[1]
    at_border = float(np.mean((left < 0) | (right >= data.shape[2]))) * weights.elements / weights.shape[0]
    window = 15 + 60 * weights.shape[1] * runs_of(op, graph)[0] + 6 * units + 10 * at_border
    return round(blocks * (100 + pairs * (87 + 26 * units) + PIXELS * window))


def _gemm_fields(
    weights: Tensor, packed: Packed, laid_out: NDArray[np.int8], groups: int, limits: tuple[int, int]
) -> Fields:
    parts = np.split(np.arange(len(laid_out)), groups)
    streams = [gemm_stream(packed, laid_out, part) for part in parts]
    stream = np.concatenate(streams)
    return (
        ("stream_words", len(streams[0])),
        ("activation_min", limits[0]),
        ("activation_max", limits[1]),
        ("gemm.stream", Table("stream", stream, f"biases, weights, factors, {weights.label}", weights.index)),
        ("gemm.units", laid_out.shape[1] // UNIT),
        ("gemm.pairs", -(-len(parts[0]) // 2)),
        ("gemm.positive", int(limits[0] == 0)),
    )


def choose_dense_s16(op: FullyConnected, graph: Graph) -> Step | None:
    """One nn_fully_connected_s16_dsp; None as for a convolution."""
    data, weights, output = (graph.tensors[i] for i in (*op.inputs[:2], op.output))
    packed = pack_int16(op, graph, weights.array())
    if packed is None:
        return None
    units, depth = weights.shape
    low, high = activation_range(op.activation, output)
    stream = dense_stream(packed, in_units(packed.weights[:, None]))
    fields: Fields = (
        ("batches", data.elements // depth),
        ("input_size", depth),
        ("output_size", units),
        ("activation_min", low),
        ("activation_max", high),
        ("stream", Table("stream", stream, f"biases, weights, factors, {weights.label}", weights.index)),
    )
    return _step(op, Params("nn_fully_connected_s16_dsp", fields), flow_text(data, output))


def choose_depthwise_s16(op: DepthwiseConv2D, graph: Graph) -> Step | None:
    """One nn_depthwise_conv2d_s16_dsp; None as for a convolution."""
    data, weights, output = (graph.tensors[i] for i in (*op.inputs[:2], op.output))
    outputs, kernel = output.shape[3], (weights.shape[1], weights.shape[2])
    packed = pack_int16(op, graph, weights.array().reshape(-1, outputs).T)
    if packed is None:
        return None
    low, high = activation_range(op.activation, output)
    vector = op.depth_multiplier == 1 and outputs >= GROUP
    if vector:
        packed = packed.of(in_fours(outputs))
    taps = padded(packed.weights, -(-len(packed.weights) // GROUP) * GROUP, packed.weights.shape[1])
    by_group = taps.reshape(-1, GROUP, taps.shape[1]).transpose(0, 2, 1)[..., [0, 2, 1, 3]]
    stream = group_stream(packed, np.ascontiguousarray(by_group).reshape(len(by_group), -1).view("<u4"))
    table = Table("stream", stream, f"biases, weights, factors, {weights.label}", weights.index)
    fields: Fields = (
        *depthwise_fields(op, graph, table, vector=vector),
        ("activation_min", low),
        ("activation_max", high),
    )
    offset = pixelwise_offset(first_reads(data.shape, kernel, op.window), outputs)
    text = f"{flow_text(data, output)}, {window_text(kernel, op.window)}"
    step = _step(op, Params("nn_depthwise_conv2d_s16_dsp", fields), text, InPlace(0, offset * _SAMPLE_BYTES))
    four = 89 + 9.7 * taps.shape[1] if vector else 195 + 17 * taps.shape[1]
    return replace(step, ticks=round(output.elements // outputs * (92 + len(by_group) * four)))


def choose_add_s16(op: Binary, graph: Graph) -> Step | None:
    """One nn_add_s16_dsp for two inputs of one shape; None if a factor is unusual."""
    first, second, output = (graph.tensors[i] for i in (*op.inputs[:2], op.output))
    if first.shape != second.shape or output.dtype is not DType.INT16:
        return None
    factors = add_factors(first, second, output)
    larger = int(factors[0] < factors[1])
    multiplier2, shift2 = quantize_multiplier(factors[1 - larger])
    multiplier, shift = quantize_multiplier(factors[2])
    if factors[larger] != _HALF or not (0 <= -shift2 < 31 and 1 <= -shift < 31) or multiplier2 == 0:  # noqa: PLR2004
        return None
    low, high = activation_range(op.activation, output)
    fields: Fields = (
        ("count", output.elements),
        ("activation_min", low),
        ("activation_max", high),
        ("multiplier2", multiplier2),
        ("shift2", -shift2),
        ("multiplier", multiplier),
        ("shift", -shift),
    )
    return Step(
        operator=op.index,
        implements=(op.index,),
        kernel="nn_add_s16_dsp",
        header="nn_add_s16_dsp.h",
        params=Params("nn_add_s16_dsp", fields),
        inputs=(op.inputs[larger], op.inputs[1 - larger]),
        outputs=(op.output,),
        in_place=(InPlace(0), InPlace(1)),
        description=f"{shape_text(first)} + {shape_text(first)}" + activation_text(op.activation),
    )


def _step(op: Layer, params: Params, text: str, *in_place: InPlace, scratch_bytes: int | None = None) -> Step:
    text += activation_text(op.activation)
    return kernel_step(op, "nn_conv_s16_dsp.h", params, (op.input,), text, *in_place, scratch_bytes=scratch_bytes)

"""Convolutions that the faster _dsp kernels do not take: grouped, dilated, of several images, with multipliers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boardproof.project.runtimes.aot.kernelsets.blocks import PIXELS, blockwise, depthwise_fields
from boardproof.project.runtimes.aot.kernelsets.dsp.linear import is_int8, linear_layer, real_factors, wide_fields
from boardproof.project.runtimes.aot.kernelsets.dsp.pack import (
    UNIT,
    fits,
    gemm_stream,
    lanes_fit,
    pack_wides,
    padded,
    plain_round,
    scaled_bias,
    words,
)
from boardproof.project.runtimes.aot.kernelsets.dsp.rescale import one_sided_layer, two_sided
from boardproof.project.runtimes.aot.operands import (
    activation_range,
    activation_text,
    flow_text,
    quantization,
)
from boardproof.project.runtimes.aot.operators.windows.convolution import window_fields, window_text
from boardproof.project.runtimes.aot.overlap import first_reads, pixelwise_offset, places_inside
from boardproof.project.runtimes.aot.program import InPlace, Params, Step, Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from boardproof.model.graph import Conv2D, DepthwiseConv2D, Graph
    from boardproof.project.runtimes.aot.kernelsets.dsp.pack import Linear
    from boardproof.project.runtimes.aot.program import Fields

GROUP = 4
"""Outputs that the depthwise kernel computes together."""


def any_convolution(op: Conv2D, graph: Graph) -> Step | None:
    """One nn_conv2d_any_s8_dsp, or its wide form; None if weights do not fit their lanes."""
    data, weights = (graph.tensors[i] for i in op.inputs[:2])
    if not (is_int8(data, weights) and weights.is_constant):
        return None
    channels, *kernel, depth = weights.shape
    if depth == 1 and data.shape[3] == channels > 1:  # a depthwise convolution, which the portable kernel does faster
        return None
    whole = padded(weights.array().astype(np.int8), channels, *kernel, -(-depth // UNIT) * UNIT)
    linear = linear_layer(op, graph, whole.reshape(channels, -1))
    return _any(op, graph, linear) or _any_wide(op, graph, linear)


def _any(op: Conv2D, graph: Graph, linear: Linear) -> Step | None:
    """None if a sum can be too large, or the factors have no form."""
    if not (fits(linear) and lanes_fit(linear.weights)):
        return None
    one = one_sided_layer(linear.channels, linear.output_zero_point) if linear.is_one_sided else None
    rescale = one or two_sided(linear.channels)
    if rescale is None:
        return None
    bias = scaled_bias(linear) + rescale.offset + (np.zeros_like(rescale.shift) if one else rescale.shift)
    streams = [
        gemm_stream(linear.weights[part], bias[part], rescale.multiplier[part]) for part in _group_channels(op, graph)
    ]
    round_, shift = 0 if one else 2 * linear.output_zero_point + 1, int(one.shift[0]) if one else 0
    return _step(op, graph, _fields(op, graph, streams, round_, shift))


def _any_wide(op: Conv2D, graph: Graph, linear: Linear) -> Step | None:
    """All groups are cut into as many parts."""
    packed = pack_wides([linear.of(part) for part in _group_channels(op, graph)])
    if packed is None:
        return None
    streams = [each.stream for each in packed]
    fields: Fields = (
        *((f"conv.{name}", value) for name, value in _fields(op, graph, streams, 0, 0)),
        *wide_fields([linear], packed[0].parts, real_factors(op, graph)),
    )
    return _step(op, graph, fields, "nn_conv2d_any_wide_s8_dsp")


def _group_channels(op: Conv2D, graph: Graph) -> list[NDArray[np.int64]]:
    """The output channels of each group."""
    channels, *_, depth = graph.tensors[op.inputs[1]].shape
    return np.split(np.arange(channels), graph.tensors[op.input].shape[3] // depth)


def _fields(op: Conv2D, graph: Graph, streams: list[NDArray[np.uint32]], round_: int, shift: int) -> Fields:
    """Of struct nn_conv2d_any_s8_dsp."""
    data, weights, output = (graph.tensors[i] for i in (*op.inputs[:2], op.output))
    channels, *kernel, depth = weights.shape
    low, high = activation_range(op.activation, output)
    stream = Table("stream", np.concatenate(streams), f"biases, weights, factors, {weights.label}", weights.index)
    return (
        *window_fields(data, output, (kernel[0], kernel[1]), op.window),
        ("batches", data.shape[0]),
        ("input_channels", data.shape[3]),
        ("output_channels", channels),
        ("groups", len(streams)),
        ("input_zero_point", quantization(data).zero_point),
        ("activation_min", low),
        ("activation_max", high),
        ("stream_words", streams[0].size),
        ("gemm.stream", stream),
        ("gemm.units", kernel[0] * kernel[1] * -(-depth // UNIT)),
        ("gemm.pairs", -(-channels // len(streams) // 2)),
        ("gemm.round", round_),
        ("gemm.shift", shift),
    )


def _step(op: Conv2D, graph: Graph, fields: Fields, kernel: str = "nn_conv2d_any_s8_dsp") -> Step:
    data, weights, output = (graph.tensors[i] for i in (*op.inputs[:2], op.output))
    channels, *window, depth = weights.shape
    groups, places = data.shape[3] // depth, window[0] * window[1]
    pairs, units = -(-channels // groups // 2), places * -(-depth // UNIT)
    tile = pairs if kernel == "nn_conv2d_any_s8_dsp" else 5 * pairs
    detour = 65 if tile == pairs else 345  # of what rescales and stores a pair's outputs
    blocks = data.shape[0] * groups * -(-output.shape[1] * output.shape[2] // PIXELS)
    return Step(
        operator=op.index,
        implements=(op.index,),
        kernel=kernel,
        header="nn_conv2d_dsp.h",
        params=Params(kernel, fields),
        inputs=(op.input,),
        outputs=(op.output,),
        scratch_bytes=2 * PIXELS * (UNIT * units + tile),
        in_place=blockwise(op, graph),
        ticks=300 + blocks * (pairs * (23 * units + detour) + 72 * units + 140 * places + 50),
        description=f"{flow_text(data, output)}, {window_text((window[0], window[1]), op.window)}"
        + activation_text(op.activation),
    )


def any_depthwise(op: DepthwiseConv2D, graph: Graph) -> Step | None:
    """One nn_depthwise_any_s8_dsp; None if a sum can be too large, or a factor is unusual."""
    data, weights, output = (graph.tensors[i] for i in (*op.inputs[:2], op.output))
    if not (is_int8(data, weights) and weights.is_constant):
        return None
    outputs, kernel = output.shape[3], (weights.shape[1], weights.shape[2])
    linear = linear_layer(op, graph, weights.array().reshape(-1, outputs).T)
    round_ = plain_round(linear)
    if round_ == 0:
        return None
    groups = -(-outputs // GROUP)
    size = groups * GROUP
    taps = padded(linear.weights, size, linear.weights.shape[1]).reshape(groups, GROUP, -1).transpose(0, 2, 1)
    bias, multiplier, shift = (
        words(padded(values, size)).reshape(-1, GROUP) for values in (linear.bias, linear.multiplier, -linear.shift)
    )
    packed = np.ascontiguousarray(taps).reshape(groups, -1).view("<u4")
    stream = np.concatenate([bias, packed, multiplier, shift], axis=1, dtype=np.uint32, casting="unsafe")
    low, high = activation_range(op.activation, output)
    table = Table("stream", stream.reshape(-1), f"biases, weights, factors, {weights.label}", weights.index)
    fields: Fields = (
        *depthwise_fields(op, graph, table, vector=op.depth_multiplier == 1 and outputs % UNIT == 0),
        ("input_zero_point", quantization(data).zero_point),
        ("round", round_),
        ("activation_min", low),
        ("activation_max", high),
    )
    offset = pixelwise_offset(first_reads(data.shape, kernel, op.window), outputs)
    return Step(
        operator=op.index,
        implements=(op.index,),
        kernel="nn_depthwise_any_s8_dsp",
        header="nn_depthwise_any_dsp.h",
        params=Params("nn_depthwise_any_s8_dsp", fields),
        inputs=(op.input,),
        outputs=(op.output,),
        in_place=(InPlace(0, offset),),
        ticks=_depthwise_ticks(op, graph),
        description=f"{flow_text(data, output)}, {window_text(kernel, op.window)}" + activation_text(op.activation),
    )


def _depthwise_ticks(op: DepthwiseConv2D, graph: Graph) -> int:
    """Instructions, about; fitted to what QEMU counts. Windows are computed as far as they are in the image."""
    data, weights, output = (graph.tensors[i].shape for i in (*op.inputs[:2], op.output))
    rows, columns = places_inside((data[1], data[2]), (weights[1], weights[2]), op.window)
    is_vector = op.depth_multiplier == 1 and output[3] % GROUP == 0
    group, tap = (96, 13.5) if is_vector else (168, 21.6)
    windows, groups = output[1] * output[2], -(-output[3] // GROUP)
    four = group * windows + 17 * rows * output[2] + tap * rows * columns
    return round(70 + data[0] * (72 * windows + groups * four))

"""Layers of floats to the _fpu kernels. Weights must be finite: see nn_conv_f32_fpu.h."""

from __future__ import annotations

from dataclasses import replace
from math import gcd
from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.graph import Conv2D, DepthwiseConv2D, DType, FullyConnected
from boardproof.project.runtimes.aot.kernelsets.blocks import PIXELS, block_fields, blockwise, in_fours
from boardproof.project.runtimes.aot.kernelsets.fpu.ticks import CHANNELS, convolution_ticks, depthwise_ticks
from boardproof.project.runtimes.aot.lowering.convolutions import as_grouped, pixels_in_a_row
from boardproof.project.runtimes.aot.operands import activation_text, flow_text, plain_range
from boardproof.project.runtimes.aot.operators.windows.convolution import window_fields, window_text
from boardproof.project.runtimes.aot.overlap import first_reads, pixelwise_offset
from boardproof.project.runtimes.aot.program import InPlace, Params, Step, Table
from boardproof.project.runtimes.aot.steps import kernel_step

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from boardproof.model.graph import Graph, Operator
    from boardproof.project.runtimes.aot.kernelsets.types import Tuning
    from boardproof.project.runtimes.aot.program import Fields

    Layer = Conv2D | DepthwiseConv2D | FullyConnected

_FEW = 8
"""Channels, from which on pixels are not computed together: what is computed twice of each is little."""

DENSE_ROWS = 8
"""NN_DENSE_F32_ROWS."""

_FLOAT_BYTES = 4

_LARGEST = float(np.finfo(np.float32).max)


def choose_fpu(op: Operator, graph: Graph, _tuning: Tuning) -> Step | None:
    """The step with a kernel for an FPU; None where there is none for this operator."""
    if not isinstance(op, Conv2D | DepthwiseConv2D | FullyConnected):
        return None
    data, weights = graph.tensors[op.input], graph.tensors[op.inputs[1]]
    bias = op.optional_input(2)
    is_known = weights.is_constant and (bias is None or graph.tensors[bias].is_constant)
    if data.dtype is not DType.FLOAT32 or weights.dtype is not DType.FLOAT32 or not is_known:
        return None
    if not np.isfinite(weights.array()).all():
        return None
    match op:
        case Conv2D():
            return convolution(op, graph)
        case DepthwiseConv2D():
            return depthwise(op, graph)
        case FullyConnected():
            return dense(op, graph)


def convolution(op: Conv2D, graph: Graph) -> Step | None:
    """One nn_conv2d_f32_fpu; None for one output channel, of which three in four would be nothing."""
    op, graph = pixels_in_a_row(op, graph)
    data, weights, output = (graph.tensors[i] for i in (*op.inputs[:2], op.output))
    groups = data.shape[3] // weights.shape[3]
    if weights.shape[0] == groups:
        return None
    rows = weights.array().reshape(groups, weights.shape[0] // groups, -1)
    streams = [_stream(part, bias, CHANNELS) for part, bias in zip(rows, _biases(op, graph, groups), strict=True)]
    low, high = plain_range(op.activation, data.dtype)
    inputs, fours = rows.shape[2], -(-rows.shape[1] // CHANNELS)
    fields: Fields = (
        *block_fields(op, graph),
        ("stream_floats", streams[0].size),
        ("gemm.stream", Table("stream", np.concatenate(streams), f"weights, biases, {weights.label}", weights.index)),
        ("gemm.depth", inputs),
        ("gemm.fours", fours),
        ("gemm.positive", int(low == 0.0)),
        ("gemm.limited", int(_is_limited(low, high))),
        ("gemm.activation_min", low),
        ("gemm.activation_max", high),
    )
    scratch_bytes = _FLOAT_BYTES * PIXELS * (inputs + CHANNELS * fours)
    text = f"{flow_text(data, output)}, {window_text((weights.shape[1], weights.shape[2]), op.window)}"
    ticks = convolution_ticks(op, graph, limited=_is_limited(low, high))
    in_place = blockwise(op, graph)
    step = _step(op, Params("nn_conv2d_f32_fpu", fields), text, *in_place, scratch_bytes=scratch_bytes)
    return replace(step, ticks=ticks)


def dense(op: FullyConnected, graph: Graph) -> Step | None:
    """One nn_fully_connected_f32_fpu; None for so few outputs that eight at a time are slower."""
    data, weights, output = (graph.tensors[i] for i in (*op.inputs[:2], op.output))
    units, depth = weights.shape
    if units < DENSE_ROWS // 2:
        return None
    low, high = plain_range(op.activation, data.dtype)
    stream = _stream(weights.array(), _biases(op, graph, 1)[0], DENSE_ROWS)
    fields: Fields = (
        ("batches", data.elements // depth),
        ("input_size", depth),
        ("output_size", units),
        ("activation_min", low),
        ("activation_max", high),
        ("stream", Table("stream", stream, f"weights, biases, {weights.label}", weights.index)),
    )
    return _step(op, Params("nn_fully_connected_f32_fpu", fields), flow_text(data, output))


def depthwise(op: DepthwiseConv2D, graph: Graph) -> Step | None:
    """One nn_depthwise_conv2d_f32_fpu; a convolution where one channel alone has four filters, or is alone itself."""
    data, weights, output = (graph.tensors[i] for i in (*op.inputs[:2], op.output))
    if op.depth_multiplier > 1 and (data.shape[3] == 1 or op.depth_multiplier >= CHANNELS):
        return convolution(*as_grouped(op, graph))
    kernel = (weights.shape[1], weights.shape[2])
    low, high = plain_range(op.activation, data.dtype)
    outputs = output.shape[3]
    neighbours = op.depth_multiplier == 1
    is_few = neighbours and outputs < _FEW and outputs % CHANNELS != 0 and op.window.stride[1] == 1
    order = in_fours(outputs) if neighbours and outputs >= CHANNELS else np.arange(outputs)
    together = CHANNELS // gcd(outputs, CHANNELS) if is_few else 1
    fields: Fields = (
        *window_fields(data, output, kernel, op.window),
        ("batches", data.shape[0]),
        ("input_channels", data.shape[3]),
        ("multiplier", op.depth_multiplier),
        ("together", together),
        ("activation_min", low),
        ("activation_max", high),
        ("stream", _table(op, graph, "stream", order)),
        (
            "stream_together",
            _table(op, graph, "together", np.arange(together * outputs) % outputs) if is_few else None,
        ),
    )
    offset = pixelwise_offset(first_reads(data.shape, kernel, op.window), outputs)
    text = f"{flow_text(data, output)}, {window_text(kernel, op.window)}"
    ticks = depthwise_ticks(op, graph, together, limited=_is_limited(low, high))
    step = _step(op, Params("nn_depthwise_conv2d_f32_fpu", fields), text, InPlace(0, offset * _FLOAT_BYTES))
    return replace(step, ticks=ticks)


def _is_limited(low: float, high: float) -> bool:
    """Whether finite outputs that are not below zero, where that is the least, can be beyond these limits."""
    return high < _LARGEST or low not in {0.0, -_LARGEST}


def _table(op: DepthwiseConv2D, graph: Graph, name: str, order: NDArray[np.int64]) -> Table:
    """A stream of these outputs."""
    weights = graph.tensors[op.inputs[1]]
    rows = weights.array().reshape(-1, weights.shape[3]).T
    stream = _stream(rows[order], _biases(op, graph, 1)[0, order], CHANNELS)
    return Table(name, stream, f"weights, biases, {weights.label}", weights.index)


def _biases(op: Layer, graph: Graph, groups: int) -> NDArray[np.float32]:
    """float32 [groups, outputs of a group]; zeros where there are none, as TensorFlow Lite Micro adds them.

    None is -0: 0 gives the same, since what it is added to is never -0 there.
    """
    index, weights = op.optional_input(2), graph.tensors[op.inputs[1]]
    outputs = weights.shape[3 if isinstance(op, DepthwiseConv2D) else 0]
    bias = np.zeros(outputs, np.float32) if index is None else graph.tensors[index].array().astype(np.float32)
    return bias.reshape(groups, -1) + np.float32(0)


def _stream(weights: NDArray[np.generic], bias: NDArray[np.float32], together: int) -> NDArray[np.float32]:
    """Weights [outputs, inputs], so many outputs at a time: [inputs][together], then their biases; zeros at the end."""
    outputs, inputs = weights.shape
    groups = -(-outputs // together)
    rows = np.zeros((groups * together, inputs + 1), np.float32)
    rows[:outputs, :-1], rows[:outputs, -1] = weights, bias
    return rows.reshape(groups, together, -1).transpose(0, 2, 1).reshape(-1)


def _step(op: Layer, params: Params, text: str, *in_place: InPlace, scratch_bytes: int | None = None) -> Step:
    text += activation_text(op.activation)
    return kernel_step(op, "nn_conv_f32_fpu.h", params, (op.input,), text, *in_place, scratch_bytes=scratch_bytes)

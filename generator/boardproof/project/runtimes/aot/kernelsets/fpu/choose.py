"""Layers of floats to the _fpu kernels. Weights must be finite: see nn_conv_f32_fpu.h."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.graph import Conv2D, DepthwiseConv2D, DType, FullyConnected
from boardproof.project.runtimes.aot.kernelsets.blocks import PIXELS, block_fields, blockwise
from boardproof.project.runtimes.aot.lowering.convolutions import as_grouped
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

CHANNELS = 4
"""NN_GEMM_F32_CHANNELS, and what the depthwise kernel computes together."""

DENSE_ROWS = 8
"""NN_DENSE_F32_ROWS."""

_FLOAT_BYTES = 4


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
        ("gemm.positive", int((low, high) == (0.0, float(np.finfo(np.float32).max)))),
        ("gemm.activation_min", low),
        ("gemm.activation_max", high),
    )
    scratch_bytes = _FLOAT_BYTES * PIXELS * (inputs + CHANNELS * fours)
    text = f"{flow_text(data, output)}, {window_text((weights.shape[1], weights.shape[2]), op.window)}"
    in_place = blockwise(op, graph)
    return _step(op, Params("nn_conv2d_f32_fpu", fields), text, *in_place, scratch_bytes=scratch_bytes)


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
    """One nn_depthwise_conv2d_f32_fpu; several filters for each channel are groups of a convolution."""
    if op.depth_multiplier != 1:
        return convolution(*as_grouped(op, graph))
    data, weights, output = (graph.tensors[i] for i in (*op.inputs[:2], op.output))
    kernel = (weights.shape[1], weights.shape[2])
    low, high = plain_range(op.activation, data.dtype)
    table = Table("weights", weights.array().reshape(-1), f"weights, {weights.label}", weights.index)
    fields: Fields = (
        *window_fields(data, output, kernel, op.window),
        ("batches", data.shape[0]),
        ("channels", data.shape[3]),
        ("activation_min", low),
        ("activation_max", high),
        ("weights", table),
        ("bias", Table("bias", _biases(op, graph, 1)[0], "biases")),
    )
    offset = pixelwise_offset(first_reads(data.shape, kernel, op.window), data.shape[3])
    text = f"{flow_text(data, output)}, {window_text(kernel, op.window)}"
    return _step(op, Params("nn_depthwise_conv2d_f32_fpu", fields), text, InPlace(0, offset * _FLOAT_BYTES))


def _biases(op: Layer, graph: Graph, groups: int) -> NDArray[np.float32]:
    """float32 [groups, outputs of a group]; zeros where there are none, as TensorFlow Lite Micro adds them."""
    index, weights = op.optional_input(2), graph.tensors[op.inputs[1]]
    outputs = weights.shape[3 if isinstance(op, DepthwiseConv2D) else 0]
    bias = np.zeros(outputs, np.float32) if index is None else graph.tensors[index].array().astype(np.float32)
    return bias.reshape(groups, -1)


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

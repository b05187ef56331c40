"""CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED to portable kernels, by the type of the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.graph import DType
from boardproof.project.runtimes.aot.operands import (
    SUFFIXES,
    activation_range,
    activation_text,
    convolution_factors,
    flow_text,
    plain_range,
    quantization,
    requant_fields,
    requant_int16_fields,
)
from boardproof.project.runtimes.aot.overlap import (
    channelwise_offset,
    first_reads,
    padding_before,
    pixelwise_offset,
    safe_offset,
)
from boardproof.project.runtimes.aot.program import InPlace, Params, Step, Table

if TYPE_CHECKING:
    from boardproof.model.graph import Conv2D, DepthwiseConv2D, FullyConnected, Graph, Tensor, Window
    from boardproof.project.runtimes.aot.program import Value

Fields = tuple[tuple[str, "Value"], ...]

_HEADERS = {DType.INT8: "nn_conv.h", DType.INT16: "nn_conv_s16.h", DType.FLOAT32: "nn_conv_f32.h"}


def lower_conv2d(op: Conv2D, graph: Graph) -> Step:
    """One nn_conv2d, grouped if the filter has fewer channels than the input."""
    data, weights, output = (graph.tensors[i] for i in (*op.inputs[:2], op.output))
    kernel = (weights.shape[1], weights.shape[2])
    fields: Fields = (
        *window_fields(data, output, kernel, op.window),
        ("batches", data.shape[0]),
        ("input_channels", data.shape[3]),
        ("output_channels", weights.shape[0]),
        ("groups", data.shape[3] // weights.shape[3]),
        *_arithmetic_fields(op, graph),
    )
    offset = pixelwise_offset(first_reads(data.shape, kernel, op.window), weights.shape[0])
    text = f"{flow_text(data, output)}, {window_text(kernel, op.window)}"
    return _step(op, data, Params("nn_conv2d", fields), offset, text)


def lower_depthwise(op: DepthwiseConv2D, graph: Graph) -> Step:
    """One nn_depthwise_conv2d."""
    data, weights, output = (graph.tensors[i] for i in (*op.inputs[:2], op.output))
    kernel = (weights.shape[1], weights.shape[2])
    fields: Fields = (
        *window_fields(data, output, kernel, op.window),
        ("batches", data.shape[0]),
        ("input_channels", data.shape[3]),
        ("multiplier", op.depth_multiplier),
        *_arithmetic_fields(op, graph),
    )
    reads = first_reads(data.shape, kernel, op.window)
    offset = channelwise_offset(reads, data.shape[3], op.depth_multiplier)
    text = f"{flow_text(data, output)}, {window_text(kernel, op.window)}"
    return _step(op, data, Params("nn_depthwise_conv2d", fields), offset, text)


def lower_fully_connected(op: FullyConnected, graph: Graph) -> Step:
    """One nn_fully_connected."""
    data, weights, output = (graph.tensors[i] for i in (*op.inputs[:2], op.output))
    units, depth = weights.shape
    batches = data.elements // depth
    fields: Fields = (
        ("batches", batches),
        ("input_size", depth),
        ("output_size", units),
        *_arithmetic_fields(op, graph),
    )
    rows = np.arange(batches)
    offset = safe_offset(rows * depth, (rows + 1) * units, reads_first=False)
    return _step(op, data, Params("nn_fully_connected", fields), offset, flow_text(data, output))


def window_fields(data: Tensor, output: Tensor, kernel: tuple[int, int], window: Window) -> Fields:
    """The `window` member of a parameter struct."""
    top, left = padding_before((data.shape[1], data.shape[2]), kernel, window)
    return (
        ("window.input_height", data.shape[1]),
        ("window.input_width", data.shape[2]),
        ("window.output_height", output.shape[1]),
        ("window.output_width", output.shape[2]),
        ("window.kernel_height", kernel[0]),
        ("window.kernel_width", kernel[1]),
        ("window.stride_height", window.stride[0]),
        ("window.stride_width", window.stride[1]),
        ("window.dilation_height", window.dilation[0]),
        ("window.dilation_width", window.dilation[1]),
        ("window.pad_top", top),
        ("window.pad_left", left),
    )


def window_text(kernel: tuple[int, int], window: Window) -> str:
    """A window for comments, such as "3x3 stride 2x2 SAME" or, with padding of a PAD, "3x3 stride 2x2 PAD 0+1 0+1"."""
    dilation = "" if window.dilation == (1, 1) else f" dilation {window.dilation[0]}x{window.dilation[1]}"
    stride = f"stride {window.stride[0]}x{window.stride[1]}"
    sides = [f"{before}+{after}" for before, after in window.border if before or after]
    padding = " ".join(["PAD", *(f"{before}+{after}" for before, after in window.border)]) if sides else ""
    return f"{kernel[0]}x{kernel[1]} {stride}{dilation} {padding or window.padding.name}"


def _arithmetic_fields(op: Conv2D | DepthwiseConv2D | FullyConnected, graph: Graph) -> Fields:
    """What depends on the type: rescaling or plain clamping, weights and biases."""
    data, weights, output = (graph.tensors[i] for i in (*op.inputs[:2], op.output))
    bias = op.optional_input(2)
    tables: Fields = (
        ("weights", Table("weights", _flat(weights), f"weights, {weights.label}", weights.index)),
        ("bias", None if bias is None else bias_table(graph.tensors[bias])),
    )
    if data.dtype is DType.FLOAT32:
        low, high = plain_range(op.activation, data.dtype)
        return (("activation_min", low), ("activation_max", high), *tables)
    factors = convolution_factors(data, weights, output)
    range_ = activation_range(op.activation, output)
    if data.dtype is DType.INT16:
        return (*requant_int16_fields(factors, range_), *tables)
    return (
        ("input_zero_point", quantization(data).zero_point),
        ("output_zero_point", quantization(output).zero_point),
        ("activation_min", range_[0]),
        ("activation_max", range_[1]),
        *requant_fields(factors),
        *tables,
    )


def bias_table(bias: Tensor) -> Table:
    """Biases, aligned for their type."""
    values = _flat(bias)
    return Table("bias", values, "biases", bias.index, alignment=max(values.itemsize, 4))


def _flat(tensor: Tensor) -> np.ndarray[tuple[int], np.dtype[np.generic]]:
    return tensor.array().reshape(-1)


def _step(op: Conv2D | DepthwiseConv2D | FullyConnected, data: Tensor, params: Params, offset: int, text: str) -> Step:
    """One kernel; `params` without the type in its name, `offset` in elements."""
    name = f"{params.struct}_{SUFFIXES[data.dtype]}"
    return Step(
        operator=op.index,
        implements=(op.index,),
        kernel=name,
        header=_HEADERS[data.dtype],
        params=Params(name, params.fields),
        inputs=(op.input,),
        outputs=(op.output,),
        in_place=(InPlace(0, offset * data.dtype.size_bytes),),
        description=text + activation_text(op.activation),
    )

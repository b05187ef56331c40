"""Operators that are convolutions under another name, whose kernels are faster.

A depthwise convolution of one channel: all filters see that channel. A transposed convolution with strides of 1: turned
round, with as much padding as its own leaves. A column of pixels is a row as it is: kernels take the pixels of a row
together.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.graph import Conv2D, DepthwiseConv2D, DType, Padding, TransposeConv, Window
from boardproof.project.runtimes.aot.operands import bias_index
from boardproof.project.runtimes.aot.overlap import padding_before

if TYPE_CHECKING:
    from boardproof.model.graph import Graph, Operator, Tensor


def as_convolution(op: Operator, graph: Graph) -> tuple[Operator, Graph]:
    """The same computation as a CONV_2D with its filter [O,KH,KW,I], if `op` is such an operator; else as it is."""
    match op:
        case DepthwiseConv2D():
            return _lying(*_single_channel(op, graph))
        case Conv2D():
            return _lying(op, graph)
        case TransposeConv() if op.window.stride == (1, 1) and graph.tensors[op.inputs[1]].is_constant:
            return _lying(*_turned(op, graph))
        case _:
            return op, graph


def _lying(op: Conv2D | DepthwiseConv2D, graph: Graph) -> tuple[Conv2D | DepthwiseConv2D, Graph]:
    """Height and width exchanged where all widths are 1."""
    data, weights, output = (graph.tensors[i] for i in (*op.inputs[:2], op.output))
    window = op.window
    widths = (data.shape[2], weights.shape[2], output.shape[2], 1 + sum(window.border[1]))
    if data.shape[1] == 1 or not weights.is_constant or widths != (1, 1, 1, 1):
        return op, graph
    for tensor in (data, weights, output):
        count, height, width, channels = tensor.shape
        graph = _with(graph, replace(tensor, shape=(count, width, height, channels)))
    lying = Window(window.padding, (1, window.stride[0]), (1, window.dilation[0]), window.border[::-1])
    return replace(op, window=lying), graph


def _single_channel(op: DepthwiseConv2D, graph: Graph) -> tuple[Conv2D | DepthwiseConv2D, Graph]:
    data, weights = (graph.tensors[i] for i in op.inputs[:2])
    if data.shape[3] != 1 or data.dtype is not DType.INT8 or weights.dtype is not DType.INT8:
        return op, graph
    return as_grouped(op, graph)


def as_grouped(op: DepthwiseConv2D, graph: Graph) -> tuple[Conv2D, Graph]:
    """The same computation as a CONV_2D with its filter [O,KH,KW,1], and as many groups as there are channels."""
    convolution = Conv2D(op.index, op.version, op.inputs, op.outputs, op.window, op.activation)
    return convolution, _with(graph, _filters_first(graph.tensors[op.inputs[1]]))


def as_depthwise(op: Conv2D) -> DepthwiseConv2D:
    """A convolution of one channel to one channel: its filter [1,KH,KW,1] is a depthwise one as it is."""
    return DepthwiseConv2D(op.index, op.version, op.inputs, op.outputs, op.window, 1, op.activation)


def as_dense(op: DepthwiseConv2D, graph: Graph) -> tuple[Conv2D, Graph]:
    """The same computation as a CONV_2D of one group, whose filters [O,KH,KW,I] have zeros for all channels but one."""
    weights, channels = graph.tensors[op.inputs[1]], graph.tensors[op.input].shape[3]
    first = _filters_first(weights)
    mine = np.arange(first.shape[0])[:, None] // op.depth_multiplier == np.arange(channels)
    filters = np.where(mine[:, None, None], first.array(), 0).astype(first.array().dtype)
    convolution = Conv2D(op.index, op.version, op.inputs, op.outputs, op.window, op.activation)
    return convolution, _with(graph, replace(first, shape=filters.shape, data=filters.tobytes()))


def as_one_group(op: Conv2D, graph: Graph) -> tuple[Conv2D, Graph]:
    """The same computation by filters [O,KH,KW,C] that have zeros for the channels of all groups but their own."""
    weights, channels = graph.tensors[op.inputs[1]], graph.tensors[op.input].shape[3]
    mine = np.split(weights.array(), channels // weights.shape[3])
    filters = np.zeros((*weights.shape[:3], channels), weights.array().dtype)
    for group, part in enumerate(mine):
        rows = slice(group * len(part), (group + 1) * len(part))
        filters[rows, :, :, group * weights.shape[3] : (group + 1) * weights.shape[3]] = part
    return op, _with(graph, replace(weights, shape=filters.shape, data=filters.tobytes()))


def pixels_in_a_row(op: Conv2D, graph: Graph) -> tuple[Conv2D, Graph]:
    """The image as one row where each output is of one pixel alone, in order: no row ends within a block of pixels."""
    data, weights, output = (graph.tensors[i] for i in (*op.inputs[:2], op.output))
    is_padded = any(sum(sides) for sides in op.window.border)
    if weights.shape[1:3] != (1, 1) or op.window.stride != (1, 1) or is_padded:
        return op, graph
    for tensor in (data, output):
        count, height, width, channels = tensor.shape
        graph = _with(graph, replace(tensor, shape=(count, 1, height * width, channels)))
    return op, graph


def as_fewer_pixels(op: Conv2D, graph: Graph, pixels: int) -> tuple[Conv2D, Graph] | None:
    """The same computation with `pixels` neighbouring outputs of a row as the channels of one.

    Filters are as much wider, with zeros for what is in the windows of the others. Where windows are of one pixel each,
    inputs are taken together likewise. None where rows (there: images) do not divide by it, or there are several
    images, groups or dilation.
    """
    data, weights, output = (graph.tensors[i] for i in (*op.inputs[:2], op.output))
    (count, height, width, depth), (channels, *kernel, _) = data.shape, weights.shape
    if (count, op.window.dilation, weights.shape[3]) != (1, (1, 1), depth):
        return None
    is_pointwise = (*kernel, *op.window.stride) == (1, 1, 1, 1) and output.shape[:3] == data.shape[:3]
    rows, columns = (1, height * width) if is_pointwise else output.shape[1:3]
    if columns % pixels:
        return None
    step = op.window.stride[1]
    filters = np.zeros((pixels, channels, kernel[0], (pixels - 1) * step + kernel[1], depth), np.int8)
    for pixel in range(pixels):
        filters[pixel, :, :, pixel * step : pixel * step + kernel[1]] = weights.array()
    shape = (pixels * channels, *filters.shape[2:])
    window = op.window
    if is_pointwise:
        shape = (pixels * channels, 1, 1, pixels * depth)
        graph = _with(graph, replace(data, shape=(1, 1, columns // pixels, pixels * depth)))
    else:
        before = padding_before((height, width), (kernel[0], kernel[1]), op.window)
        covered = ((rows - 1) * op.window.stride[0] + kernel[0], (columns - pixels) * step + shape[2])
        ends = zip(before, covered, (height, width), strict=True)
        border = [(first, max(all_ - size - first, 0)) for first, all_, size in ends]
        window = Window(Padding.VALID, (op.window.stride[0], pixels * step), border=(border[0], border[1]))
    graph = _with(graph, _repeated(replace(weights, shape=shape, data=filters.tobytes()), pixels))
    graph = _with(graph, replace(output, shape=(1, rows, columns // pixels, pixels * channels)))
    bias = bias_index(op)
    if bias is not None:
        tensor = graph.tensors[bias]
        again = np.tile(tensor.array(), pixels)
        graph = _with(graph, replace(tensor, shape=again.shape, data=again.tobytes()))
    return replace(op, window=window), graph


def _repeated(weights: Tensor, times: int) -> Tensor:
    """The weights with as many scales, if there is more than one."""
    quantization = weights.quantization
    if quantization is None or len(quantization.scales) == 1:
        return weights
    zero_points = quantization.zero_points * times
    return replace(
        weights, quantization=replace(quantization, scales=quantization.scales * times, zero_points=zero_points)
    )


def _turned(op: TransposeConv, graph: Graph) -> tuple[Conv2D, Graph]:
    """An output meets input `output + pad - tap`. Sums are added up in the order of the inputs by both operators."""
    data, weights, output = (graph.tensors[i] for i in (op.input, op.inputs[1], op.output))
    kernel, size = (weights.shape[1], weights.shape[2]), (output.shape[1], output.shape[2])
    pads = padding_before(size, kernel, op.window)
    before = [k - 1 - pad for k, pad in zip(kernel, pads, strict=True)]
    after = [o - n + k - 1 - b for o, n, k, b in zip(size, data.shape[1:3], kernel, before, strict=True)]
    window = Window(Padding.VALID, (1, 1), border=((before[0], after[0]), (before[1], after[1])))
    bias = bias_index(op)
    inputs = (op.input, op.inputs[1], *(() if bias is None else (bias,)))
    turned = np.ascontiguousarray(weights.array()[:, ::-1, ::-1])
    convolution = Conv2D(op.index, op.version, inputs, op.outputs, window, op.activation)
    return convolution, _with(graph, replace(weights, data=turned.tobytes()))


def _with(graph: Graph, tensor: Tensor) -> Graph:
    tensors = (*graph.tensors[: tensor.index], tensor, *graph.tensors[tensor.index + 1 :])
    return replace(graph, tensors=tensors)


def _filters_first(weights: Tensor) -> Tensor:
    data = np.ascontiguousarray(weights.array().transpose(3, 1, 2, 0))
    quantization = weights.quantization and replace(weights.quantization, axis=0)
    return replace(weights, shape=data.shape, data=data.tobytes(), quantization=quantization)

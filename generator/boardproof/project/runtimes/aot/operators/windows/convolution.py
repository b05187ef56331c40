"""CONV_2D and DEPTHWISE_CONV_2D, and what FULLY_CONNECTED has in common with them: by the type of the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.fixed_point import INT32_MAX
from boardproof.model.graph import Conv2D, DepthwiseConv2D, DType, FullyConnected
from boardproof.project.runtimes.aot.checks.findings import QUANTIZE_HINT, RECONVERT_HINT, TFLM_HINT
from boardproof.project.runtimes.aot.checks.scales import (
    MAX_SHIFT,
    MAX_SHIFT_INT16,
    check_activation,
    check_factors,
    check_symmetric,
)
from boardproof.project.runtimes.aot.entry import FLOAT, INT8, INT16, Entry, alike
from boardproof.project.runtimes.aot.operands import (
    RANGES,
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
from boardproof.project.runtimes.aot.overlap import channelwise_offset, first_reads, padding_before, pixelwise_offset
from boardproof.project.runtimes.aot.program import InPlace, Params, Step, Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from boardproof.model.graph import Graph, Tensor, Window
    from boardproof.model.preflight import Finding
    from boardproof.project.runtimes.aot.checks.findings import Subject
    from boardproof.project.runtimes.aot.program import Fields


_HEADERS = {DType.INT8: "nn_conv.h", DType.INT16: "nn_conv_s16.h", DType.FLOAT32: "nn_conv_f32.h"}
_WEIGHT_TYPES = {
    DType.INT8: {DType.INT8, DType.INT4},
    DType.INT16: {DType.INT8},
    DType.FLOAT32: {DType.FLOAT32},
}
_BIAS_TYPES = {DType.INT8: DType.INT32, DType.INT16: DType.INT64, DType.FLOAT32: DType.FLOAT32}


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
        *weight_fields(op, graph),
    )
    offset = pixelwise_offset(first_reads(data.shape, kernel, op.window), weights.shape[0])
    text = f"{flow_text(data, output)}, {window_text(kernel, op.window)}"
    return layer_step(op, data, Params("nn_conv2d", fields), offset, text)


def lower_depthwise(op: DepthwiseConv2D, graph: Graph) -> Step:
    """One nn_depthwise_conv2d."""
    data, weights, output = (graph.tensors[i] for i in (*op.inputs[:2], op.output))
    kernel = (weights.shape[1], weights.shape[2])
    fields: Fields = (
        *window_fields(data, output, kernel, op.window),
        ("batches", data.shape[0]),
        ("input_channels", data.shape[3]),
        ("multiplier", op.depth_multiplier),
        *weight_fields(op, graph),
    )
    reads = first_reads(data.shape, kernel, op.window)
    offset = channelwise_offset(reads, data.shape[3], op.depth_multiplier)
    text = f"{flow_text(data, output)}, {window_text(kernel, op.window)}"
    return layer_step(op, data, Params("nn_depthwise_conv2d", fields), offset, text)


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


def weight_fields(op: Conv2D | DepthwiseConv2D | FullyConnected, graph: Graph) -> Fields:
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


def layer_step(
    op: Conv2D | DepthwiseConv2D | FullyConnected, data: Tensor, params: Params, offset: int, text: str
) -> Step:
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


def check_weights(op: Conv2D | DepthwiseConv2D | FullyConnected, subject: Subject) -> Iterator[Finding]:
    """Weights and biases: constant, symmetric, of the right types; factors and sums in range."""
    yield from check_activation(op.activation, subject)
    weights, bias = subject.input(1), op.optional_input(2)
    biases = None if bias is None else subject.graph.tensors[bias]
    problems = [*_check_constants(subject, weights, biases)]
    is_float = subject.input(0).dtype is DType.FLOAT32
    if not is_float and weights.dtype in _WEIGHT_TYPES[subject.input(0).dtype]:
        problems += _check_scales(op, subject, weights)
    yield from problems
    if problems or is_float:
        return
    yield from check_symmetric(subject)
    yield from _check_sums(op, subject, biases)


def _check_sums(
    op: Conv2D | DepthwiseConv2D | FullyConnected, subject: Subject, biases: Tensor | None
) -> Iterator[Finding]:
    """Factors and sums in the range of the arithmetic for the data's type."""
    data, weights = subject.input(0), subject.input(1)
    narrow = not isinstance(op, DepthwiseConv2D) and op.narrow_sums
    if data.dtype is DType.INT16 and biases is None and narrow:
        yield subject.error("unsupported-type", "sums int16 products in 32 bits", RECONVERT_HINT, data)
    factors = convolution_factors(data, weights, subject.output)
    largest, bits, most = (INT32_MAX, 32, MAX_SHIFT) if data.dtype is DType.INT8 else (2**47 - 1, 48, MAX_SHIFT_INT16)
    yield from check_factors(subject, factors, most)
    if _largest_sum(op, data, weights, biases) > largest:
        what = f"can overflow its {bits}-bit sum with the largest inputs"
        yield subject.error("accumulator-overflow", what, "Use fewer inputs to the layer or smaller weights.", weights)


def _check_constants(subject: Subject, weights: Tensor, biases: Tensor | None) -> Iterator[Finding]:
    data = subject.input(0).dtype
    if not weights.is_constant:
        yield subject.error("weights", f"has weights that are computed ({weights.label})", TFLM_HINT, weights)
    elif weights.dtype not in _WEIGHT_TYPES[data]:
        what = f"has {weights.dtype} weights ({weights.label}) for {data} data"
        yield subject.error("unsupported-type", what, QUANTIZE_HINT, weights)
    if biases is not None and not (biases.is_constant and biases.dtype is _BIAS_TYPES[data]):
        article = "a" if data is DType.FLOAT32 else "an"
        what = f"has biases ({biases.label}) that are not {article} {_BIAS_TYPES[data]} constant"
        yield subject.error("weights", what, RECONVERT_HINT, biases)


def _check_scales(
    op: Conv2D | DepthwiseConv2D | FullyConnected, subject: Subject, weights: Tensor
) -> Iterator[Finding]:
    if weights.quantization is None:
        yield subject.error("quantization", f"has weights without a scale ({weights.label})", QUANTIZE_HINT, weights)
        return
    if any(weights.quantization.zero_points):
        what = f"has weights whose zero point is not 0 ({weights.label})"
        yield subject.error("quantization", what, RECONVERT_HINT, weights)
    axis = 3 if isinstance(op, DepthwiseConv2D) else 0
    if weights.quantization.per_channel and weights.quantization.axis != axis:
        what = f"has weights with scales along axis {weights.quantization.axis}, not {axis} ({weights.label})"
        yield subject.error("quantization", what, RECONVERT_HINT, weights)
    if isinstance(op, FullyConnected) and weights.quantization.per_channel and weights.dtype is DType.INT4:
        yield subject.error("quantization", "has int4 weights with a scale per output", RECONVERT_HINT, weights)


def _largest_sum(
    op: Conv2D | DepthwiseConv2D | FullyConnected, data: Tensor, weights: Tensor, biases: Tensor | None
) -> int:
    """The largest magnitude an accumulator can reach, over all inputs and output channels."""
    low, high = RANGES[data.dtype]
    zero_point = quantization(data).zero_point
    channel_axis = 3 if isinstance(op, DepthwiseConv2D) else 0
    magnitudes = np.abs(np.moveaxis(weights.array(), channel_axis, 0).astype(np.int64))
    sums = magnitudes.reshape(magnitudes.shape[0], -1).sum(axis=1) * max(high - zero_point, zero_point - low)
    if biases is not None:
        sums = sums + np.abs(biases.array().astype(np.int64)).reshape(-1)
    return int(sums.max(initial=0))


_WEIGHTS = "weights and biases are constants, int16 has int64 biases, and no sum can overflow"

ENTRIES: Mapping[str, Entry] = {
    "CONV_2D": Entry(lower_conv2d, alike(INT8, INT16, FLOAT), check_weights, limits=_WEIGHTS),
    "DEPTHWISE_CONV_2D": Entry(lower_depthwise, alike(INT8, INT16, FLOAT), check_weights, limits=_WEIGHTS),
}

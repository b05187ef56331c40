"""TRANSPOSE_CONV, BATCH_MATMUL, CUMSUM and RESIZE_BILINEAR to portable kernels, int8."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.fixed_point import quantize_multiplier
from boardproof.model.shapes import constant_ints
from boardproof.project.runtimes.aot.lower_conv import window_fields, window_text
from boardproof.project.runtimes.aot.operands import (
    activation_range,
    activation_text,
    convolution_factors,
    flow_text,
    quantization,
    requant_fields,
    shape_text,
)
from boardproof.project.runtimes.aot.overlap import padding_before, pixelwise_offset
from boardproof.project.runtimes.aot.program import InPlace, Params, Step, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from boardproof.model.graph import BatchMatMul, CumSum, Graph, Operator, ResizeBilinear, Tensor, TransposeConv
    from boardproof.project.runtimes.aot.program import Value

    Fields = tuple[tuple[str, Value], ...]

BATCH_AXES = 3
"""NN_MATMUL_BATCH_AXES in nn_batch_matmul.h."""

CUMSUM_BITS = 20
"""CUMSUM scales up by this many bits, and halves."""

_BILINEAR_ONE = 1 << 10
"""The weight 1."""


def lower_transpose_conv(op: TransposeConv, graph: Graph) -> Step:
    """One nn_transpose_conv_s8."""
    weights, data, output = (graph.tensors[i] for i in (op.inputs[1], op.input, op.output))
    kernel = (weights.shape[1], weights.shape[2])
    bias = op.optional_input(3)
    low, high = activation_range(op.activation, output)
    fields: Fields = (
        *window_fields(output, data, kernel, op.window),
        ("batches", data.shape[0]),
        ("input_channels", data.shape[3]),
        ("output_channels", output.shape[3]),
        ("input_zero_point", quantization(data).zero_point),
        ("output_zero_point", quantization(output).zero_point),
        ("activation_min", low),
        ("activation_max", high),
        *requant_fields(convolution_factors(data, weights, output)),
        ("weights", Table("weights", weights.array().reshape(-1), f"weights, {weights.label}", weights.index)),
        ("bias", None if bias is None else Table("bias", graph.tensors[bias].array().reshape(-1), "biases", bias)),
    )
    offset = pixelwise_offset(_first_uses(op, data.shape, output.shape, kernel), output.shape[3])
    text = f"{flow_text(data, output)}, {window_text(kernel, op.window)}" + activation_text(op.activation)
    return _step(
        op, "nn_transpose_conv.h", Params("nn_transpose_conv_s8", fields), (op.input,), text, InPlace(0, offset)
    )


def _first_uses(
    op: TransposeConv, data: Sequence[int], output: Sequence[int], kernel: tuple[int, int]
) -> NDArray[np.int64]:
    """For each output pixel, in order: the index of the first input element that it, or a pixel after it, reads."""
    pads = padding_before((output[1], output[2]), kernel, op.window)
    rows, columns = (
        np.array(-(-(np.arange(count) + pad - k + 1) // stride)).clip(0, size)
        for count, pad, k, stride, size in zip(output[1:3], pads, kernel, op.window.stride, data[1:3], strict=True)
    )
    batch = np.arange(data[0])[:, None, None] * data[1]
    elements: NDArray[np.int64] = ((batch + rows[:, None]) * data[2] + columns) * data[3]
    return elements.reshape(-1)


def lower_batch_matmul(op: BatchMatMul, graph: Graph) -> Step:
    """One nn_batch_matmul_s8; adjoints are other strides."""
    left, right, output = (graph.tensors[i] for i in (*op.inputs, op.output))
    left_strides, right_strides = (_strides(tensor, output) for tensor in (left, right))
    left_row, left_depth = left_strides[:-3:-1] if op.adjoint_left else left_strides[-2:]
    right_depth, right_column = right_strides[:-3:-1] if op.adjoint_right else right_strides[-2:]
    multiplier, shift = quantize_multiplier(matmul_factor(left, right, output))
    batches = output.shape[:-2]
    missing = BATCH_AXES - len(batches)
    fields: Fields = (
        ("batches", (1,) * missing + batches),
        ("left_batch", (0,) * missing + left_strides[:-2]),
        ("right_batch", (0,) * missing + right_strides[:-2]),
        ("rows", output.shape[-2]),
        ("depth", left.shape[-2 if op.adjoint_left else -1]),
        ("columns", output.shape[-1]),
        ("left_row", left_row),
        ("left_depth", left_depth),
        ("right_depth", right_depth),
        ("right_column", right_column),
        ("left_zero_point", quantization(left).zero_point),
        ("right_zero_point", quantization(right).zero_point),
        ("output_zero_point", quantization(output).zero_point),
        ("multiplier", multiplier),
        ("shift", shift),
    )
    text = f"{shape_text(left)} * {shape_text(right)} -> {shape_text(output)}"
    return _step(op, "nn_batch_matmul.h", Params("nn_batch_matmul_s8", fields), op.inputs, text)


def matmul_factor(left: Tensor, right: Tensor, output: Tensor) -> float:
    """Accumulator scale to output scale, as TFLM's BATCH_MATMUL computes it.

    Source: GetQuantizedConvolutionMultipler in tensorflow/lite/kernels/kernel_util.cc.
    """
    return quantization(left).scale * quantization(right).scale / quantization(output).scale


def _strides(tensor: Tensor, output: Tensor) -> tuple[int, ...]:
    """Elements per index of each of the output's axes; 0 for batch axes that are repeated."""
    shape = (1,) * (len(output.shape) - len(tensor.shape)) + tensor.shape
    last = len(shape) - 2
    return tuple(0 if size == 1 and axis < last else prod(shape[axis + 1 :]) for axis, size in enumerate(shape))


def lower_cumsum(op: CumSum, graph: Graph) -> Step:
    """One nn_cumsum_s8."""
    data, output = graph.tensors[op.input], graph.tensors[op.output]
    (axis,) = constant_ints(graph.tensors[op.inputs[1]]) or [0]
    axis %= len(data.shape)
    multiplier, shift = quantize_multiplier(cumsum_factor(data, output))
    fields: Fields = (
        ("outer", prod(data.shape[:axis])),
        ("count", data.shape[axis]),
        ("inner", prod(data.shape[axis + 1 :])),
        ("exclusive", int(op.exclusive)),
        ("reverse", int(op.reverse)),
        ("input_zero_point", quantization(data).zero_point),
        ("output_zero_point", quantization(output).zero_point),
        ("multiplier", multiplier),
        ("shift", shift),
    )
    text = f"{shape_text(data)}, along axis {axis}"
    return _step(op, "nn_cumsum.h", Params("nn_cumsum_s8", fields), (op.input,), text, InPlace(0))


def cumsum_factor(data: Tensor, output: Tensor) -> float:
    """Twice the input scale to the output scale, with CUMSUM_BITS fractional bits.

    Source: CalculateOpData in tensorflow/lite/micro/kernels/cumsum.cc.
    """
    return 2 * quantization(data).scale / ((1 << CUMSUM_BITS) * quantization(output).scale)


def lower_resize_bilinear(op: ResizeBilinear, graph: Graph) -> Step:
    """One nn_resize_bilinear_s8."""
    data, output = graph.tensors[op.input], graph.tensors[op.output]
    rows, columns = (bilinear_table(op, data.shape[axis], output.shape[axis]) for axis in (1, 2))
    fields: Fields = (
        ("batches", data.shape[0]),
        ("channels", data.shape[3]),
        ("input_height", data.shape[1]),
        ("input_width", data.shape[2]),
        ("output_height", output.shape[1]),
        ("output_width", output.shape[2]),
        ("rows", _bilinear_table("rows", rows)),
        ("columns", _bilinear_table("columns", columns)),
    )
    return _step(op, "nn_resize.h", Params("nn_resize_bilinear_s8", fields), (op.input,), flow_text(data, output))


def bilinear_table(op: ResizeBilinear, size: int, output_size: int) -> NDArray[np.int64]:
    """For each output row or column: two input ones, and the weight of the second, shape [output_size, 3].

    Source: tensorflow/lite/kernels/internal/reference/resize_bilinear.h, integer version.
    """
    if op.align_corners and output_size > 1:
        scale = (_BILINEAR_ONE * (size - 1) + (output_size - 1) // 2) // (output_size - 1)
    else:
        scale = (_BILINEAR_ONE * size + output_size // 2) // output_size
    places = np.arange(output_size, dtype=np.int64) * scale
    if op.half_pixel_centers:
        places += scale // 2 - _BILINEAR_ONE // 2
    # Division rounds to zero in C, but what is below zero is clamped to it.
    first = places.clip(0) // _BILINEAR_ONE
    second = np.minimum((places + _BILINEAR_ONE - 1).clip(0) // _BILINEAR_ONE, size - 1)
    return np.stack([first, second, places - _BILINEAR_ONE * first], axis=1)


def _bilinear_table(name: str, values: NDArray[np.int64]) -> Table:
    return Table(name, values.astype(np.int16).reshape(-1), "two inputs and the second's weight, 10 fractional bits")


def _step(op: Operator, header: str, params: Params, inputs: tuple[int, ...], text: str, *in_place: InPlace) -> Step:
    return Step(
        operator=op.index,
        implements=(op.index,),
        kernel=params.struct,
        header=header,
        params=params,
        inputs=inputs,
        outputs=(op.output,),
        in_place=in_place,
        description=text,
    )

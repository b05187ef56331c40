"""TRANSPOSE_CONV, BATCH_MATMUL, CUMSUM and RESIZE_BILINEAR to portable kernels, by the type of the data."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.fixed_point import quantize_multiplier
from boardproof.model.graph import DType
from boardproof.model.shapes.graph import constant_ints
from boardproof.project.runtimes.aot.lowering.conv import bias_table, window_fields, window_text
from boardproof.project.runtimes.aot.operands import (
    INT16_MAX,
    SUFFIXES,
    activation_range,
    activation_text,
    convolution_factors,
    flow_text,
    plain_range,
    quantization,
    requant_fields,
    requant_int16_fields,
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
    """One nn_transpose_conv."""
    weights, data, output = (graph.tensors[i] for i in (op.inputs[1], op.input, op.output))
    kernel = (weights.shape[1], weights.shape[2])
    bias = op.optional_input(3)
    fields: Fields = (
        *window_fields(output, data, kernel, op.window),
        ("batches", data.shape[0]),
        ("input_channels", data.shape[3]),
        ("output_channels", output.shape[3]),
        *_rescaling_fields(op, data, weights, output),
        ("weights", Table("weights", weights.array().reshape(-1), f"weights, {weights.label}", weights.index)),
        ("bias", None if bias is None else bias_table(graph.tensors[bias])),
    )
    offset = pixelwise_offset(_first_uses(op, data.shape, output.shape, kernel), output.shape[3])
    text = f"{flow_text(data, output)}, {window_text(kernel, op.window)}" + activation_text(op.activation)
    in_place = InPlace(0, offset * data.dtype.size_bytes)
    return _step(op, "nn_transpose_conv.h", _params("nn_transpose_conv", data, fields), (op.input,), text, in_place)


def _rescaling_fields(op: TransposeConv, data: Tensor, weights: Tensor, output: Tensor) -> Fields:
    if data.dtype is DType.FLOAT32:
        low, high = plain_range(op.activation, data.dtype)
        return (("activation_min", low), ("activation_max", high))
    factors, limits = convolution_factors(data, weights, output), activation_range(op.activation, output)
    if data.dtype is DType.INT16:
        return requant_int16_fields(factors, limits)
    return (
        ("input_zero_point", quantization(data).zero_point),
        ("output_zero_point", quantization(output).zero_point),
        ("activation_min", limits[0]),
        ("activation_max", limits[1]),
        *requant_fields(factors),
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
    """One nn_batch_matmul; adjoints are other strides."""
    left, right, output = (graph.tensors[i] for i in (*op.inputs, op.output))
    left_strides, right_strides = (_strides(tensor, output) for tensor in (left, right))
    left_row, left_depth = left_strides[:-3:-1] if op.adjoint_left else left_strides[-2:]
    right_depth, right_column = right_strides[:-3:-1] if op.adjoint_right else right_strides[-2:]
    batches = output.shape[:-2]
    missing = BATCH_AXES - len(batches)
    fields: Fields = (
        ("shape.batches", (1,) * missing + batches),
        ("shape.left_batch", (0,) * missing + left_strides[:-2]),
        ("shape.right_batch", (0,) * missing + right_strides[:-2]),
        ("shape.rows", output.shape[-2]),
        ("shape.depth", left.shape[-2 if op.adjoint_left else -1]),
        ("shape.columns", output.shape[-1]),
        ("shape.left_row", left_row),
        ("shape.left_depth", left_depth),
        ("shape.right_depth", right_depth),
        ("shape.right_column", right_column),
        *_product_fields(left, right, output),
    )
    text = f"{shape_text(left)} * {shape_text(right)} -> {shape_text(output)}"
    return _step(op, "nn_batch_matmul.h", _params("nn_batch_matmul", left, fields), op.inputs, text)


def _product_fields(left: Tensor, right: Tensor, output: Tensor) -> Fields:
    if left.dtype is DType.FLOAT32:
        return ()
    multiplier, shift = quantize_multiplier(matmul_factor(left, right, output))
    if left.dtype is DType.INT16:  # as operands.requant_int16_fields
        return (("multiplier", min((multiplier + (1 << 15)) >> 16, INT16_MAX)), ("shift", 15 - shift))
    return (
        ("left_zero_point", quantization(left).zero_point),
        ("right_zero_point", quantization(right).zero_point),
        ("output_zero_point", quantization(output).zero_point),
        ("multiplier", multiplier),
        ("shift", shift),
    )


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
    """One nn_cumsum."""
    data, output = graph.tensors[op.input], graph.tensors[op.output]
    (axis,) = constant_ints(graph.tensors[op.inputs[1]]) or [0]
    axis %= len(data.shape)
    fields: Fields = (
        ("shape.outer", prod(data.shape[:axis])),
        ("shape.count", data.shape[axis]),
        ("shape.inner", prod(data.shape[axis + 1 :])),
        ("shape.exclusive", int(op.exclusive)),
        ("shape.reverse", int(op.reverse)),
    )
    if data.dtype is DType.INT8:
        multiplier, shift = quantize_multiplier(cumsum_factor(data, output))
        fields += (
            ("input_zero_point", quantization(data).zero_point),
            ("output_zero_point", quantization(output).zero_point),
            ("multiplier", multiplier),
            ("shift", shift),
        )
    text = f"{shape_text(data)}, along axis {axis}"
    return _step(op, "nn_cumsum.h", _params("nn_cumsum", data, fields), (op.input,), text, InPlace(0))


def cumsum_factor(data: Tensor, output: Tensor) -> float:
    """Twice the input scale to the output scale, with CUMSUM_BITS fractional bits.

    Source: CalculateOpData in tensorflow/lite/micro/kernels/cumsum.cc.
    """
    return 2 * quantization(data).scale / ((1 << CUMSUM_BITS) * quantization(output).scale)


def lower_resize_bilinear(op: ResizeBilinear, graph: Graph) -> Step:
    """One nn_resize_bilinear."""
    data, output = graph.tensors[op.input], graph.tensors[op.output]
    sizes = [(data.shape[axis], output.shape[axis]) for axis in (1, 2)]
    if data.dtype is DType.INT8:
        tables: Fields = tuple(
            (name, _places(name, bilinear_table(op, *pair)))
            for name, pair in zip(("rows", "columns"), sizes, strict=True)
        )
    else:
        (rows, row_weights), (columns, column_weights) = (float_bilinear_tables(op, *pair) for pair in sizes)
        tables = (
            ("rows", _places("rows", rows)),
            ("columns", _places("columns", columns)),
            ("row_weights", Table("row_weights", row_weights, "of the second row")),
            ("column_weights", Table("column_weights", column_weights, "of the second column")),
        )
    fields: Fields = (
        ("batches", data.shape[0]),
        ("channels", data.shape[3]),
        ("input_height", data.shape[1]),
        ("input_width", data.shape[2]),
        ("output_height", output.shape[1]),
        ("output_width", output.shape[2]),
        *tables,
    )
    text = flow_text(data, output)
    return _step(op, "nn_resize.h", _params("nn_resize_bilinear", data, fields), (op.input,), text)


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


def float_bilinear_tables(
    op: ResizeBilinear, size: int, output_size: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """For each output row or column: two input ones, shape [output_size, 2], and the weight of the second.

    Source: tensorflow/lite/kernels/internal/reference/resize_bilinear.h; arithmetic in float32.
    """
    corners = op.align_corners and output_size > 1
    scale = np.float32(size - 1 if corners else size) / np.float32(output_size - 1 if corners else output_size)
    places = np.arange(output_size, dtype=np.float32)
    half = np.float32(0.5)
    places = (places + half) * scale - half if op.half_pixel_centers else places * scale
    first = np.maximum(np.floor(places).astype(np.int64), 0)
    second = np.minimum(np.ceil(places).astype(np.int64), size - 1)
    return np.stack([first, second], axis=1), places - first.astype(np.float32)


def _places(name: str, values: NDArray[np.int64]) -> Table:
    return Table(name, values.astype(np.int16).reshape(-1), "for each of the output, two of the input; and a weight")


def _params(kernel: str, data: Tensor, fields: Fields) -> Params:
    """Parameters for a kernel of the data's type."""
    return Params(f"{kernel}_{SUFFIXES[data.dtype]}", fields)


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

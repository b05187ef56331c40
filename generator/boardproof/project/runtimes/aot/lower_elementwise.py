"""Element-by-element operators to portable kernels: ADD, and every function of one int8 as a table of 256 entries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.fixed_point import quantize_multiplier
from boardproof.model.graph import DType, UnaryFunction
from boardproof.project.runtimes.aot.lookup import logistic_table, relu6_table, relu_table, requantize_table
from boardproof.project.runtimes.aot.operands import (
    activation_range,
    activation_text,
    flow_text,
    quantization,
    shape_text,
)
from boardproof.project.runtimes.aot.overlap import safe_offset
from boardproof.project.runtimes.aot.program import InPlace, Params, Step, Table, View

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from boardproof.model.graph import Binary, Dequantize, Graph, Operator, Quantize, Tensor, Unary
    from boardproof.project.runtimes.aot.program import Value

MAX_RANK = 6
"""NN_MAX_RANK in nn_types.h."""

ADD_HEADROOM_BITS = 20
"""ADD scales its inputs up by this many bits, to keep precision."""


def lower_add(op: Binary, graph: Graph) -> Step:
    """One nn_add_s8; an input of the output's shape may be overwritten."""
    first, second, output = (graph.tensors[i] for i in (*op.inputs[:2], op.output))
    low, high = activation_range(op.activation, output)
    factors = add_factors(first, second, output)
    (multiplier1, shift1), (multiplier2, shift2), (multiplier, shift) = map(quantize_multiplier, factors)
    fields: tuple[tuple[str, Value], ...] = (
        *broadcast_fields(first.shape, second.shape, output.shape),
        ("zero_point1", quantization(first).zero_point),
        ("multiplier1", multiplier1),
        ("shift1", shift1),
        ("zero_point2", quantization(second).zero_point),
        ("multiplier2", multiplier2),
        ("shift2", shift2),
        ("output_zero_point", quantization(output).zero_point),
        ("output_multiplier", multiplier),
        ("output_shift", shift),
        ("activation_min", low),
        ("activation_max", high),
    )
    same_size = [i for i, tensor in enumerate((first, second)) if tensor.elements == output.elements]
    return Step(
        operator=op.index,
        implements=(op.index,),
        kernel="nn_add_s8",
        header="nn_binary.h",
        params=Params("nn_add_quantized", fields),
        inputs=op.inputs[:2],
        outputs=(op.output,),
        in_place=tuple(InPlace(i) for i in same_size),
        description=f"{shape_text(first)} + {shape_text(second)}" + activation_text(op.activation),
    )


def add_factors(first: Tensor, second: Tensor, output: Tensor) -> tuple[float, float, float]:
    """Both inputs' scales relative to twice the larger one, and what takes their sum to the output's scale.

    Source: CalculateOpDataAdd in tensorflow/lite/micro/kernels/add_common.cc.
    """
    scale1, scale2 = quantization(first).scale, quantization(second).scale
    common = 2 * max(scale1, scale2)
    return scale1 / common, scale2 / common, common / ((1 << ADD_HEADROOM_BITS) * quantization(output).scale)


def broadcast_fields(
    first: Sequence[int], second: Sequence[int], output: Sequence[int]
) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """The `shape` member of a parameter struct of an operator with two inputs, neighbouring axes merged."""
    dims: list[int] = []
    strides: tuple[list[int], list[int]] = ([], [])
    shapes = [(1,) * (len(output) - len(shape)) + tuple(shape) for shape in (first, second)]
    steps = [_strides(shape) for shape in shapes]
    for axis, size in enumerate(output):
        if size == 1:
            continue
        now = [step[axis] for step in steps]
        if dims and all(s[-1] == size * n for s, n in zip(strides, now, strict=True)):
            dims[-1] *= size
            strides[0][-1], strides[1][-1] = now
        else:
            dims.append(size)
            for s, n in zip(strides, now, strict=True):
                s.append(n)
    missing = MAX_RANK - len(dims)
    return (
        ("shape.dims", (1,) * missing + tuple(dims)),
        ("shape.stride1", (0,) * missing + tuple(strides[0])),
        ("shape.stride2", (0,) * missing + tuple(strides[1])),
    )


def _strides(shape: Sequence[int]) -> list[int]:
    """Elements per index of each axis; 0 for an axis of size 1, which is repeated."""
    return [0 if size == 1 else int(np.prod(shape[axis + 1 :], dtype=np.int64)) for axis, size in enumerate(shape)]


def lower_unary(op: Unary, graph: Graph) -> Step:
    """One nn_lookup_8 with the operator's function as its table."""
    data, output = graph.tensors[op.input], graph.tensors[op.output]
    functions = {
        UnaryFunction.LOGISTIC: logistic_table,
        UnaryFunction.RELU: relu_table,
        UnaryFunction.RELU6: relu6_table,
    }
    table = functions[op.function](quantization(data), quantization(output))
    return lookup_step(op, graph, table)


def lower_quantize(op: Quantize, graph: Graph) -> Step | View:
    """Nothing if both sides are quantized alike, a table between 8-bit types, arithmetic from float."""
    data, output = graph.tensors[op.input], graph.tensors[op.output]
    if data.dtype is DType.FLOAT32:
        return _float_step(op, graph, "nn_quantize_f32_s8", "nn_quantize_f32_s8", output)
    source, target = quantization(data), quantization(output)
    if data.dtype is output.dtype and (source.scale, source.zero_point) == (target.scale, target.zero_point):
        return View(op.output, op.input, op.index)
    return lookup_step(op, graph, requantize_table(source, data.dtype, target, output.dtype))


def lower_dequantize(op: Dequantize, graph: Graph) -> Step:
    """One nn_dequantize_s8_f32 or nn_dequantize_u8_f32."""
    data = graph.tensors[op.input]
    kernel = "nn_dequantize_s8_f32" if data.dtype is DType.INT8 else "nn_dequantize_u8_f32"
    return _float_step(op, graph, kernel, "nn_dequantize_8_f32", data)


def lookup_step(op: Operator, graph: Graph, table: NDArray[np.uint8]) -> Step:
    """One nn_lookup_8. `table`: 256 bytes, indexed by the input's bits."""
    data, output = graph.tensors[op.input], graph.tensors[op.output]
    values = table.view(np.int8) if output.dtype is DType.INT8 else table
    entries = Table("table", values.view(np.uint8), f"{op.name} of every byte")
    return Step(
        operator=op.index,
        implements=(op.index,),
        kernel="nn_lookup_8",
        header="nn_elementwise.h",
        params=Params("nn_lookup_8", (("count", data.elements), ("table", entries))),
        inputs=(op.input,),
        outputs=(op.output,),
        in_place=(InPlace(0),),
        description=f"{flow_text(data, output)}, table of 256 entries",
    )


def _float_step(op: Quantize | Dequantize, graph: Graph, kernel: str, struct: str, quantized: Tensor) -> Step:
    data, output = graph.tensors[op.input], graph.tensors[op.output]
    fields = (
        ("count", data.elements),
        ("scale", quantization(quantized).scale),
        ("zero_point", quantization(quantized).zero_point),
    )
    units = np.arange(data.elements)
    offset = safe_offset(units * data.dtype.size_bytes, (units + 1) * output.dtype.size_bytes, reads_first=True)
    return Step(
        operator=op.index,
        implements=(op.index,),
        kernel=kernel,
        header="nn_elementwise.h",
        params=Params(struct, fields),
        inputs=(op.input,),
        outputs=(op.output,),
        in_place=(InPlace(0, offset),),
        description=f"{data.dtype} {shape_text(data)} -> {output.dtype}",
    )

"""Functions of one tensor, element by element: of int8 as a table of 256 entries, of int16 and floats as kernels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.fixed_point import quantize_float32, quantize_multiplier
from boardproof.model.graph import DType, LeakyRelu, UnaryFunction
from boardproof.project.runtimes.aot.lowering.lookup import logistic_table, relu6_table, relu_table
from boardproof.project.runtimes.aot.lowering.lookup_unary import (
    abs_table,
    elu_table,
    hard_swish_table,
    leaky_relu_factors,
    leaky_relu_table,
    rsqrt_factor,
    rsqrt_table,
    tanh_table,
)
from boardproof.project.runtimes.aot.lowering.sigmoid import sigmoid_scaling, sigmoid_table
from boardproof.project.runtimes.aot.operands import INT16_MAX, INT16_MIN, flow_text, quantization
from boardproof.project.runtimes.aot.program import InPlace, Params, Step, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from boardproof.model.graph import Graph, Operator, Quantization, Unary
    from boardproof.project.runtimes.aot.program import Value

    Fields = tuple[tuple[str, Value], ...]

IDENTITY = (1 << 30, 1)
"""The factor 1 as (multiplier, shift)."""

ZERO = (0, 0)

TABLES: Mapping[UnaryFunction, Callable[[Quantization, Quantization], NDArray[np.uint8]]] = {
    UnaryFunction.ABS: abs_table,
    UnaryFunction.ELU: elu_table,
    UnaryFunction.HARD_SWISH: hard_swish_table,
    UnaryFunction.LOGISTIC: logistic_table,
    UnaryFunction.RELU: relu_table,
    UnaryFunction.RELU6: relu6_table,
    UnaryFunction.RSQRT: rsqrt_table,
    UnaryFunction.TANH: tanh_table,
}
"""int8 functions by what makes their table of the input's and the output's quantization."""


def lower_unary(op: Unary, graph: Graph) -> Step:
    """One kernel call, by the input's type."""
    data, output = graph.tensors[op.input], graph.tensors[op.output]
    match data.dtype:
        case DType.INT8:
            return lookup_step(op, graph, TABLES[op.function](quantization(data), quantization(output)))
        case DType.INT16:
            return _int16_step(op, graph)
        case DType.FLOAT32:
            return unary_step(op, graph, f"nn_{op.name.lower()}_f32", "nn_unary")
        case _:
            return unary_step(op, graph, f"nn_{op.name.lower()}", "nn_unary")


def lower_leaky_relu(op: LeakyRelu, graph: Graph) -> Step:
    """A table, nn_two_lines_s16 or nn_leaky_relu_f32."""
    data, output = graph.tensors[op.input], graph.tensors[op.output]
    if data.dtype is DType.FLOAT32:
        return unary_step(op, graph, "nn_leaky_relu_f32", "nn_leaky_relu_f32", (("alpha", op.alpha),))
    source, target = quantization(data), quantization(output)
    if data.dtype is DType.INT8:
        return lookup_step(op, graph, leaky_relu_table(source, target, op.alpha))
    positive, (multiplier, shift) = leaky_relu_factors(source, target, op.alpha)
    fields = _line_fields(positive, (abs(multiplier), shift), negate=multiplier < 0)
    return unary_step(op, graph, "nn_two_lines_s16", "nn_two_lines_s16", fields)


def _int16_step(op: Unary, graph: Graph) -> Step:
    data = graph.tensors[op.input]
    if op.function in {UnaryFunction.LOGISTIC, UnaryFunction.TANH}:
        multiplier, shift = sigmoid_scaling(op.function, quantization(data).scale)
        table = Table("sigmoid", sigmoid_table(), "the logistic function of i / 24, 16 fractional bits")
        fields: Fields = (("multiplier", multiplier), ("shift", shift), ("sigmoid", table))
        return unary_step(op, graph, f"nn_{op.name.lower()}_s16", "nn_sigmoid_s16", fields)
    if op.function is UnaryFunction.RSQRT:
        multiplier, shift = rsqrt_factor(quantization(data), quantization(graph.tensors[op.output]))
        fields = (("multiplier", multiplier), ("shift", shift))
        return unary_step(op, graph, "nn_rsqrt_s16", "nn_rsqrt_s16", fields)
    return unary_step(op, graph, "nn_two_lines_s16", "nn_two_lines_s16", _int16_lines(op, graph))


def _int16_lines(op: Unary, graph: Graph) -> Fields:
    """ABS, RELU and RELU6: lines through 0."""
    data, output = graph.tensors[op.input], graph.tensors[op.output]
    if data.quantization is None or output.quantization is None:  # ABS alone takes plain numbers, and wraps around
        return _line_fields(IDENTITY, ZERO, mirror=True, high=INT16_MAX + 1)
    factor = quantize_multiplier(data.quantization.scale / output.quantization.scale)
    match op.function:
        case UnaryFunction.ABS:
            return _line_fields(factor, ZERO, mirror=True)
        case UnaryFunction.RELU:
            return _line_fields(factor, ZERO)
        case _:
            six = min(quantize_float32(6.0, data.quantization.scale, 0), INT16_MAX)
            return _line_fields(IDENTITY, ZERO, high=six)


def _line_fields(
    positive: tuple[int, int],
    negative: tuple[int, int],
    *,
    negate: bool = False,
    mirror: bool = False,
    high: int = INT16_MAX,
) -> Fields:
    return (
        ("positive_multiplier", positive[0]),
        ("positive_shift", positive[1]),
        ("negative_multiplier", negative[0]),
        ("negative_shift", negative[1]),
        ("negate", int(negate)),
        ("mirror", int(mirror)),
        ("activation_min", INT16_MIN),
        ("activation_max", high),
    )


def unary_step(op: Operator, graph: Graph, kernel: str, struct: str, fields: Fields = ()) -> Step:
    """One kernel of nn_unary.h."""
    data, output = graph.tensors[op.input], graph.tensors[op.output]
    return Step(
        operator=op.index,
        implements=(op.index,),
        kernel=kernel,
        header="nn_unary.h",
        params=Params(struct, (("count", data.elements), *fields)),
        inputs=(op.input,),
        outputs=(op.output,),
        in_place=(InPlace(0),),
        description=f"{data.dtype} {flow_text(data, output)}",
    )


def lookup_step(
    op: Operator, graph: Graph, table: NDArray[np.uint8], data: int | None = None, description: str | None = None
) -> Step:
    """One nn_lookup_8.

    Args:
        op: The operator.
        graph: Its graph.
        table: 256 bytes, indexed by the input's bits.
        data: The input tensor, if it is not the operator's first.
        description: What it does, if that is more than its shapes.
    """
    source = graph.tensors[op.input if data is None else data]
    entries = Table("table", table.view(np.uint8), f"{op.name} of every byte")
    shown = flow_text(source, graph.tensors[op.output]) if description is None else description
    return Step(
        operator=op.index,
        implements=(op.index,),
        kernel="nn_lookup_8",
        header="nn_elementwise.h",
        params=Params("nn_lookup_8", (("count", source.elements), ("table", entries))),
        inputs=(source.index,),
        outputs=(op.output,),
        in_place=(InPlace(0),),
        description=f"{shown}, table of 256 entries",
    )

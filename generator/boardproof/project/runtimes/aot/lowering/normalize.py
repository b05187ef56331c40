"""SOFTMAX, LOG_SOFTMAX and L2_NORMALIZATION: operators that work along the last axis."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from boardproof.model.fixed_point import quantize_multiplier
from boardproof.model.graph import DType
from boardproof.project.runtimes.aot.lowering.lookup import softmax_exponentials, softmax_factor
from boardproof.project.runtimes.aot.lowering.softmax_tables import exponential_table, reciprocal_table
from boardproof.project.runtimes.aot.operands import SUFFIXES, flow_text, quantization
from boardproof.project.runtimes.aot.program import InPlace, Params, Step, Table

if TYPE_CHECKING:
    from boardproof.model.graph import Graph, L2Normalization, LogSoftmax, Operator, Softmax, Tensor
    from boardproof.project.runtimes.aot.program import Value

    Fields = tuple[tuple[str, Value], ...]


def lower_softmax(op: Softmax, graph: Graph) -> Step:
    """One nn_softmax_s8 or nn_softmax_s8_s16 with a table of exponentials, nn_softmax_s16 with two, nn_softmax_f32."""
    data, output = graph.tensors[op.input], graph.tensors[op.output]
    if data.dtype is DType.FLOAT32:
        params = Params("nn_softmax_f32", (*_rows(data), ("beta", op.beta)))
        return _step(op, graph, "nn_softmax_f32", "nn_softmax.h", params)
    if data.dtype is DType.INT16:
        multiplier, shift = quantize_multiplier(softmax_int16_factor(op, data))
        fields: Fields = (
            *_rows(data),
            ("multiplier", multiplier),
            ("shift", shift),
            ("exponential", Table("exponential", exponential_table(), "exp(x) for x from -10 to 0, 15 bits")),
            ("reciprocal", Table("reciprocal", reciprocal_table(), "1 / (1 + x) for x from 0 to 1, 15 bits")),
        )
        return _step(op, graph, "nn_softmax_s16", "nn_softmax.h", Params("nn_softmax_s16", fields))
    table = softmax_exponentials(quantization(data).scale, op.beta)
    fields = (
        *_rows(data),
        ("count", table.size),
        ("exponentials", Table("exponentials", table, "exp(-d * beta * scale), 31 fractional bits")),
    )
    kernel = "nn_softmax_s8" if output.dtype is DType.INT8 else "nn_softmax_s8_s16"
    return _step(op, graph, kernel, "nn_softmax.h", Params("nn_softmax_s8", fields))


def softmax_int16_factor(op: Softmax, data: Tensor) -> float:
    """What takes differences of the input to 10 / 65535. Source: tensorflow/lite/micro/kernels/softmax_common.cc."""
    return quantization(data).scale * op.beta / (10.0 / 65535.0)


def lower_log_softmax(op: LogSoftmax, graph: Graph) -> Step:
    """One nn_log_softmax_s8 with a table of exponentials."""
    data = graph.tensors[op.input]
    scale = quantization(data).scale
    table = softmax_exponentials(scale, 1.0)
    multiplier, shift = softmax_factor(scale, 1.0)
    divisor, divisor_shift = quantize_multiplier(reverse_factor(scale))
    fields: Fields = (
        *_rows(data),
        ("count", table.size),
        ("exponentials", Table("exponentials", table, "exp(-d * scale), 31 fractional bits")),
        ("multiplier", multiplier),
        ("shift", shift),
        ("divisor", divisor),
        ("divisor_shift", divisor_shift),
    )
    return _step(op, graph, "nn_log_softmax_s8", "nn_normalize.h", Params("nn_log_softmax_s8", fields))


def reverse_factor(scale: float) -> float:
    """What takes 26 fractional bits back to units of LOG_SOFTMAX's input.

    Source: PreprocessLogSoftmaxScalingExp in tensorflow/lite/kernels/internal/quantization_util.cc.
    """
    multiplier, shift = softmax_factor(scale, 1.0)
    return 2.0 ** (31 - shift) / multiplier


def lower_l2_normalization(op: L2Normalization, graph: Graph) -> Step:
    """One nn_l2_normalization_s8 or nn_l2_normalization_f32."""
    data = graph.tensors[op.input]
    zero_point = quantization(data).zero_point if data.dtype is DType.INT8 else 0
    kernel = f"nn_l2_normalization_{SUFFIXES[data.dtype]}"
    params = Params("nn_l2_normalization", (*_rows(data), ("zero_point", zero_point)))
    return _step(op, graph, kernel, "nn_normalize.h", params)


def _rows(data: Tensor) -> Fields:
    return (("rows", prod(data.shape[:-1])), ("depth", data.shape[-1]))


def _step(op: Operator, graph: Graph, kernel: str, header: str, params: Params) -> Step:
    data, output = graph.tensors[op.input], graph.tensors[op.output]
    return Step(
        operator=op.index,
        implements=(op.index,),
        kernel=kernel,
        header=header,
        params=params,
        inputs=(op.input,),
        outputs=(op.output,),
        in_place=(InPlace(0),) if data.dtype is output.dtype else (),
        description=flow_text(data, output),
    )

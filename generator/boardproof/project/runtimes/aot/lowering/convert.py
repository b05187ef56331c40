"""QUANTIZE, DEQUANTIZE and CAST: one type or quantization to another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.fixed_point import quantize_multiplier
from boardproof.model.graph import DType
from boardproof.project.runtimes.aot.lowering.lookup import requantize_table
from boardproof.project.runtimes.aot.lowering.unary import lookup_step
from boardproof.project.runtimes.aot.operands import SUFFIXES, quantization, shape_text
from boardproof.project.runtimes.aot.overlap import safe_offset
from boardproof.project.runtimes.aot.program import InPlace, Params, Step, View

if TYPE_CHECKING:
    from boardproof.model.graph import Cast, Dequantize, Graph, Operator, Quantize, Tensor
    from boardproof.project.runtimes.aot.program import Value

    Fields = tuple[tuple[str, Value], ...]

_BYTES = {DType.INT8, DType.UINT8}

CAST_TYPES = {
    DType.INT8: 0,
    DType.INT16: 1,
    DType.INT32: 2,
    DType.UINT32: 3,
    DType.BOOL: 4,
    DType.FLOAT32: 5,
}
"""enum nn_type in nn_convert.h."""


def lower_quantize(op: Quantize, graph: Graph) -> Step | View:
    """Nothing if both sides are quantized alike, a table between 8-bit types, else arithmetic."""
    data, output = graph.tensors[op.input], graph.tensors[op.output]
    if data.dtype is DType.FLOAT32:
        return _step(op, graph, f"nn_quantize_f32_{SUFFIXES[output.dtype]}", "nn_quantize_f32", _scale_fields(output))
    source, target = quantization(data), quantization(output)
    if data.dtype is output.dtype and (source.scale, source.zero_point) == (target.scale, target.zero_point):
        return View(op.output, op.input, op.index)
    if {data.dtype, output.dtype} <= _BYTES:
        return lookup_step(op, graph, requantize_table(source, data.dtype, target, output.dtype))
    multiplier, shift = quantize_multiplier(source.scale / target.scale)
    fields: Fields = (
        ("zero_point", source.zero_point),
        ("multiplier", multiplier),
        ("shift", shift),
        ("output_zero_point", target.zero_point),
    )
    kernel = f"nn_requantize_{SUFFIXES[data.dtype]}_{SUFFIXES[output.dtype]}"
    return _step(op, graph, kernel, "nn_requantize", fields)


def lower_dequantize(op: Dequantize, graph: Graph) -> Step:
    """One nn_dequantize_s8_f32, nn_dequantize_u8_f32 or nn_dequantize_s16_f32."""
    data = graph.tensors[op.input]
    return _step(op, graph, f"nn_dequantize_{SUFFIXES[data.dtype]}_f32", "nn_dequantize_f32", _scale_fields(data))


def lower_cast(op: Cast, graph: Graph) -> Step | View:
    """One nn_cast, or nothing between equal types."""
    data, output = graph.tensors[op.input], graph.tensors[op.output]
    if data.dtype is output.dtype:
        return View(op.output, op.input, op.index)
    fields = (("from", CAST_TYPES[data.dtype]), ("to", CAST_TYPES[output.dtype]))
    return _step(op, graph, "nn_cast", "nn_cast", fields)


def _scale_fields(quantized: Tensor) -> Fields:
    return (("scale", quantization(quantized).scale), ("zero_point", quantization(quantized).zero_point))


def _step(op: Operator, graph: Graph, kernel: str, struct: str, fields: Fields) -> Step:
    data, output = graph.tensors[op.input], graph.tensors[op.output]
    units = np.arange(data.elements)
    offset = safe_offset(units * data.dtype.size_bytes, (units + 1) * output.dtype.size_bytes, reads_first=True)
    return Step(
        operator=op.index,
        implements=(op.index,),
        kernel=kernel,
        header="nn_convert.h",
        params=Params(struct, (("count", data.elements), *fields)),
        inputs=(op.input,),
        outputs=(op.output,),
        in_place=(InPlace(0, offset),),
        description=f"{data.dtype} {shape_text(data)} -> {output.dtype}",
    )

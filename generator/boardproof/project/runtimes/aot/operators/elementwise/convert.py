"""QUANTIZE, DEQUANTIZE and CAST: one type or quantization to another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.fixed_point import quantize_multiplier, requantize
from boardproof.model.graph import DType
from boardproof.project.runtimes.aot.checks.findings import RECONVERT_HINT
from boardproof.project.runtimes.aot.checks.scales import check_rescaling
from boardproof.project.runtimes.aot.entry import FLOAT, INT8, INT16, INT32, UINT8, Entry, Types
from boardproof.project.runtimes.aot.operands import SUFFIXES, quantization, shape_text
from boardproof.project.runtimes.aot.operators.elementwise.lookup import inputs_of, lookup_step, output_bytes
from boardproof.project.runtimes.aot.overlap import safe_offset
from boardproof.project.runtimes.aot.program import InPlace, Params, Step, View

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from boardproof.model.graph import Cast, Dequantize, Graph, Operator, Quantization, Quantize, Tensor
    from boardproof.model.preflight import Finding
    from boardproof.project.runtimes.aot.checks.findings import Subject
    from boardproof.project.runtimes.aot.program import Fields


_BYTES = {DType.INT8, DType.UINT8}
_WORDS = {DType.INT32, DType.UINT32}

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
    """One nn_cast, or nothing between types whose bits are the same."""
    data, output = graph.tensors[op.input], graph.tensors[op.output]
    if data.dtype is output.dtype or {data.dtype, output.dtype} == _WORDS:
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


def requantize_table(
    source: Quantization, source_type: DType, target: Quantization, target_type: DType
) -> NDArray[np.uint8]:
    """QUANTIZE between 8-bit types. Source: tensorflow/lite/kernels/internal/reference/requantize.h."""
    factor = quantize_multiplier(source.scale / target.scale)
    values = requantize(inputs_of(source_type) - source.zero_point, *factor)
    return output_bytes(values + target.zero_point, target_type)


def check_quantize(op: Quantize, subject: Subject) -> Iterator[Finding]:
    """int32 with a scale, like the others; a factor in range."""
    for tensor in (subject.input(0), subject.output):
        if tensor.dtype is DType.INT32 and tensor.quantization is None:
            what = f"needs a scale for {tensor.label}, which has none"
            yield subject.error("quantization", what, RECONVERT_HINT, tensor)
            return
    yield from check_rescaling(op, subject)


ENTRIES: Mapping[str, Entry] = {
    "CAST": Entry(
        lower_cast,
        tuple(Types((source,), target) for source in CAST_TYPES for target in CAST_TYPES),
        needs_scales=False,
    ),
    "DEQUANTIZE": Entry(lower_dequantize, tuple(Types((dtype,), FLOAT) for dtype in (INT8, UINT8, INT16))),
    "QUANTIZE": Entry(
        lower_quantize,
        (
            *(Types((INT8,), target) for target in (INT8, UINT8, INT16, INT32)),
            *(Types((INT16,), target) for target in (INT8, INT16, INT32)),
            *(Types((INT32,), target) for target in (INT8, INT16)),
            *(Types((FLOAT,), target) for target in (INT8, INT16)),
            Types((UINT8,), INT8),
        ),
        check_quantize,
    ),
}

"""Tensors joined and taken apart: CONCATENATION, PACK, UNPACK, SPLIT, SPLIT_V."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.graph import Activation, Concatenation, DType
from boardproof.model.movement import data_position, source_indices
from boardproof.project.runtimes.aot.checks.findings import QUANTIZE_HINT, RECONVERT_HINT
from boardproof.project.runtimes.aot.checks.parameters import check_types, parameters, quantized_alike
from boardproof.project.runtimes.aot.entry import BOOL, FLOAT, INT8, INT16, INT32, INT64, Entry
from boardproof.project.runtimes.aot.operands import shape_text
from boardproof.project.runtimes.aot.operators.movement.move import CONSTANT, data_after, moves, view_offset
from boardproof.project.runtimes.aot.program import Params, Step, Table, View

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from boardproof.model.graph import Graph, Operator, Pack
    from boardproof.model.preflight import Finding
    from boardproof.project.runtimes.aot.checks.findings import Subject
    from boardproof.project.runtimes.aot.entry import Check, Lowered
    from boardproof.project.runtimes.aot.program import Fields


MAX_PARTS = 10
"""Inputs of TFLM's CONCATENATION."""


def lower_parts(op: Operator, graph: Graph) -> Lowered:
    """An operator that takes a tensor apart: views of contiguous parts, else one nn_split."""
    source = op.inputs[data_position(op)]
    size = graph.tensors[source].dtype.size_bytes
    parts = source_indices(op, graph)
    offsets = [view_offset(indices, size) for indices in parts]
    if all(offset is not None for offset in offsets):
        pairs = zip(op.outputs, offsets, strict=True)
        return tuple(View(tensor, source, op.index, offset) for tensor, offset in pairs if offset is not None)
    # Every part has one run in each of `outer` rounds.
    outer = max(1 + int((np.diff(indices) != 1).sum()) for indices in parts)
    bytes_each = [indices.size // outer * size for indices in parts]
    text = f"{shape_text(graph.tensors[source])} -> {len(op.outputs)} parts"
    return Step(
        operator=op.index,
        implements=(op.index,),
        kernel="nn_split",
        header="nn_move.h",
        params=Params("nn_split", _part_fields(outer, bytes_each)),
        inputs=(source,),
        outputs=op.outputs,
        description=text,
        outputs_as_array=True,
    )


def lower_join(op: Concatenation | Pack, graph: Graph) -> Lowered:
    """One nn_concat; a view if there is but one input."""
    output = graph.tensors[op.output]
    if len(op.inputs) == 1:
        return View(op.output, op.input, op.index)
    rank = len(output.shape)
    outer = prod(output.shape[: op.axis % rank])
    bytes_each = [graph.tensors[index].size_bytes // outer for index in op.inputs]
    return Step(
        operator=op.index,
        implements=(op.index,),
        kernel="nn_concat",
        header="nn_move.h",
        params=Params("nn_concat", _part_fields(outer, bytes_each)),
        inputs=op.inputs,
        outputs=(op.output,),
        description=f"{len(op.inputs)} parts -> {shape_text(output)}",
        inputs_as_array=True,
    )


def _part_fields(outer: int, bytes_each: list[int]) -> Fields:
    table = Table("part_bytes", np.array(bytes_each, np.int32), "bytes of each part")
    return (("outer", outer), ("count", len(bytes_each)), ("part_bytes", table))


def check_concatenation(op: Concatenation, subject: Subject) -> Iterator[Finding]:
    """One type and one quantization; no activation; not too many."""
    tensors = [subject.input(position) for position in range(len(op.inputs))]
    for tensor in tensors:
        if tensor.dtype is not subject.output.dtype:
            what = f"takes {tensor.dtype} ({tensor.label}) to give {subject.output.dtype}"
            yield subject.error("unsupported-type", what, QUANTIZE_HINT, tensor)
        elif tensor.dtype is DType.INT8 and not quantized_alike(tensor, subject.output):
            what = f"must have one quantization for all inputs and the output, not that of {tensor.label}"
            yield subject.error("quantization", what, RECONVERT_HINT, tensor)
    if op.activation is not Activation.NONE:
        what = f"has a fused {op.activation.name}, which TensorFlow Lite Micro does not apply"
        yield subject.error("unsupported-activation", what, "Make the activation a layer of its own.")
    if len(tensors) > MAX_PARTS:
        what = f"joins {len(tensors)} tensors; TensorFlow Lite Micro joins {MAX_PARTS}"
        yield subject.error("unsupported-shape", what, "Join them in several steps.")


def check_same_types(op: Operator, subject: Subject) -> Iterator[Finding]:
    """All inputs and outputs of one type."""
    yield from check_types(subject, (*op.inputs, *op.outputs))


def check_parts(*positions: int, data: int = 0, wide: bool = False) -> Check:
    """A check that the data at position `data` and all outputs are of one type, besides that of `parameters`."""

    def check(op: Operator, subject: Subject) -> Iterator[Finding]:
        yield from parameters(*positions, wide=wide)(op, subject)
        yield from check_types(subject, (op.inputs[data], *op.outputs))

    return check


_PARTS = (INT8, INT16, INT32, FLOAT)

ENTRIES: Mapping[str, Entry] = {
    "CONCATENATION": moves(
        *(INT8, INT16, INT32, INT64, FLOAT, BOOL),
        check=check_concatenation,
        limits="up to 10 inputs; int8: one quantization for all",
        lower=lower_join,
    ),
    "PACK": moves(INT8, INT16, INT32, INT64, FLOAT, check=check_same_types, lower=lower_join),
    "SPLIT": Entry(
        lower_parts, data_after(INT32, *_PARTS), check_parts(0, data=1), needs_scales=False, limits=CONSTANT
    ),
    "SPLIT_V": moves(*_PARTS, check=check_parts(1, 2, wide=True), limits=CONSTANT, lower=lower_parts),
    "UNPACK": moves(*_PARTS, check=check_parts(), lower=lower_parts),
}

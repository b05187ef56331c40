"""GATHER, GATHER_ND and EMBEDDING_LOOKUP: by indices known now or only at run time."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from boardproof.model.graph import DType
from boardproof.project.runtimes.aot.checks.findings import RECONVERT_HINT
from boardproof.project.runtimes.aot.checks.parameters import RESHAPE_HINT
from boardproof.project.runtimes.aot.entry import FLOAT, INT8, INT32, Entry
from boardproof.project.runtimes.aot.operators.movement.move import data_after, lower_move, moves, moving_step
from boardproof.project.runtimes.aot.strides import AXES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from boardproof.model.graph import EmbeddingLookup, Gather, GatherNd, Graph
    from boardproof.model.preflight import Finding
    from boardproof.project.runtimes.aot.checks.findings import Subject
    from boardproof.project.runtimes.aot.entry import Lowered


MAX_DEPTH = 5
"""Axes that TFLM's GATHER_ND indexes."""


def lower_gather(op: Gather, graph: Graph) -> Lowered:
    """One nn_gather, unless the indices are constants."""
    data, indices = (graph.tensors[index] for index in op.inputs)
    if indices.is_constant:
        return lower_move(op, graph)
    axis = op.axis % len(data.shape)
    batch_dims = op.batch_dims % len(indices.shape) if op.batch_dims < 0 else op.batch_dims
    fields = (
        ("batches", prod(data.shape[:batch_dims])),
        ("outer", prod(data.shape[batch_dims:axis])),
        ("size", data.shape[axis]),
        ("count", prod(indices.shape[batch_dims:])),
        ("block", prod(data.shape[axis + 1 :]) * data.dtype.size_bytes),
    )
    return moving_step(op, graph, "nn_gather", fields, op.inputs)


def lower_embedding(op: EmbeddingLookup, graph: Graph) -> Lowered:
    """One nn_gather along the first axis, unless the row numbers are constants."""
    rows, table = (graph.tensors[index] for index in op.inputs)
    if rows.is_constant:
        return lower_move(op, graph)
    fields = (
        ("batches", 1),
        ("outer", 1),
        ("size", table.shape[0]),
        ("count", rows.elements),
        ("block", prod(table.shape[1:]) * table.dtype.size_bytes),
    )
    return moving_step(op, graph, "nn_gather", fields, op.inputs[::-1])


def lower_gather_nd(op: GatherNd, graph: Graph) -> Lowered:
    """One nn_gather_nd, unless the indices are constants."""
    data, indices = (graph.tensors[index] for index in op.inputs)
    if indices.is_constant:
        return lower_move(op, graph)
    depth = indices.shape[-1]
    strides = [prod(data.shape[axis + 1 :]) * data.dtype.size_bytes for axis in range(depth)]
    missing = (0,) * (AXES - depth)
    fields = (
        ("count", prod(indices.shape[:-1])),
        ("depth", depth),
        ("size", (*data.shape[:depth], *missing)),
        ("stride", (*strides, *missing)),
        ("block", prod(data.shape[depth:]) * data.dtype.size_bytes),
    )
    return moving_step(op, graph, "nn_gather_nd", fields, op.inputs)


def check_gather(op: Gather | GatherNd | EmbeddingLookup, subject: Subject) -> Iterator[Finding]:
    """int32 indices, not too many at once."""
    indices = subject.input(0 if op.name == "EMBEDDING_LOOKUP" else 1)
    if indices.dtype is not DType.INT32:
        yield subject.error(
            "unsupported-type", f"has {indices.dtype} indices ({indices.label})", RECONVERT_HINT, indices
        )
    if op.name == "GATHER_ND" and indices.shape[-1] > MAX_DEPTH:
        what = f"indexes {indices.shape[-1]} axes; TensorFlow Lite Micro indexes {MAX_DEPTH}"
        yield subject.error("unsupported-shape", what, RESHAPE_HINT)


ENTRIES: Mapping[str, Entry] = {
    "EMBEDDING_LOOKUP": Entry(lower_embedding, data_after(INT32, INT8, FLOAT), check_gather, needs_scales=False),
    "GATHER": moves(INT8, FLOAT, check=check_gather, lower=lower_gather),
    "GATHER_ND": moves(INT8, FLOAT, check=check_gather, lower=lower_gather_nd),
}

"""Operators that pick by indices known only at run time, and those that fill a tensor with one value."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from boardproof.model.graph import ZerosLike
from boardproof.project.runtimes.aot.lowering.movement import lower_move
from boardproof.project.runtimes.aot.operands import shape_text
from boardproof.project.runtimes.aot.program import Params, Step
from boardproof.project.runtimes.aot.strides import AXES

if TYPE_CHECKING:
    from boardproof.model.graph import DynamicUpdateSlice, EmbeddingLookup, Fill, Gather, GatherNd, Graph, Operator
    from boardproof.project.runtimes.aot.entry import Lowered
    from boardproof.project.runtimes.aot.program import Value

    Fields = tuple[tuple[str, Value], ...]


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
    return _step(op, graph, "nn_gather", fields, op.inputs)


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
    return _step(op, graph, "nn_gather", fields, op.inputs[::-1])


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
    return _step(op, graph, "nn_gather_nd", fields, op.inputs)


def lower_update_slice(op: DynamicUpdateSlice, graph: Graph) -> Lowered:
    """One nn_update_slice."""
    data, update = (graph.tensors[index] for index in op.inputs[:2])
    rank, missing = len(data.shape), AXES - len(data.shape)
    size = data.dtype.size_bytes
    strides = [prod(data.shape[axis + 1 :]) * size for axis in range(rank)]
    last = [whole - part for whole, part in zip(data.shape, update.shape, strict=True)]
    fields = (
        ("bytes", data.size_bytes),
        ("count", prod(update.shape[:-1])),
        ("run", update.shape[-1] * size),
        ("rank", rank),
        ("size", (*(1,) * missing, *update.shape[:-1], 1)),
        ("stride", (*(0,) * missing, *strides)),
        ("last", (*(0,) * missing, *last)),
    )
    return _step(op, graph, "nn_update_slice", fields, op.inputs)


def lower_fill(op: Fill | ZerosLike, graph: Graph) -> Lowered:
    """Zeros by nn_fill; another value by nn_copy, again and again."""
    output = graph.tensors[op.output]
    if isinstance(op, ZerosLike):
        return _step(op, graph, "nn_fill", (("bytes", output.size_bytes), ("value", 0)), ())
    size = output.dtype.size_bytes
    fields = (
        ("dims", (1,) * (AXES - 1) + (output.elements,)),
        ("stride", (0,) * AXES),
        ("offset", 0),
        ("block", size),
    )
    return _step(op, graph, "nn_copy", fields, op.inputs[1:])


def _step(op: Operator, graph: Graph, kernel: str, fields: Fields, inputs: tuple[int, ...]) -> Step:
    return Step(
        operator=op.index,
        implements=(op.index,),
        kernel=kernel,
        header="nn_move.h",
        params=Params(kernel, fields),
        inputs=inputs,
        outputs=(op.output,),
        description=f"{', '.join(shape_text(graph.tensors[index]) for index in op.inputs)}"
        f" -> {shape_text(graph.tensors[op.output])}",
    )

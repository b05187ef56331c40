"""Operators that only move elements: a view where nothing has to move, else one of the kernels of nn_move.h.

Which it is follows from where each element of the output comes from (model/movement.py), not from the operator.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.arena import ALIGNMENT
from boardproof.model.graph import DType, PadV2
from boardproof.model.movement import FILL, data_position, source_indices
from boardproof.project.runtimes.aot.entry import Entry, Types, alike
from boardproof.project.runtimes.aot.operands import flow_text, shape_text
from boardproof.project.runtimes.aot.overlap import safe_offset
from boardproof.project.runtimes.aot.program import InPlace, Params, Step, Table, View
from boardproof.project.runtimes.aot.strides import AXES, placed, strided

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from boardproof.model.graph import Graph, Operator, Tensor
    from boardproof.project.runtimes.aot.entry import Check, Lowered, Lowering
    from boardproof.project.runtimes.aot.program import Fields


def lower_move(op: Operator, graph: Graph) -> Lowered:
    """An operator with one output: a view, nn_copy, nn_pick or nn_place."""
    source = op.inputs[data_position(op)]
    data, output = graph.tensors[source], graph.tensors[op.output]
    (indices,) = source_indices(op, graph)
    if (indices == FILL).any():
        return _place(op, graph, source, indices)
    offset = view_offset(indices, data.dtype.size_bytes)
    if offset is not None:
        return View(op.output, source, op.index, offset)
    in_place = (InPlace(0, _safe_offset(indices, data.dtype.size_bytes)),)
    loops = strided(indices)
    if loops is not None:
        size = data.dtype.size_bytes
        axes = tuple((count, stride * size) for count, stride in loops.axes)
        fields = _copy_fields(axes, loops.offset * size, loops.block * size)
        return _step(op, graph, "nn_copy", fields, source, in_place=in_place)
    return _step(op, graph, "nn_pick", _pick_fields(indices, output.shape, data), source, in_place=in_place)


def copy_step(op: Operator, graph: Graph, source: int, output: int) -> Step:
    """One nn_copy of a whole tensor to another one of as many bytes."""
    fields = _copy_fields((), 0, graph.tensors[source].size_bytes)
    return Step(
        operator=op.index,
        implements=(op.index,),
        kernel="nn_copy",
        header="nn_move.h",
        params=Params("nn_copy", fields),
        inputs=(source,),
        outputs=(output,),
        description=f"{graph.tensors[source].label} -> {graph.tensors[output].label}",
    )


def _place(op: Operator, graph: Graph, source: int, indices: NDArray[np.int64]) -> Step:
    """One nn_place: every input element goes to one place, the others are filled in."""
    data, output = graph.tensors[source], graph.tensors[op.output]
    targets = np.empty(data.elements, np.int64)
    kept = np.flatnonzero(indices != FILL)
    targets[indices[kept]] = kept
    pattern = _fill_pattern(op, graph, output)
    fields = (
        *_pick_fields(targets, data.shape, data),
        ("bytes", output.size_bytes),
        ("fill_bytes", len(pattern)),
        ("fill", tuple(pattern)),
    )
    return _step(op, graph, "nn_place", fields, source)


def _fill_pattern(op: Operator, graph: Graph, output: Tensor) -> bytes:
    """The bytes of the element that an operator fills in. TensorFlow Lite Micro's SPACE_TO_BATCH_ND fills in 0."""
    if isinstance(op, PadV2):
        value = graph.tensors[op.inputs[2]].array().tobytes()
    elif op.name == "PAD" and output.quantization is not None:
        value = np.array(output.quantization.zero_point, output.dtype.numpy).tobytes()
    else:
        value = bytes(output.dtype.size_bytes)
    return value[:1] if len(set(value)) == 1 and output.size_bytes else value


def view_offset(indices: NDArray[np.int64], size: int) -> int | None:
    """Where in the input the output lies, in bytes; None if it must be copied."""
    first = int(indices[0])
    is_contiguous = bool((np.diff(indices) == 1).all())
    return first * size if is_contiguous and first * size % ALIGNMENT == 0 else None


def _safe_offset(indices: NDArray[np.int64], size: int) -> int:
    return safe_offset(indices * size, np.arange(1, indices.size + 1) * size, reads_first=True)


def _copy_fields(axes: tuple[tuple[int, int], ...], offset: int, block: int) -> Fields:
    missing = AXES - len(axes)
    return (
        ("dims", (1,) * missing + tuple(count for count, _ in axes)),
        ("stride", (0,) * missing + tuple(stride for _, stride in axes)),
        ("offset", offset),
        ("block", block),
    )


def _pick_fields(indices: NDArray[np.int64], shape: tuple[int, ...], data: Tensor) -> Fields:
    found, size = placed(indices, shape), data.dtype.size_bytes
    missing = AXES - len(found.places)
    entries = np.concatenate([np.zeros(missing, np.int64), *found.places]) * size
    return (
        ("dims", (1,) * missing + tuple(table.size for table in found.places)),
        ("block", found.block * size),
        ("places", Table("places", entries.astype(np.int32), "distances in bytes, axis after axis")),
    )


def _step(
    op: Operator, graph: Graph, kernel: str, fields: Fields, source: int, *, in_place: tuple[InPlace, ...] = ()
) -> Step:
    return Step(
        operator=op.index,
        implements=(op.index,),
        kernel=kernel,
        header="nn_move.h",
        params=Params(kernel, fields),
        inputs=(source,),
        outputs=(op.output,),
        in_place=in_place,
        description=flow_text(graph.tensors[source], graph.tensors[op.output]),
    )


def moving_step(op: Operator, graph: Graph, kernel: str, fields: Fields, inputs: tuple[int, ...]) -> Step:
    """One kernel of nn_move.h with any inputs."""
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


CONSTANT = "all inputs but the data are constants"
"""A limit of most operators that move elements."""


def moves(*dtypes: DType, check: Check | None = None, limits: str = "", lower: Lowering = lower_move) -> Entry:
    """The entry of an operator that moves elements of these types, whatever their scales."""
    return Entry(lower, alike(*dtypes), check, needs_scales=False, limits=limits)


def data_after(first: DType, *dtypes: DType) -> tuple[Types, ...]:
    """Data as the second input, after integers."""
    return tuple(Types((first, dtype), dtype) for dtype in dtypes)

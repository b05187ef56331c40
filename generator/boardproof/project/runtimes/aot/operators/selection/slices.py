"""SLICE, STRIDED_SLICE and DYNAMIC_UPDATE_SLICE."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from boardproof.model.graph import DType
from boardproof.project.runtimes.aot.checks.findings import RECONVERT_HINT
from boardproof.project.runtimes.aot.checks.parameters import RESHAPE_HINT, parameters
from boardproof.project.runtimes.aot.entry import BOOL, FLOAT, INT8, INT16, INT32, Entry, alike
from boardproof.project.runtimes.aot.operators.movement.move import CONSTANT, moves, moving_step
from boardproof.project.runtimes.aot.strides import AXES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from boardproof.model.graph import DynamicUpdateSlice, Graph, StridedSlice
    from boardproof.model.preflight import Finding
    from boardproof.project.runtimes.aot.checks.findings import Subject
    from boardproof.project.runtimes.aot.entry import Lowered


MAX_RANK = 6
"""NN_MOVE_AXES in nn_move.h."""


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
    return moving_step(op, graph, "nn_update_slice", fields, op.inputs)


def check_strided_slice(op: StridedSlice, subject: Subject) -> Iterator[Finding]:
    """Begin, end and strides for every axis, without ellipsis or new axes."""
    yield from parameters(1, 2, 3, max_rank=4)(op, subject)
    rank = len(subject.input(0).shape)
    if op.other_masks or op.end_is_offset or subject.input(1).shape != (rank,):
        what = "has an ellipsis, new axes, offsets, or fewer indices than axes, which TensorFlow Lite Micro ignores"
        yield subject.error("unsupported-shape", what, "Write the slice out in full: one begin:end:stride per axis.")


def check_update_slice(op: DynamicUpdateSlice, subject: Subject) -> Iterator[Finding]:  # noqa: ARG001
    """An int32 start, and as many axes as the kernel has."""
    start, rank = subject.input(2), len(subject.output.shape)
    if start.dtype is not DType.INT32:
        yield subject.error("unsupported-type", f"has a {start.dtype} start ({start.label})", RECONVERT_HINT, start)
    if not 1 <= rank <= MAX_RANK:
        yield subject.error("unsupported-shape", f"updates {rank} axes; kernels have {MAX_RANK}", RESHAPE_HINT)


ENTRIES: Mapping[str, Entry] = {
    "DYNAMIC_UPDATE_SLICE": Entry(
        lower_update_slice,
        alike(INT8, INT16, INT32, FLOAT, inputs=2),
        check_update_slice,
        needs_scales=False,
        limits="1 to 6 axes; the start is int32",
    ),
    "SLICE": moves(
        *(INT8, INT16, INT32, FLOAT, BOOL),
        check=parameters(1, 2, max_rank=5, wide=True),
        limits=f"up to 5 axes; {CONSTANT}",
    ),
    "STRIDED_SLICE": moves(
        *(INT8, INT16, INT32, FLOAT, BOOL),
        check=check_strided_slice,
        limits=f"up to 4 axes, no ellipsis, no new axes; {CONSTANT}",
    ),
}

"""A tensor in another shape or order: RESHAPE, SQUEEZE, EXPAND_DIMS, TRANSPOSE, REVERSE_V2, BROADCAST_TO."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.model.shapes.graph import constant_ints
from boardproof.project.runtimes.aot.checks.parameters import check_types, parameters
from boardproof.project.runtimes.aot.entry import BOOL, FLOAT, INT8, INT16, INT32, INT64, UINT8, Entry
from boardproof.project.runtimes.aot.operators.movement.move import CONSTANT, lower_move, moves
from boardproof.project.runtimes.aot.program import View

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from boardproof.model.graph import Graph, Operator, Reshape, ReverseV2
    from boardproof.model.preflight import Finding
    from boardproof.project.runtimes.aot.checks.findings import Subject


def lower_reshape(op: Reshape, graph: Graph) -> View:  # noqa: ARG001 one signature for all
    """The same bytes under another shape."""
    return View(op.output, op.input, op.index)


def check_renamed(op: Operator, subject: Subject) -> Iterator[Finding]:
    """The first input and the output of one type."""
    yield from check_types(subject, (op.input, op.output))


def check_reverse(op: ReverseV2, subject: Subject) -> Iterator[Finding]:
    """Neighbouring axes only."""
    problems = [*parameters(1, max_rank=6)(op, subject)]
    yield from problems
    axes = (
        [] if problems else sorted(axis % len(subject.input(0).shape) for axis in constant_ints(subject.input(1)) or ())
    )
    if axes and axes != list(range(axes[0], axes[0] + len(axes))):
        what = f"reverses the axes {axes}, which are not neighbours"
        yield subject.error("unsupported-shape", what, "Reverse one axis after another.")


ENTRIES: Mapping[str, Entry] = {
    "BROADCAST_TO": moves(
        *(INT8, UINT8, INT16, INT32, INT64, FLOAT, BOOL),
        check=parameters(1, max_rank=5, wide=True),
        limits=f"up to 5 axes; {CONSTANT}",
    ),
    "EXPAND_DIMS": moves(INT8, INT16, FLOAT, check=parameters(1), limits=CONSTANT),
    "RESHAPE": Entry(lower_reshape, (), check_renamed),
    "REVERSE_V2": moves(
        *(INT8, UINT8, INT16, INT32, INT64, FLOAT, BOOL),
        check=check_reverse,
        limits=f"neighbouring axes; {CONSTANT}",
    ),
    "SQUEEZE": Entry(lower_move, (), check_renamed, needs_scales=False),
    "TRANSPOSE": moves(
        *(INT8, INT16, FLOAT),
        check=parameters(1, max_rank=5),
        limits=f"up to 5 axes; {CONSTANT}",
    ),
}

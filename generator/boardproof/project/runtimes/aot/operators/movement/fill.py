"""FILL and ZEROS_LIKE."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.model.graph import ZerosLike
from boardproof.project.runtimes.aot.checks.findings import RECONVERT_HINT
from boardproof.project.runtimes.aot.checks.parameters import parameters
from boardproof.project.runtimes.aot.entry import FLOAT, INT8, INT32, INT64, Entry
from boardproof.project.runtimes.aot.operators.movement.move import CONSTANT, data_after, moves, moving_step
from boardproof.project.runtimes.aot.strides import AXES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from boardproof.model.graph import Fill, Graph
    from boardproof.model.preflight import Finding
    from boardproof.project.runtimes.aot.checks.findings import Subject
    from boardproof.project.runtimes.aot.entry import Lowered


def lower_fill(op: Fill | ZerosLike, graph: Graph) -> Lowered:
    """Zeros by nn_fill; another value by nn_copy, again and again."""
    output = graph.tensors[op.output]
    if isinstance(op, ZerosLike):
        return moving_step(op, graph, "nn_fill", (("bytes", output.size_bytes), ("value", 0)), ())
    size = output.dtype.size_bytes
    fields = (
        ("dims", (1,) * (AXES - 1) + (output.elements,)),
        ("stride", (0,) * AXES),
        ("offset", 0),
        ("block", size),
    )
    return moving_step(op, graph, "nn_copy", fields, op.inputs[1:])


def check_fill(op: Fill, subject: Subject) -> Iterator[Finding]:
    """A constant shape and a scalar."""
    yield from parameters(0, wide=True)(op, subject)
    if subject.input(1).shape != ():
        what = "fills with a tensor that is no scalar"
        yield subject.error("unsupported-shape", what, RECONVERT_HINT, subject.input(1))


_FILLED = (INT8, INT32, FLOAT)

ENTRIES: Mapping[str, Entry] = {
    "FILL": Entry(
        lower_fill,
        (*data_after(INT32, *_FILLED), *data_after(INT64, *_FILLED)),
        check_fill,
        needs_scales=False,
        limits=CONSTANT,
    ),
    "ZEROS_LIKE": moves(INT8, INT32, INT64, FLOAT, lower=lower_fill),
}

"""SELECT_V2."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.project.runtimes.aot.checks.findings import QUANTIZE_HINT
from boardproof.project.runtimes.aot.entry import BOOL, FLOAT, INT8, INT16, Entry, Types
from boardproof.project.runtimes.aot.operands import shape_text
from boardproof.project.runtimes.aot.operators.elementwise.broadcast import merged_strides
from boardproof.project.runtimes.aot.operators.elementwise.pairing import in_place
from boardproof.project.runtimes.aot.program import Params, Step

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from boardproof.model.graph import Graph, Select, Tensor
    from boardproof.model.preflight import Finding
    from boardproof.project.runtimes.aot.checks.findings import Subject
    from boardproof.project.runtimes.aot.program import Value


def lower_select(op: Select, graph: Graph) -> Step:
    """One nn_select."""
    inputs = tuple(graph.tensors[i] for i in op.inputs)
    output = graph.tensors[op.output]
    dims, strides = merged_strides(output.shape, *(_at_most_rank(tensor, output) for tensor in inputs))
    fields: tuple[tuple[str, Value], ...] = (
        ("dims", dims),
        ("stride_condition", strides[0]),
        ("stride1", strides[1]),
        ("stride2", strides[2]),
        ("element_bytes", output.dtype.size_bytes),
    )
    return Step(
        operator=op.index,
        implements=(op.index,),
        kernel="nn_select",
        header="nn_select.h",
        params=Params("nn_select", fields),
        inputs=op.inputs,
        outputs=(op.output,),
        in_place=in_place(inputs, output),
        description=f"{shape_text(inputs[0])} ? {shape_text(inputs[1])} : {shape_text(inputs[2])}",
    )


def _at_most_rank(tensor: Tensor, output: Tensor) -> tuple[int, ...]:
    """A shape without leading ones that the output does not have."""
    return tensor.shape[max(len(tensor.shape) - len(output.shape), 0) :]


def check_select(op: Select, subject: Subject) -> Iterator[Finding]:  # noqa: ARG001 one signature for all
    """Both choices of the output's type."""
    other = subject.input(2)
    if other.dtype is not subject.output.dtype:
        what = f"chooses between {subject.output.dtype} and {other.dtype} ({other.label})"
        yield subject.error("unsupported-type", what, QUANTIZE_HINT, other)


ENTRIES: Mapping[str, Entry] = {
    "SELECT_V2": Entry(
        lower_select,
        tuple(Types((BOOL, dtype), dtype) for dtype in (INT8, INT16, FLOAT)),
        check_select,
        needs_scales=False,
    ),
}

"""What signal operators share: their step, their tables, and checks of constants and options."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.model.graph import DType
from boardproof.project.runtimes.aot.entry import Entry, Types, alike
from boardproof.project.runtimes.aot.operands import flow_text, shape_text
from boardproof.project.runtimes.aot.program import InPlace, Params, Step, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from boardproof.model.graph import Graph, Operator
    from boardproof.model.preflight import Finding
    from boardproof.project.runtimes.aot.checks.findings import Subject
    from boardproof.project.runtimes.aot.entry import Check, Lowering
    from boardproof.project.runtimes.aot.program import Fields

BITS, WIDE_BITS = 32, 64
"""Of numbers that are shifted."""

_OPTION_HINT = "Build the front end again with options in range (boardproof.features makes such files)."


def entry(lower: Lowering, source: DType, target: DType, check: Check | None = None, limits: str = "") -> Entry:
    """Of one type to another; no scales."""
    return Entry(lower, (Types((source,), target),), check, needs_scales=False, limits=limits)


def same_type(lower: Lowering, *dtypes: DType, check: Check | None = None, limits: str = "") -> Entry:
    """Of a type to the same; no scales."""
    return Entry(lower, alike(*dtypes), check, needs_scales=False, limits=limits)


def signal_table(name: str, graph: Graph, tensor: int) -> Table:
    """A constant input as a table of the kernel's parameters."""
    constant = graph.tensors[tensor]
    return Table(name, constant.array(), constant.label, tensor)


def signal_step(
    op: Operator,
    graph: Graph,
    name: str,
    fields: Fields,
    *,
    inputs: int | None = None,
    struct: str | None = None,
    header: str = "nn_signal.h",
    in_place: tuple[InPlace, ...] = (),
) -> Step:
    """The call of nn_signal_<name>; `inputs`: how many the kernel takes, if not all, states included."""
    data, output = graph.tensors[op.input], graph.tensors[op.output]
    types = "" if data.dtype is output.dtype is DType.INT16 else f"{data.dtype} to {output.dtype} "
    return Step(
        operator=op.index,
        implements=(op.index,),
        kernel=f"nn_signal_{name}",
        header=header,
        params=Params(f"nn_signal_{struct or name.rpartition('_')[0]}", fields),
        inputs=op.inputs if inputs is None else op.inputs[:inputs],
        outputs=op.outputs,
        in_place=in_place,
        description=types + (flow_text(data, output) if data.shape != output.shape else shape_text(data)),
    )


def check_constants(subject: Subject, positions: Iterable[int], dtype: DType) -> Iterator[Finding]:
    """Whether these inputs are constants of the type."""
    for position in positions:
        tensor = subject.input(position)
        if not tensor.is_constant or tensor.dtype is not dtype:
            kind = f"constant {dtype}" if tensor.is_constant else "constant"
            what = f"takes {tensor.label} as its input {position}, which is no {kind}"
            yield subject.error("unsupported-type", what, _OPTION_HINT, tensor)


def check_types(subject: Subject, dtypes: Mapping[int, DType]) -> Iterator[Finding]:
    """Whether these inputs have the types."""
    for position, dtype in dtypes.items():
        tensor = subject.input(position)
        if tensor.dtype is not dtype:
            what = f"takes {tensor.dtype} as its input {position} ({tensor.label}), not {dtype}"
            yield subject.error("unsupported-type", what, _OPTION_HINT, tensor)


def check_bits(subject: Subject, name: str, value: int, limit: int) -> Iterator[Finding]:
    """Whether a shift exists."""
    if not 0 <= value < limit:
        what = f"has {name} {value}, not 0 to {limit - 1}"
        yield subject.error("unsupported-option", what, _OPTION_HINT)

"""What is said about an operator that is compiled: its types, what else must hold, and how it is lowered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from boardproof.model.graph import DType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from boardproof.model.graph import Graph, Operator
    from boardproof.model.preflight import Finding
    from boardproof.project.runtimes.aot.checks.findings import Subject
    from boardproof.project.runtimes.aot.program import Step, View

    Lowered = Step | View | tuple[View, ...]
    """An operator's step, or views of other tensors if it moves no data."""

    Lowering = Callable[[Any, Graph], Lowered]
    """Lowers a checked operator."""

    Check = Callable[[Any, Subject], Iterator[Finding]]
    """What must hold for an operator beyond its types."""

INT8, UINT8, INT16, INT32, INT64 = DType.INT8, DType.UINT8, DType.INT16, DType.INT32, DType.INT64
FLOAT, BOOL = DType.FLOAT32, DType.BOOL

QUANTIZED_TYPES = frozenset({DType.INT8, DType.UINT8, DType.INT16})
"""Types whose tensors mean nothing without a scale, as a rule."""


@dataclass(frozen=True, slots=True)
class Types:
    """One combination of types that an operator is compiled for.

    Attributes:
        inputs: Of the first inputs, in order; what the others are is for the operator's own check.
        output: Of the first output.
    """

    inputs: tuple[DType, ...]
    output: DType

    def fit(self, op: Operator, graph: Graph) -> bool:
        """Whether an operator's tensors have these types."""
        found = tuple(graph.tensors[i].dtype for i in op.inputs[: len(self.inputs)])
        return found == self.inputs and graph.tensors[op.output].dtype is self.output


@dataclass(frozen=True, slots=True)
class Entry:
    """One operator.

    Attributes:
        lower: Makes its step or view.
        types: What it is compiled for; none: any types, which it only moves.
        check: What must hold beyond the types; None if nothing.
        needs_scales: Whether its inputs and output of the types QUANTIZED_TYPES need one scale and zero point each.
        limits: What is refused although TensorFlow Lite Micro may run it, for the documentation.
    """

    lower: Lowering
    types: tuple[Types, ...]
    check: Check | None = None
    needs_scales: bool = True
    limits: str = ""


def alike(*dtypes: DType, inputs: int = 1) -> tuple[Types, ...]:
    """The inputs and the output all of one of the types."""
    return tuple(Types((dtype,) * inputs, dtype) for dtype in dtypes)

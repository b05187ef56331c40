"""A whole operator, FLOOR_DIV of two float tensors of one shape: a template to copy, part by part.

Each part says where it goes for a family, here "elementwise". The kernel is in nn_floor_div.h and nn_floor_div_f32.c,
which go to firmware/kernels/.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from boardproof.model.operators.base import Operator
from boardproof.model.shapes.rules import require_output
from boardproof.model.tflite.raw_operator import Reader
from boardproof.project.runtimes.aot.entry import FLOAT, Entry, alike
from boardproof.project.runtimes.aot.operands import shape_text
from boardproof.project.runtimes.aot.program import InPlace, Step
from boardproof.project.runtimes.aot.steps import kernel_step, typed_params

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from boardproof.model.graph import Graph
    from boardproof.model.preflight import Finding
    from boardproof.model.shapes.rules import Fit, Rules
    from boardproof.project.runtimes.aot.checks.findings import Subject

FOLDER = Path(__file__).parent


# model/operators/elementwise.py: what it is, and its name in __all__


@dataclass(frozen=True, slots=True)
class FloorDiv(Operator):
    """inputs: dividend, divisor. Their quotient, rounded down."""

    opcode: ClassVar[str] = "FLOOR_DIV"


# model/tflite/elementwise.py: how it is read, how many inputs it has; its options, if it has some, in OPTIONS

READERS: Mapping[str, Reader] = {
    "FLOOR_DIV": Reader(lambda raw: FloorDiv(*raw.wiring), inputs=(2, 2)),
}


# model/shapes/elementwise.py: which shapes fit


def fit_floor_div(operator: FloorDiv, fit: Fit) -> None:
    """All of one shape."""
    require_output(fit.output, fit.data)
    require_output(fit.output, fit.inputs[1].shape)


RULES: Rules = {FloorDiv: fit_floor_div}


# project/runtimes/aot/operators/elementwise/floor_div.py, a new file, and its ENTRIES in the family's __init__.py


def lower_floor_div(op: FloorDiv, graph: Graph) -> Step:
    """One nn_floor_div_f32."""
    data = graph.tensors[op.input]
    params = typed_params("nn_floor_div", data, (("count", data.elements),))
    return kernel_step(op, "nn_floor_div.h", params, op.inputs, shape_text(data), InPlace(0), InPlace(1))


def check_floor_div(op: FloorDiv, subject: Subject) -> Iterator[Finding]:
    """No division by a constant 0."""
    divisor = subject.input(1)
    if divisor.is_constant and not divisor.array().all():
        yield subject.error("division-by-zero", f"divides by zero ({divisor.label})", "Divide by other numbers.")


ENTRIES: Mapping[str, Entry] = {
    "FLOOR_DIV": Entry(lower_floor_div, alike(FLOAT, inputs=2), check_floor_div, limits="one shape for all"),
}

"""Operators in float32 that take functions from a C library, whose last bits are another's on the board."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.model.graph import DType
from boardproof.model.preflight import Severity
from boardproof.project.runtimes.tflm.resolver import all_uses

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boardproof.model.graph import Graph
    from boardproof.model.preflight import Finding
    from boardproof.project.runtimes.tflm.resolver import Use

NOTE_CODE = "float-functions"
_HINT = (
    "The verdict compares with tflite_micro, so last bits that differ (exit status 1) are then no sign of broken "
    "firmware; --runtime aot computes ELU, EXP, LOG, LOGISTIC, SOFTMAX and TANH as tflite_micro does."
)
_FUNCTIONS = frozenset(
    {"COS", "ELU", "EXP", "LOG", "LOGISTIC", "LOG_SOFTMAX", "SIN", "SOFTMAX", "TANH", "UNIDIRECTIONAL_SEQUENCE_LSTM"}
)
"""Those whose float32 kernels call exp, log, sin, cos or tanh of the C library. Square roots are exact everywhere."""


def check_floats(graph: Graph) -> Iterator[Finding]:
    """One note for each kind of operator whose last bits depend on the C library."""
    found: dict[str, list[Use]] = {}
    for use in all_uses(graph):
        output = use.output(0)
        if use.opcode in _FUNCTIONS and output is not None and output.dtype is DType.FLOAT32:
            found.setdefault(use.opcode, []).append(use)
    for name, uses in sorted(found.items()):
        plural, numbers = "s"[: len(uses) > 1], ", ".join(use.number for use in uses)
        yield uses[0].finding(
            Severity.NOTE,
            NOTE_CODE,
            f"{name} in float32 takes its functions from the C library, and the board's differs from the host's in the "
            f"last bits, so the output{plural} of operator{plural} {numbers} can differ from tflite_micro's.",
            _HINT,
        )

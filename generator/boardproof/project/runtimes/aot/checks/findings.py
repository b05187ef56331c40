"""How checks say what is wrong with an operator."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from boardproof.model.layer_names import place_of
from boardproof.model.preflight import Finding, Severity

if TYPE_CHECKING:
    from boardproof.model.graph import Graph, Operator, Tensor

OR_TFLM = ", or try --runtime tflm, if its library can run this."
"""No promise: which operators and types are there depends on the library."""

QUANTIZE_HINT = f"Quantize the model to full int8 (boardproof quantize){OR_TFLM}"
RECONVERT_HINT = f"Convert the model again with a current TensorFlow{OR_TFLM}"
TFLM_HINT = f"Change the model so that it needs nothing of the kind{OR_TFLM}"


def without_tflm(finding: Finding) -> Finding:
    """The same finding without advice to try TensorFlow Lite Micro, for models that no version of it runs."""
    return replace(finding, hint=finding.hint.replace(OR_TFLM, "."))


@dataclass(frozen=True, slots=True)
class Subject:
    """The operator a check is about."""

    op: Operator
    graph: Graph

    @property
    def output(self) -> Tensor:
        """Its first output."""
        return self.graph.tensors[self.op.output]

    def input(self, position: int) -> Tensor:
        """One of its inputs."""
        return self.graph.tensors[self.op.inputs[position]]

    def error(self, code: str, what: str, hint: str, tensor: Tensor | None = None) -> Finding:
        """A finding that stops the run; `what` continues "Layer sum (operator 3, ADD) "."""
        return self._finding(Severity.ERROR, code, what, hint, tensor)

    def warning(self, code: str, what: str, hint: str, tensor: Tensor | None = None) -> Finding:
        """A finding that does not stop the run; `what` as for `error`."""
        return self._finding(Severity.WARNING, code, what, hint, tensor)

    def _finding(self, severity: Severity, code: str, what: str, hint: str, tensor: Tensor | None) -> Finding:
        place = place_of(self.op, self.graph)
        subject = f"Operator {self.op.index} ({self.op.name})"
        if place is not None:
            subject = place[0].upper() + place[1:]
        elif self.op.outputs:
            subject += f", which computes {self.output.label},"
        index = None if tensor is None else tensor.index
        return Finding(severity, code, f"{subject} {what}.", hint, self.op.index, index)

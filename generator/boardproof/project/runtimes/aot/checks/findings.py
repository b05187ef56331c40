"""How checks say what is wrong with an operator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from boardproof.model.preflight import Finding, Severity

if TYPE_CHECKING:
    from boardproof.model.graph import Graph, Operator, Tensor

QUANTIZE_HINT = "Quantize the model to full int8 (boardproof quantize), or use --runtime tflm."
RECONVERT_HINT = "Convert the model again with a current TensorFlow, or use --runtime tflm."
TFLM_HINT = "Use --runtime tflm, which runs what TensorFlow Lite Micro runs."


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
        """A finding that stops the run; `what` continues "Operator 3 (ADD), which computes x, "."""
        return self._finding(Severity.ERROR, code, what, hint, tensor)

    def warning(self, code: str, what: str, hint: str, tensor: Tensor | None = None) -> Finding:
        """A finding that does not stop the run; `what` as for `error`."""
        return self._finding(Severity.WARNING, code, what, hint, tensor)

    def _finding(self, severity: Severity, code: str, what: str, hint: str, tensor: Tensor | None) -> Finding:
        subject = f"Operator {self.op.index} ({self.op.name})"
        if self.op.outputs:
            subject += f", which computes {self.output.label},"
        index = None if tensor is None else tensor.index
        return Finding(severity, code, f"{subject} {what}.", hint, self.op.index, index)

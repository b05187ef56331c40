"""Operators that keep something from one inference to the next: variables, and recurrent layers with a state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from boardproof.model.operators.base import Operator

if TYPE_CHECKING:
    from boardproof.model.operators.base import Activation

__all__ = ["LSTM_INPUTS", "AssignVariable", "CallOnce", "ReadVariable", "SequenceLstm", "Svdf", "VarHandle"]


@dataclass(frozen=True, slots=True)
class VarHandle(Operator):
    """Names a variable; the output (resource) stands for it. One variable per `container` and `shared_name`."""

    opcode: ClassVar[str] = "VAR_HANDLE"
    container: str
    shared_name: str


@dataclass(frozen=True, slots=True)
class ReadVariable(Operator):
    """inputs: handle. Its value now."""

    opcode: ClassVar[str] = "READ_VARIABLE"


@dataclass(frozen=True, slots=True)
class AssignVariable(Operator):
    """inputs: handle, value. No outputs."""

    opcode: ClassVar[str] = "ASSIGN_VARIABLE"


@dataclass(frozen=True, slots=True)
class CallOnce(Operator):
    """Runs another graph of the file, by its place there, in the first inference only. No inputs, no outputs."""

    opcode: ClassVar[str] = "CALL_ONCE"
    subgraph: int


@dataclass(frozen=True, slots=True)
class Svdf(Operator):
    """inputs: data [N,I], feature weights [F,I], time weights [F,M], bias [F/rank] (optional), variable state [N,M*F].

    A filter with `rank` factors per unit over the last M inputs.
    """

    opcode: ClassVar[str] = "SVDF"
    rank: int
    activation: Activation


LSTM_INPUTS = 24
"""What UNIDIRECTIONAL_SEQUENCE_LSTM has, absent ones included."""


@dataclass(frozen=True, slots=True)
class SequenceLstm(Operator):
    """inputs: data [N,T,I], or [T,N,I] if `time_major`, and 23 more; the gates are input, forget, cell, output.

    1 to 4: input weights [S,I]; 5 to 8: recurrent weights [S,S]; 12 to 15: biases [S]; 18: hidden state (variable);
    19: cell state (variable). 9 to 11 (peephole), 16 and 17 (projection), 20 to 23 (normalization) may be absent.
    """

    opcode: ClassVar[str] = "UNIDIRECTIONAL_SEQUENCE_LSTM"
    time_major: bool
    cell_clip: float
    projection_clip: float
    activation: Activation

    @property
    def input_weights(self) -> tuple[int, ...]:
        """Tensor indices, one per gate."""
        return self.inputs[1:5]

    @property
    def recurrent_weights(self) -> tuple[int, ...]:
        """Tensor indices, one per gate."""
        return self.inputs[5:9]

    @property
    def biases(self) -> tuple[int, ...]:
        """Tensor indices, one per gate."""
        return self.inputs[12:16]

    @property
    def hidden_state(self) -> int:
        """Tensor index."""
        return self.inputs[18]

    @property
    def cell_state(self) -> int:
        """Tensor index."""
        return self.inputs[19]

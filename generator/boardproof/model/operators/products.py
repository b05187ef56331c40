"""Products of tensors, and running sums."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from boardproof.model.operators.base import Operator

if TYPE_CHECKING:
    from boardproof.model.operators.base import Activation
    from boardproof.model.operators.windows import Window

__all__ = ["BatchMatMul", "CumSum", "TransposeConv"]


@dataclass(frozen=True, slots=True)
class TransposeConv(Operator):
    """inputs: output shape [4], filter [O,KH,KW,I], data [N,H,W,I], bias [O] (optional).

    `window` slides over the output: it is that of the convolution whose gradient this is.
    """

    opcode: ClassVar[str] = "TRANSPOSE_CONV"
    window: Window
    activation: Activation

    @property
    def input(self) -> int:
        """The data's tensor index."""
        return self.inputs[2]


@dataclass(frozen=True, slots=True)
class BatchMatMul(Operator):
    """inputs: left [..., A, B], right [..., B, C], leading axes broadcast. An adjoint has its last two axes swapped."""

    opcode: ClassVar[str] = "BATCH_MATMUL"
    adjoint_left: bool
    adjoint_right: bool


@dataclass(frozen=True, slots=True)
class CumSum(Operator):
    """inputs: data, axis (one int32). Sums of all elements up to each; `exclusive`: without itself."""

    opcode: ClassVar[str] = "CUMSUM"
    exclusive: bool
    reverse: bool

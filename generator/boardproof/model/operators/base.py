"""What every operator has, and what several share. The operators themselves are beside it, by kind."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

from boardproof.model.labels import safe_label

__all__ = ["NO_TENSOR", "Activation", "Operator", "Padding", "Unsupported"]


class Activation(Enum):
    """Fused activation functions."""

    NONE = "none"
    RELU = "relu"
    RELU_N1_TO_1 = "relu_n1_to_1"
    RELU6 = "relu6"
    TANH = "tanh"
    SIGN_BIT = "sign_bit"


class Padding(Enum):
    """How a window meets the border."""

    SAME = "same"
    VALID = "valid"


NO_TENSOR = -1
"""The index of an optional input that is absent."""


@dataclass(frozen=True, slots=True)
class Operator:
    """What every operator has: its place in execution order, and the tensors it reads and writes.

    `inputs` may hold NO_TENSOR for an absent optional input. `opcode` is TensorFlow Lite's name for it; families of
    operators, which have a `function`, go by its name instead.
    """

    opcode: ClassVar[str] = ""

    index: int
    version: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]

    @property
    def name(self) -> str:
        """The operator's name as TensorFlow Lite spells it."""
        return self.opcode

    @property
    def input(self) -> int:
        """The first input's tensor index."""
        return self.inputs[0]

    @property
    def output(self) -> int:
        """The first output's tensor index."""
        return self.outputs[0]

    def optional_input(self, position: int) -> int | None:
        """The tensor index of an input that may be missing, or None."""
        if position >= len(self.inputs) or self.inputs[position] == NO_TENSOR:
            return None
        return self.inputs[position]


@dataclass(frozen=True, slots=True)
class Unsupported(Operator):
    """An operator boardproof does not compile ahead of time; `opcode_name` is its name, or a custom operator's code.

    The tflm runtime needs only the name and the version, so such a graph may still run there.
    """

    opcode_name: str
    is_custom: bool = False

    @property
    def name(self) -> str:
        """The operator's name as TensorFlow Lite spells it, or the custom operator's own, safe to show."""
        return safe_label(self.opcode_name)

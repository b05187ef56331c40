"""Operators that work element by element. Those with one definition but for a function are one class."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, ClassVar

from boardproof.model.operators.base import Operator

if TYPE_CHECKING:
    from boardproof.model.operators.base import Activation

__all__ = [
    "AddN",
    "Binary",
    "BinaryFunction",
    "Cast",
    "Compare",
    "Comparison",
    "Dequantize",
    "LeakyRelu",
    "Prelu",
    "Quantize",
    "Select",
    "Unary",
    "UnaryFunction",
]


class UnaryFunction(Enum):
    """Functions of one number; the values are TensorFlow Lite's operator names."""

    ABS = "ABS"
    CEIL = "CEIL"
    ELU = "ELU"
    EXP = "EXP"
    FLOOR = "FLOOR"
    HARD_SWISH = "HARD_SWISH"
    LOG = "LOG"
    LOGICAL_NOT = "LOGICAL_NOT"
    LOGISTIC = "LOGISTIC"
    NEG = "NEG"
    RELU = "RELU"
    RELU6 = "RELU6"
    ROUND = "ROUND"
    RSQRT = "RSQRT"
    SQRT = "SQRT"
    SQUARE = "SQUARE"
    TANH = "TANH"


class BinaryFunction(Enum):
    """Functions of two numbers; the values are TensorFlow Lite's operator names."""

    ADD = "ADD"
    DIV = "DIV"
    LOGICAL_AND = "LOGICAL_AND"
    LOGICAL_OR = "LOGICAL_OR"
    MAXIMUM = "MAXIMUM"
    MINIMUM = "MINIMUM"
    MUL = "MUL"
    SQUARED_DIFFERENCE = "SQUARED_DIFFERENCE"
    SUB = "SUB"


class Comparison(Enum):
    """Relations of two numbers; the values are TensorFlow Lite's operator names."""

    EQUAL = "EQUAL"
    GREATER = "GREATER"
    GREATER_EQUAL = "GREATER_EQUAL"
    LESS = "LESS"
    LESS_EQUAL = "LESS_EQUAL"
    NOT_EQUAL = "NOT_EQUAL"


@dataclass(frozen=True, slots=True)
class Unary(Operator):
    """A function of each element."""

    function: UnaryFunction

    @property
    def name(self) -> str:
        """The function's name as TensorFlow Lite spells it."""
        return self.function.value


@dataclass(frozen=True, slots=True)
class LeakyRelu(Operator):
    """x where it is positive, else alpha * x."""

    opcode: ClassVar[str] = "LEAKY_RELU"
    alpha: float


@dataclass(frozen=True, slots=True)
class Prelu(Operator):
    """x where it is positive, else alpha * x. inputs: x, alpha; broadcast against each other."""

    opcode: ClassVar[str] = "PRELU"


@dataclass(frozen=True, slots=True)
class Binary(Operator):
    """A function of two tensors, broadcast against each other. Only arithmetic has an activation."""

    function: BinaryFunction
    activation: Activation

    @property
    def name(self) -> str:
        """The function's name as TensorFlow Lite spells it."""
        return self.function.value


@dataclass(frozen=True, slots=True)
class Compare(Operator):
    """A relation between two tensors, broadcast against each other; the output is bool."""

    function: Comparison

    @property
    def name(self) -> str:
        """The relation's name as TensorFlow Lite spells it."""
        return self.function.value


@dataclass(frozen=True, slots=True)
class Select(Operator):
    """inputs: condition (bool), x, y, broadcast against each other. x where the condition holds, else y."""

    opcode: ClassVar[str] = "SELECT_V2"


@dataclass(frozen=True, slots=True)
class AddN(Operator):
    """The sum of two or more tensors of one shape."""

    opcode: ClassVar[str] = "ADD_N"


@dataclass(frozen=True, slots=True)
class Quantize(Operator):
    """Float to quantized, or one quantization to another."""

    opcode: ClassVar[str] = "QUANTIZE"


@dataclass(frozen=True, slots=True)
class Dequantize(Operator):
    """Quantized to float."""

    opcode: ClassVar[str] = "DEQUANTIZE"


@dataclass(frozen=True, slots=True)
class Cast(Operator):
    """Numbers of one type to another as they are, without quantization."""

    opcode: ClassVar[str] = "CAST"

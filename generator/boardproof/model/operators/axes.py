"""Operators that work along axes: reductions, and normalizations of the last axis."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, ClassVar

from boardproof.model.operators.base import Operator

if TYPE_CHECKING:
    from boardproof.model.operators.base import Activation

__all__ = ["ArgExtremum", "Extremum", "L2Normalization", "LogSoftmax", "Reduce", "Reduction", "Softmax"]


class Reduction(Enum):
    """Functions of many numbers; the values are TensorFlow Lite's operator names."""

    MEAN = "MEAN"
    REDUCE_ALL = "REDUCE_ALL"
    REDUCE_MAX = "REDUCE_MAX"
    REDUCE_MIN = "REDUCE_MIN"
    SUM = "SUM"


class Extremum(Enum):
    """Whose place is looked for; the values are TensorFlow Lite's operator names."""

    ARG_MAX = "ARG_MAX"
    ARG_MIN = "ARG_MIN"


@dataclass(frozen=True, slots=True)
class Reduce(Operator):
    """inputs: data, axes (int32, constant as a rule). `keep_dims`: reduced axes stay, with size 1."""

    function: Reduction
    keep_dims: bool

    @property
    def name(self) -> str:
        """The function's name as TensorFlow Lite spells it."""
        return self.function.value


@dataclass(frozen=True, slots=True)
class ArgExtremum(Operator):
    """inputs: data, axis (one int32). The index along that axis of the first smallest or largest element."""

    function: Extremum

    @property
    def name(self) -> str:
        """The function's name as TensorFlow Lite spells it."""
        return self.function.value


@dataclass(frozen=True, slots=True)
class Softmax(Operator):
    """Along the last axis."""

    opcode: ClassVar[str] = "SOFTMAX"
    beta: float


@dataclass(frozen=True, slots=True)
class LogSoftmax(Operator):
    """The logarithm of softmax, along the last axis."""

    opcode: ClassVar[str] = "LOG_SOFTMAX"


@dataclass(frozen=True, slots=True)
class L2Normalization(Operator):
    """Each row along the last axis divided by its Euclidean norm."""

    opcode: ClassVar[str] = "L2_NORMALIZATION"
    activation: Activation

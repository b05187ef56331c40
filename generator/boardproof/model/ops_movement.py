"""Operators that move or rename elements without changing them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from boardproof.model.ops import Operator


@dataclass(frozen=True, slots=True)
class Pad(Operator):
    """inputs: data, paddings [rank, 2] (constant); pads with the zero point."""

    opcode: ClassVar[str] = "PAD"


@dataclass(frozen=True, slots=True)
class Reshape(Operator):
    """The output tensor's shape is the new shape."""

    opcode: ClassVar[str] = "RESHAPE"

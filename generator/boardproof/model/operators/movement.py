"""Operators that move, rename, repeat or fill in elements without changing them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from boardproof.model.operators.base import Operator

__all__ = [
    "BroadcastArgs",
    "BroadcastTo",
    "ExpandDims",
    "Fill",
    "MirrorPad",
    "Pad",
    "PadV2",
    "Reshape",
    "ReverseV2",
    "Shape",
    "Squeeze",
    "Transpose",
    "ZerosLike",
]


@dataclass(frozen=True, slots=True)
class Pad(Operator):
    """inputs: data, paddings [rank, 2] (constant); pads with the zero point."""

    opcode: ClassVar[str] = "PAD"


@dataclass(frozen=True, slots=True)
class PadV2(Operator):
    """inputs: data, paddings [rank, 2] (constant), one element to pad with."""

    opcode: ClassVar[str] = "PADV2"


@dataclass(frozen=True, slots=True)
class MirrorPad(Operator):
    """inputs: data, paddings [rank, 2] (constant). `reflect`: the border is not repeated."""

    opcode: ClassVar[str] = "MIRROR_PAD"
    reflect: bool


@dataclass(frozen=True, slots=True)
class Reshape(Operator):
    """The output tensor's shape is the new shape."""

    opcode: ClassVar[str] = "RESHAPE"


@dataclass(frozen=True, slots=True)
class Squeeze(Operator):
    """Drops axes of size 1: those named, or all of them."""

    opcode: ClassVar[str] = "SQUEEZE"
    axes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ExpandDims(Operator):
    """inputs: data, axis (one int32). A new axis of size 1 there."""

    opcode: ClassVar[str] = "EXPAND_DIMS"


@dataclass(frozen=True, slots=True)
class Transpose(Operator):
    """inputs: data, permutation [rank]. Output axis i is input axis permutation[i]."""

    opcode: ClassVar[str] = "TRANSPOSE"


@dataclass(frozen=True, slots=True)
class ReverseV2(Operator):
    """inputs: data, axes along which the order turns round."""

    opcode: ClassVar[str] = "REVERSE_V2"


@dataclass(frozen=True, slots=True)
class BroadcastTo(Operator):
    """inputs: data, shape [rank of the output]."""

    opcode: ClassVar[str] = "BROADCAST_TO"


@dataclass(frozen=True, slots=True)
class BroadcastArgs(Operator):
    """inputs: two shapes. The shape they broadcast to."""

    opcode: ClassVar[str] = "BROADCAST_ARGS"


@dataclass(frozen=True, slots=True)
class Fill(Operator):
    """inputs: shape, one element that is repeated."""

    opcode: ClassVar[str] = "FILL"


@dataclass(frozen=True, slots=True)
class ZerosLike(Operator):
    """Zeros of the input's shape: the number 0, whatever the zero point."""

    opcode: ClassVar[str] = "ZEROS_LIKE"


@dataclass(frozen=True, slots=True)
class Shape(Operator):
    """The input's shape, as integers."""

    opcode: ClassVar[str] = "SHAPE"

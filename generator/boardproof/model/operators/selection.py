"""Operators that take tensors apart, pick from them, or join them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from boardproof.model.operators.base import Operator

if TYPE_CHECKING:
    from boardproof.model.operators.base import Activation

__all__ = [
    "Concatenation",
    "DynamicUpdateSlice",
    "EmbeddingLookup",
    "Gather",
    "GatherNd",
    "Pack",
    "Slice",
    "Split",
    "SplitV",
    "StridedSlice",
    "Unpack",
]


@dataclass(frozen=True, slots=True)
class Concatenation(Operator):
    """The inputs one after another along `axis`."""

    opcode: ClassVar[str] = "CONCATENATION"
    axis: int
    activation: Activation


@dataclass(frozen=True, slots=True)
class Pack(Operator):
    """The inputs, all of one shape, along a new axis."""

    opcode: ClassVar[str] = "PACK"
    axis: int


@dataclass(frozen=True, slots=True)
class Unpack(Operator):
    """One output for each index along `axis`, which is dropped."""

    opcode: ClassVar[str] = "UNPACK"
    axis: int


@dataclass(frozen=True, slots=True)
class Split(Operator):
    """inputs: axis (one int32), data. Outputs of equal size along that axis."""

    opcode: ClassVar[str] = "SPLIT"


@dataclass(frozen=True, slots=True)
class SplitV(Operator):
    """inputs: data, sizes along the axis (one may be -1), axis (one int32)."""

    opcode: ClassVar[str] = "SPLIT_V"


@dataclass(frozen=True, slots=True)
class Slice(Operator):
    """inputs: data, begin [rank], size [rank] (-1: to the end)."""

    opcode: ClassVar[str] = "SLICE"


@dataclass(frozen=True, slots=True)
class StridedSlice(Operator):
    """inputs: data, begin [rank], end [rank], strides [rank].

    Bit i of a mask stands for axis i: `begin_mask` and `end_mask` ignore begin or end there, `shrink_axis_mask` takes
    the one element at begin and drops the axis. `other_masks`: the ellipsis and new-axis masks, of whatever bits.
    """

    opcode: ClassVar[str] = "STRIDED_SLICE"
    begin_mask: int
    end_mask: int
    shrink_axis_mask: int
    other_masks: int
    end_is_offset: bool


@dataclass(frozen=True, slots=True)
class Gather(Operator):
    """inputs: data, indices (int32). Slices along `axis`; the first `batch_dims` axes of both belong together."""

    opcode: ClassVar[str] = "GATHER"
    axis: int
    batch_dims: int


@dataclass(frozen=True, slots=True)
class GatherNd(Operator):
    """inputs: data, indices [..., depth] (int32). Slices at indices into the first `depth` axes."""

    opcode: ClassVar[str] = "GATHER_ND"


@dataclass(frozen=True, slots=True)
class DynamicUpdateSlice(Operator):
    """inputs: data, update, start [rank] (int32 or int64). The data with the update in it, as far as it fits."""

    opcode: ClassVar[str] = "DYNAMIC_UPDATE_SLICE"


@dataclass(frozen=True, slots=True)
class EmbeddingLookup(Operator):
    """inputs: row numbers [n] (int32), table [rows, ...]."""

    opcode: ClassVar[str] = "EMBEDDING_LOOKUP"

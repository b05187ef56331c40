"""Operators that resize images, or trade their height and width for channels or batches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from boardproof.model.operators.base import Operator

__all__ = [
    "BatchToSpaceNd",
    "DepthToSpace",
    "Resize",
    "ResizeBilinear",
    "ResizeNearestNeighbor",
    "SpaceToBatchNd",
    "SpaceToDepth",
]


@dataclass(frozen=True, slots=True)
class Resize(Operator):
    """inputs: data [N,H,W,C], size [2] (int32, height and width)."""

    align_corners: bool
    half_pixel_centers: bool


@dataclass(frozen=True, slots=True)
class ResizeNearestNeighbor(Resize):
    """Each output pixel is an input pixel."""

    opcode: ClassVar[str] = "RESIZE_NEAREST_NEIGHBOR"


@dataclass(frozen=True, slots=True)
class ResizeBilinear(Resize):
    """Each output pixel is interpolated between up to four input pixels."""

    opcode: ClassVar[str] = "RESIZE_BILINEAR"


@dataclass(frozen=True, slots=True)
class SpaceToDepth(Operator):
    """Blocks of pixels to channels of one pixel."""

    opcode: ClassVar[str] = "SPACE_TO_DEPTH"
    block_size: int


@dataclass(frozen=True, slots=True)
class DepthToSpace(Operator):
    """Channels of one pixel to a block of pixels."""

    opcode: ClassVar[str] = "DEPTH_TO_SPACE"
    block_size: int


@dataclass(frozen=True, slots=True)
class SpaceToBatchNd(Operator):
    """inputs: data [N,H,W,C] or [N,H,C], block shape [1 or 2], paddings [1 or 2, 2]. Pixels of a block to batches."""

    opcode: ClassVar[str] = "SPACE_TO_BATCH_ND"


@dataclass(frozen=True, slots=True)
class BatchToSpaceNd(Operator):
    """inputs: data [N,H,W,C] or [N,H,C], block shape [1 or 2], crops [1 or 2, 2]. Batches to pixels of a block."""

    opcode: ClassVar[str] = "BATCH_TO_SPACE_ND"

"""Reads the operators of ops_movement.py and ops_images.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflite import (
    BuiltinOptions,
    DepthToSpaceOptions,
    MirrorPadOptions,
    ResizeBilinearOptions,
    ResizeNearestNeighborOptions,
    SpaceToDepthOptions,
    SqueezeOptions,
)

from boardproof.model.graph import (
    BatchToSpaceNd,
    BroadcastArgs,
    BroadcastTo,
    DepthToSpace,
    ExpandDims,
    Fill,
    MirrorPad,
    Pad,
    PadV2,
    Reshape,
    ResizeBilinear,
    ResizeNearestNeighbor,
    ReverseV2,
    Shape,
    SpaceToBatchNd,
    SpaceToDepth,
    Squeeze,
    Transpose,
    ZerosLike,
)
from boardproof.model.tflite.raw_operator import Reader

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boardproof.model.tflite.raw_operator import RawOperator

_MIRROR_PAD_MODES = {0: True, 1: False}
"""MirrorPadMode of the schema, REFLECT and SYMMETRIC: whether it reflects."""


def _mirror_pad(raw: RawOperator) -> MirrorPad:
    mode = raw.require_options(BuiltinOptions.MirrorPadOptions, MirrorPadOptions).Mode()
    if mode not in _MIRROR_PAD_MODES:
        raise raw.error(f"mode {mode} is unknown")
    return MirrorPad(*raw.wiring, reflect=_MIRROR_PAD_MODES[mode])


def _squeeze(raw: RawOperator) -> Squeeze:
    options = raw.optional_options(BuiltinOptions.SqueezeOptions, SqueezeOptions)
    axes = () if options is None else tuple(int(options.SqueezeDims(i)) for i in range(options.SqueezeDimsLength()))
    return Squeeze(*raw.wiring, axes=axes)


def _resize_bilinear(raw: RawOperator) -> ResizeBilinear:
    options = raw.require_options(BuiltinOptions.ResizeBilinearOptions, ResizeBilinearOptions)
    return ResizeBilinear(
        *raw.wiring, align_corners=bool(options.AlignCorners()), half_pixel_centers=bool(options.HalfPixelCenters())
    )


def _resize_nearest_neighbor(raw: RawOperator) -> ResizeNearestNeighbor:
    options = raw.require_options(BuiltinOptions.ResizeNearestNeighborOptions, ResizeNearestNeighborOptions)
    return ResizeNearestNeighbor(
        *raw.wiring, align_corners=bool(options.AlignCorners()), half_pixel_centers=bool(options.HalfPixelCenters())
    )


def _space_to_depth(raw: RawOperator) -> SpaceToDepth:
    options = raw.require_options(BuiltinOptions.SpaceToDepthOptions, SpaceToDepthOptions)
    return SpaceToDepth(*raw.wiring, block_size=_block_size(raw, options.BlockSize()))


def _depth_to_space(raw: RawOperator) -> DepthToSpace:
    options = raw.require_options(BuiltinOptions.DepthToSpaceOptions, DepthToSpaceOptions)
    return DepthToSpace(*raw.wiring, block_size=_block_size(raw, options.BlockSize()))


def _block_size(raw: RawOperator, size: int) -> int:
    return raw.positive("block", size, size)[0]


MOVEMENT_READERS: Mapping[str, Reader] = {
    "BATCH_TO_SPACE_ND": Reader(lambda raw: BatchToSpaceNd(*raw.wiring), inputs=(3, 3)),
    "BROADCAST_ARGS": Reader(lambda raw: BroadcastArgs(*raw.wiring), inputs=(2, 2)),
    "BROADCAST_TO": Reader(lambda raw: BroadcastTo(*raw.wiring), inputs=(2, 2)),
    "DEPTH_TO_SPACE": Reader(_depth_to_space),
    "EXPAND_DIMS": Reader(lambda raw: ExpandDims(*raw.wiring), inputs=(2, 2)),
    "FILL": Reader(lambda raw: Fill(*raw.wiring), inputs=(2, 2)),
    "MIRROR_PAD": Reader(_mirror_pad, inputs=(2, 2)),
    "PAD": Reader(lambda raw: Pad(*raw.wiring), inputs=(2, 2)),
    "PADV2": Reader(lambda raw: PadV2(*raw.wiring), inputs=(3, 3)),
    "RESHAPE": Reader(lambda raw: Reshape(*raw.wiring), inputs=(1, 2)),
    "RESIZE_BILINEAR": Reader(_resize_bilinear, inputs=(2, 2)),
    "RESIZE_NEAREST_NEIGHBOR": Reader(_resize_nearest_neighbor, inputs=(2, 2)),
    "REVERSE_V2": Reader(lambda raw: ReverseV2(*raw.wiring), inputs=(2, 2)),
    "SHAPE": Reader(lambda raw: Shape(*raw.wiring)),
    "SPACE_TO_BATCH_ND": Reader(lambda raw: SpaceToBatchNd(*raw.wiring), inputs=(3, 3)),
    "SPACE_TO_DEPTH": Reader(_space_to_depth),
    "SQUEEZE": Reader(_squeeze),
    "TRANSPOSE": Reader(lambda raw: Transpose(*raw.wiring), inputs=(2, 2)),
    "ZEROS_LIKE": Reader(lambda raw: ZerosLike(*raw.wiring)),
}

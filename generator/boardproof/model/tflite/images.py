"""Reads the operators of operators/images.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflite import (
    BuiltinOptions,
    DepthToSpaceOptions,
    ResizeBilinearOptions,
    ResizeNearestNeighborOptions,
    SpaceToDepthOptions,
)

from boardproof.model.graph import (
    BatchToSpaceNd,
    DepthToSpace,
    ResizeBilinear,
    ResizeNearestNeighbor,
    SpaceToBatchNd,
    SpaceToDepth,
)
from boardproof.model.tflite.raw_operator import Reader
from boardproof.model.tflite.verifier import BYTE, INT, Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boardproof.model.tflite.raw_operator import RawOperator


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


READERS: Mapping[str, Reader] = {
    "BATCH_TO_SPACE_ND": Reader(lambda raw: BatchToSpaceNd(*raw.wiring), inputs=(3, 3)),
    "DEPTH_TO_SPACE": Reader(_depth_to_space),
    "RESIZE_BILINEAR": Reader(_resize_bilinear, inputs=(2, 2)),
    "RESIZE_NEAREST_NEIGHBOR": Reader(_resize_nearest_neighbor, inputs=(2, 2)),
    "SPACE_TO_BATCH_ND": Reader(lambda raw: SpaceToBatchNd(*raw.wiring), inputs=(3, 3)),
    "SPACE_TO_DEPTH": Reader(_space_to_depth),
}

OPTIONS: Mapping[int, Table] = {
    BuiltinOptions.ResizeBilinearOptions: Table("its ResizeBilinearOptions", {0: INT, 1: INT, 2: BYTE, 3: BYTE}),
    BuiltinOptions.ResizeNearestNeighborOptions: Table("its ResizeNearestNeighborOptions", {0: BYTE, 1: BYTE}),
    BuiltinOptions.SpaceToDepthOptions: Table("its SpaceToDepthOptions", {0: INT}),
    BuiltinOptions.DepthToSpaceOptions: Table("its DepthToSpaceOptions", {0: INT}),
}
"""What of its options tables the verifier must know: fields by slot."""

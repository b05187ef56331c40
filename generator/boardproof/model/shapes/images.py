"""Shapes of the operators of operators/images.py."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from boardproof.model.graph import (
    BatchToSpaceNd,
    DepthToSpace,
    ResizeBilinear,
    ResizeNearestNeighbor,
    SpaceToBatchNd,
    SpaceToDepth,
)
from boardproof.model.shapes.rules import MisfitError, constant_ints, require_output, require_rank

if TYPE_CHECKING:
    from boardproof.model.graph import Resize
    from boardproof.model.shapes.rules import Fit, Rules

_IMAGE_RANK = 4
_SEQUENCE_RANK = 3


def fit_resize(operator: Resize, fit: Fit) -> None:  # noqa: ARG001 one signature for all
    """The output has the size that is given."""
    require_rank(fit.data, _IMAGE_RANK)
    if 0 in fit.data:
        raise MisfitError(f"the image {list(fit.data)} is empty")
    size = constant_ints(fit.inputs[1])
    if fit.inputs[1].shape != (2,):
        raise MisfitError(f"the size has shape {list(fit.inputs[1].shape)}, not [2]")
    if size is not None:
        require_output(fit.output, (fit.data[0], size[0], size[1], fit.data[3]))


def fit_space_to_depth(operator: SpaceToDepth, fit: Fit) -> None:
    """Height and width are divided by the block."""
    require_rank(fit.output, _IMAGE_RANK)
    batches, height, width, channels = fit.output
    block = operator.block_size
    if fit.data != (batches, height * block, width * block, channels // block**2) or channels % block**2:
        raise MisfitError(f"blocks of {block}x{block} do not make {list(fit.output)} of {list(fit.data)}")
    require_output(fit.output, fit.output)


def fit_depth_to_space(operator: DepthToSpace, fit: Fit) -> None:
    """Height and width are multiplied by the block."""
    require_rank(fit.data, _IMAGE_RANK)
    batches, height, width, channels = fit.data
    block = operator.block_size
    if channels % block**2:
        raise MisfitError(f"{channels} channels do not make blocks of {block}x{block}")
    require_output(fit.output, (batches, height * block, width * block, channels // block**2))


def fit_batches(operator: SpaceToBatchNd | BatchToSpaceNd, fit: Fit) -> None:
    """The padded or uncropped image consists of whole blocks."""
    rank = len(fit.data)
    if rank not in {_SEQUENCE_RANK, _IMAGE_RANK}:
        raise MisfitError(f"the input {list(fit.data)} has {rank} axes, not 3 or 4")
    spatial = rank - 2
    if fit.inputs[1].shape != (spatial,) or fit.inputs[2].shape != (spatial, 2):
        shapes = f"{list(fit.inputs[1].shape)} and {list(fit.inputs[2].shape)}"
        raise MisfitError(f"a block and margins of shapes {shapes} do not fit {list(fit.data)}")
    block, margins = constant_ints(fit.inputs[1]), constant_ints(fit.inputs[2])
    if block is None or margins is None:
        return
    if min(block) < 1 or min(margins) < 0:
        raise MisfitError(f"the block {block} or the margins {margins} are impossible")
    if isinstance(operator, SpaceToBatchNd):
        small, large = fit.outputs[0].shape, fit.data
    else:
        small, large = fit.data, fit.output
    require_rank(small, rank)
    require_rank(large, rank)
    uncut = tuple(n + a + b for n, a, b in zip(large[1:-1], margins[::2], margins[1::2], strict=True))
    if small != (large[0] * prod(block), *(n // b for n, b in zip(uncut, block, strict=True)), large[-1]) or any(
        n % b for n, b in zip(uncut, block, strict=True)
    ):
        raise MisfitError(f"blocks of {block} with margins {margins} do not make {list(fit.output)}")
    require_output(fit.output, fit.output)


RULES: Rules = {
    BatchToSpaceNd: fit_batches,
    DepthToSpace: fit_depth_to_space,
    ResizeBilinear: fit_resize,
    ResizeNearestNeighbor: fit_resize,
    SpaceToBatchNd: fit_batches,
    SpaceToDepth: fit_space_to_depth,
}

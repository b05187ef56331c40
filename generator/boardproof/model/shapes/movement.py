"""Shapes of the operators of ops_movement.py and ops_images.py."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.graph import SpaceToBatchNd
from boardproof.model.shapes.rules import MisfitError, constant_ints, require_axes, require_output, require_rank

if TYPE_CHECKING:
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
        Resize,
        ReverseV2,
        Shape,
        SpaceToDepth,
        Squeeze,
        Transpose,
    )
    from boardproof.model.shapes.rules import Fit

_IMAGE_RANK = 4
_SEQUENCE_RANK = 3


def fit_reshape(operator: Reshape, fit: Fit) -> None:  # noqa: ARG001 one signature for all
    """As many elements as before."""
    if fit.inputs[0].elements != prod(fit.output):
        raise MisfitError(f"{fit.inputs[0].elements} elements cannot take the shape {list(fit.output)}")


def fit_squeeze(operator: Squeeze, fit: Fit) -> None:
    """The output is the input without axes of size 1."""
    axes = require_axes(operator.axes, len(fit.data))
    if any(fit.data[axis] != 1 for axis in axes):
        raise MisfitError(f"the axes {sorted(axes)} of the input {list(fit.data)} are not all of size 1")
    dropped = axes or {axis for axis, size in enumerate(fit.data) if size == 1}
    require_output(fit.output, tuple(size for axis, size in enumerate(fit.data) if axis not in dropped))


def fit_expand_dims(operator: ExpandDims, fit: Fit) -> None:  # noqa: ARG001 one signature for all
    """The output is the input with one more axis."""
    axes = constant_ints(fit.inputs[1])
    if fit.inputs[1].elements != 1:
        raise MisfitError(f"there are {fit.inputs[1].elements} axes, not one")
    if axes is None:
        return
    (axis,) = require_axes(axes, len(fit.data) + 1)
    require_output(fit.output, (*fit.data[:axis], 1, *fit.data[axis:]))


def fit_pad(operator: Pad | PadV2 | MirrorPad, fit: Fit) -> None:  # noqa: ARG001 one signature for all
    """The output is the input and its paddings."""
    data, paddings = fit.data, constant_ints(fit.inputs[1])
    if fit.inputs[1].shape != (len(data), 2):
        raise MisfitError(f"paddings of shape {list(fit.inputs[1].shape)} do not fit the input {list(data)}")
    if paddings is None:
        return
    if min(paddings, default=0) < 0:
        raise MisfitError(f"the paddings {paddings} are negative")
    pairs = zip(data, paddings[::2], paddings[1::2], strict=True)
    require_output(fit.output, tuple(size + before + after for size, before, after in pairs))


def fit_pad_v2(operator: PadV2, fit: Fit) -> None:
    """As PAD, and one element to pad with."""
    fit_pad(operator, fit)
    if fit.inputs[2].elements != 1:
        raise MisfitError(f"there are {fit.inputs[2].elements} elements to pad with, not one")


def fit_mirror_pad(operator: MirrorPad, fit: Fit) -> None:
    """As PAD, and no padding is larger than what it mirrors."""
    fit_pad(operator, fit)
    paddings = constant_ints(fit.inputs[1]) or []
    most = [size - operator.reflect for size in fit.data for _ in range(2)]
    if any(padding > limit for padding, limit in zip(paddings, most, strict=False)):
        raise MisfitError(f"the paddings {paddings} are larger than the input {list(fit.data)} can mirror")


def fit_transpose(operator: Transpose, fit: Fit) -> None:  # noqa: ARG001 one signature for all
    """The output has the input's axes in another order."""
    order = constant_ints(fit.inputs[1])
    if fit.inputs[1].shape != (len(fit.data),):
        raise MisfitError(f"a permutation of shape {list(fit.inputs[1].shape)} does not fit {list(fit.data)}")
    if order is None:
        return
    if sorted(order) != list(range(len(fit.data))):
        raise MisfitError(f"{order} is not a permutation")
    require_output(fit.output, tuple(fit.data[axis] for axis in order))


def fit_reverse(operator: ReverseV2, fit: Fit) -> None:  # noqa: ARG001 one signature for all
    """The axes exist; the shape stays."""
    require_axes(constant_ints(fit.inputs[1]) or [], len(fit.data))
    require_output(fit.output, fit.data)


def fit_broadcast_to(operator: BroadcastTo, fit: Fit) -> None:  # noqa: ARG001 one signature for all
    """The input broadcasts to the output, whose shape is given."""
    _require_shape(fit, 1)
    try:
        fits = np.broadcast_shapes(fit.data, fit.output) == fit.output
    except ValueError:
        fits = False
    if not fits:
        raise MisfitError(f"the input {list(fit.data)} does not broadcast to {list(fit.output)}")


def fit_broadcast_args(operator: BroadcastArgs, fit: Fit) -> None:  # noqa: ARG001 one signature for all
    """Two shapes give one of the longer one's length."""
    for tensor in fit.inputs:
        require_rank(tensor.shape, 1)
    require_output(fit.output, max(tensor.shape for tensor in fit.inputs))


def fit_fill(operator: Fill, fit: Fit) -> None:  # noqa: ARG001 one signature for all
    """One element, and the output's shape is given."""
    _require_shape(fit, 0)
    if fit.inputs[1].elements != 1:
        raise MisfitError(f"there are {fit.inputs[1].elements} elements to fill with, not one")


def fit_shape(operator: Shape, fit: Fit) -> None:  # noqa: ARG001 one signature for all
    """As many numbers as the input has axes."""
    if fit.output != (len(fit.data),):
        raise MisfitError(f"the output has shape {list(fit.output)}; the input has {len(fit.data)} axes")


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


def _require_shape(fit: Fit, position: int) -> None:
    """The output has the shape that an input holds."""
    shape = constant_ints(fit.inputs[position])
    if fit.inputs[position].shape != (len(fit.output),):
        raise MisfitError(f"a shape of {fit.inputs[position].elements} numbers does not fit {list(fit.output)}")
    if shape is not None:
        require_output(fit.output, tuple(shape))

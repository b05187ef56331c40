"""Shapes of the operators of operators/movement.py."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.graph import (
    BroadcastArgs,
    BroadcastTo,
    ExpandDims,
    Fill,
    MirrorPad,
    Pad,
    PadV2,
    Reshape,
    ReverseV2,
    Shape,
    Squeeze,
    Transpose,
    ZerosLike,
)
from boardproof.model.shapes.rules import (
    MisfitError,
    constant_ints,
    require_axes,
    require_output,
    require_rank,
    same_shape,
)

if TYPE_CHECKING:
    from boardproof.model.shapes.rules import Fit, Rules


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


def _require_shape(fit: Fit, position: int) -> None:
    """The output has the shape that an input holds."""
    shape = constant_ints(fit.inputs[position])
    if fit.inputs[position].shape != (len(fit.output),):
        raise MisfitError(f"a shape of {fit.inputs[position].elements} numbers does not fit {list(fit.output)}")
    if shape is not None:
        require_output(fit.output, tuple(shape))


RULES: Rules = {
    BroadcastArgs: fit_broadcast_args,
    BroadcastTo: fit_broadcast_to,
    ExpandDims: fit_expand_dims,
    Fill: fit_fill,
    MirrorPad: fit_mirror_pad,
    Pad: fit_pad,
    PadV2: fit_pad_v2,
    Reshape: fit_reshape,
    ReverseV2: fit_reverse,
    Shape: fit_shape,
    Squeeze: fit_squeeze,
    Transpose: fit_transpose,
    ZerosLike: same_shape,
}

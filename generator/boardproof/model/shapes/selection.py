"""Shapes of the operators of operators/selection.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.model.graph import (
    Concatenation,
    DynamicUpdateSlice,
    EmbeddingLookup,
    Gather,
    GatherNd,
    Pack,
    Slice,
    Split,
    SplitV,
    StridedSlice,
    Unpack,
)
from boardproof.model.shapes.rules import MisfitError, constant_ints, require_axes, require_output
from boardproof.model.shapes.slicing import slice_ranges, strided_ranges

if TYPE_CHECKING:
    from boardproof.model.shapes.rules import Fit, Rules, Shape


def fit_concatenation(operator: Concatenation, fit: Fit) -> None:
    """The inputs' sizes along the axis add up to the output's; all others are equal."""
    (axis,) = require_axes([operator.axis], len(fit.output))
    parts = [tensor.shape for tensor in fit.inputs]
    _require_parts(fit.output, parts, axis)


def fit_pack(operator: Pack, fit: Fit) -> None:
    """Inputs of one shape; the output has one more axis."""
    (axis,) = require_axes([operator.axis], len(fit.data) + 1)
    if any(tensor.shape != fit.data for tensor in fit.inputs):
        raise MisfitError(f"the inputs are not all of shape {list(fit.data)}")
    require_output(fit.output, (*fit.data[:axis], len(fit.inputs), *fit.data[axis:]))


def fit_unpack(operator: Unpack, fit: Fit) -> None:
    """As many outputs as the axis is long, all without it."""
    (axis,) = require_axes([operator.axis], len(fit.data))
    if fit.data[axis] != len(fit.outputs):
        raise MisfitError(f"axis {axis} of {list(fit.data)} does not make {len(fit.outputs)} outputs")
    for tensor in fit.outputs:
        require_output(tensor.shape, (*fit.data[:axis], *fit.data[axis + 1 :]))


def fit_split(operator: Split, fit: Fit) -> None:  # noqa: ARG001 one signature for all
    """Outputs of one size along the axis."""
    axes = _one_axis(fit, 0)
    if axes is None:
        return
    (axis,) = require_axes(axes, len(fit.inputs[1].shape))
    parts = [tensor.shape for tensor in fit.outputs]
    _require_parts(fit.inputs[1].shape, parts, axis)
    if len({part[axis] for part in parts}) > 1:
        raise MisfitError(f"the outputs are not all of the same size along axis {axis}")


def fit_split_v(operator: SplitV, fit: Fit) -> None:  # noqa: ARG001 one signature for all
    """Outputs of the sizes that are given."""
    axes, sizes = _one_axis(fit, 2), constant_ints(fit.inputs[1])
    if fit.inputs[1].shape != (len(fit.outputs),):
        raise MisfitError(f"there are {fit.inputs[1].elements} sizes for {len(fit.outputs)} outputs")
    if axes is None:
        return
    (axis,) = require_axes(axes, len(fit.data))
    parts = [tensor.shape for tensor in fit.outputs]
    _require_parts(fit.data, parts, axis)
    if sizes is not None and any(s not in {-1, part[axis]} for s, part in zip(sizes, parts, strict=True)):
        raise MisfitError(f"the outputs do not have the sizes {sizes} along axis {axis}")


def fit_slice(operator: Slice, fit: Fit) -> None:  # noqa: ARG001 one signature for all
    """The range lies in the input."""
    for tensor in fit.inputs[1:]:
        if tensor.shape != (len(fit.data),):
            raise MisfitError(f"begin or size of shape {list(tensor.shape)} do not fit {list(fit.data)}")
    begin, size = (constant_ints(tensor) for tensor in fit.inputs[1:])
    if begin is None or size is None:
        return
    ranges = slice_ranges(fit.data, begin, size)
    if any(r.start < 0 or r.stop > n for r, n in zip(ranges, fit.data, strict=True)):
        raise MisfitError(f"the slice from {begin} of size {size} leaves the input {list(fit.data)}")
    require_output(fit.output, tuple(len(r) for r in ranges))


def fit_strided_slice(operator: StridedSlice, fit: Fit) -> None:
    """The ranges give the output."""
    for tensor in fit.inputs[1:]:
        too_many = tensor.shape[:1] > (len(fit.data),) and not operator.other_masks
        if len(tensor.shape) != 1 or too_many:
            raise MisfitError(f"begin, end or strides of shape {list(tensor.shape)} do not fit {list(fit.data)}")
    lengths = {tensor.shape for tensor in fit.inputs[1:]}
    if len(lengths) > 1:
        raise MisfitError("begin, end and strides are not of one length")
    begin, end, strides = (constant_ints(tensor) for tensor in fit.inputs[1:])
    plain = not operator.other_masks and not operator.end_is_offset and lengths == {(len(fit.data),)}
    if begin is None or end is None or strides is None or not plain:
        return
    if 0 in strides:
        raise MisfitError("a stride is 0")
    ranges = strided_ranges(operator, fit.data, begin, end, strides)
    shrunk = [axis for axis in range(len(fit.data)) if operator.shrink_axis_mask >> axis & 1]
    if any(not 0 <= ranges[axis].start < fit.data[axis] or strides[axis] < 0 for axis in shrunk):
        raise MisfitError(f"begin {begin} with strides {strides} leaves the input {list(fit.data)}")
    require_output(fit.output, tuple(len(r) for axis, r in enumerate(ranges) if axis not in shrunk))


def fit_gather(operator: Gather, fit: Fit) -> None:
    """The indices take the axis' place."""
    data, indices = fit.data, fit.inputs[1].shape
    (axis,) = require_axes([operator.axis], len(data))
    batch_dims = operator.batch_dims + (len(indices) if operator.batch_dims < 0 else 0)
    if not 0 <= batch_dims <= min(axis, len(indices)) or data[:batch_dims] != indices[:batch_dims]:
        raise MisfitError(f"indices {list(indices)} do not fit {list(data)} with {operator.batch_dims} batch axes")
    require_output(fit.output, (*data[:axis], *indices[batch_dims:], *data[axis + 1 :]))
    _require_indices(fit, 1, [data[axis]])


def fit_update_slice(operator: DynamicUpdateSlice, fit: Fit) -> None:  # noqa: ARG001 one signature for all
    """The update has as many axes as the data, and none is longer."""
    data, update, start = (tensor.shape for tensor in fit.inputs)
    if len(update) != len(data) or any(part > size for part, size in zip(update, data, strict=True)):
        raise MisfitError(f"the update {list(update)} does not fit into {list(data)}")
    if start != (len(data),):
        raise MisfitError(f"a start of shape {list(start)} does not fit {list(data)}")
    require_output(fit.output, data)


def fit_gather_nd(operator: GatherNd, fit: Fit) -> None:  # noqa: ARG001 one signature for all
    """The indices take the place of the axes they point into."""
    data, indices = fit.data, fit.inputs[1].shape
    if not indices or not 1 <= indices[-1] <= len(data):
        raise MisfitError(f"indices {list(indices)} do not fit the input {list(data)}")
    require_output(fit.output, (*indices[:-1], *data[indices[-1] :]))
    _require_indices(fit, 1, list(data[: indices[-1]]))


def fit_embedding_lookup(operator: EmbeddingLookup, fit: Fit) -> None:  # noqa: ARG001 one signature for all
    """One row of the table for each number."""
    rows, table = fit.data, fit.inputs[1].shape
    if len(rows) != 1 or not table:
        raise MisfitError(f"row numbers {list(rows)} do not fit the table {list(table)}")
    require_output(fit.output, (*rows, *table[1:]))
    _require_indices(fit, 0, [table[0]])


def _require_parts(whole: Shape, parts: list[Shape], axis: int) -> None:
    """Parts of a tensor along an axis."""
    expected = (*whole[:axis], *whole[axis + 1 :])
    for part in parts:
        if len(part) != len(whole) or (*part[:axis], *part[axis + 1 :]) != expected:
            raise MisfitError(f"{list(part)} is no part of {list(whole)} along axis {axis}")
        require_output(part, part)
    if sum(part[axis] for part in parts) != whole[axis]:
        raise MisfitError(f"the parts along axis {axis} do not make {list(whole)}")
    require_output(whole, whole)


def _one_axis(fit: Fit, position: int) -> list[int] | None:
    if fit.inputs[position].elements != 1:
        raise MisfitError(f"there are {fit.inputs[position].elements} axes, not one")
    return constant_ints(fit.inputs[position])


def _require_indices(fit: Fit, position: int, sizes: list[int]) -> None:
    """Constant indices exist; the last axis goes through the sizes."""
    indices = constant_ints(fit.inputs[position])
    if 0 in sizes:
        raise MisfitError("there is nothing to pick from")
    if indices is not None and any(not 0 <= index < sizes[i % len(sizes)] for i, index in enumerate(indices)):
        raise MisfitError(f"an index lies outside its axis, of size {sizes if len(sizes) > 1 else sizes[0]}")


RULES: Rules = {
    Concatenation: fit_concatenation,
    DynamicUpdateSlice: fit_update_slice,
    EmbeddingLookup: fit_embedding_lookup,
    Gather: fit_gather,
    GatherNd: fit_gather_nd,
    Pack: fit_pack,
    Slice: fit_slice,
    Split: fit_split,
    SplitV: fit_split_v,
    StridedSlice: fit_strided_slice,
    Unpack: fit_unpack,
}

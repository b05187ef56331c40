"""What the operators that only move elements do, in numpy.

One definition serves twice: on an array of values it computes an operator whose inputs are constants; on an array of
indices it tells where each element of the output comes from, which is all that code generation needs to know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.fixed_point import round_half_away
from boardproof.model.graph import (
    BatchToSpaceNd,
    BroadcastTo,
    DepthToSpace,
    EmbeddingLookup,
    ExpandDims,
    Gather,
    GatherNd,
    MirrorPad,
    Pad,
    PadV2,
    Reshape,
    ResizeNearestNeighbor,
    ReverseV2,
    Slice,
    SpaceToBatchNd,
    SpaceToDepth,
    Split,
    SplitV,
    Squeeze,
    StridedSlice,
    Transpose,
    Unpack,
)
from boardproof.model.shapes.rules import constant_ints
from boardproof.model.shapes.slicing import slice_ranges, strided_ranges

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from numpy.typing import NDArray

    from boardproof.model.graph import Graph, Operator

    Array = NDArray[Any]
    Move = Callable[[Any, Graph, Array, int], Array]

FILL = -1
"""In an array of indices: an element that is not copied but filled in."""


def data_position(operator: Operator) -> int:
    """Which of the inputs is moved; the others say how."""
    return 1 if isinstance(operator, Split | EmbeddingLookup) else 0


def moved(operator: Operator, graph: Graph, array: Array, fill: int = FILL) -> tuple[Array, ...]:
    """The outputs of an operator of MOVES or PARTS.

    Args:
        operator: Its parameters (axes, sizes, …) are constants.
        graph: Its network.
        array: What is moved, in the shape of the operator's data.
        fill: What is filled in; an integer, whatever the array holds.
    """
    if type(operator) in PARTS:
        return PARTS[type(operator)](operator, graph, array)
    return (MOVES[type(operator)](operator, graph, array, fill),)


def source_indices(operator: Operator, graph: Graph) -> tuple[NDArray[np.int64], ...]:
    """For each output, and each of its elements in order: the flat index of the input's element, or FILL."""
    data = graph.tensors[operator.inputs[data_position(operator)]]
    indices = np.arange(data.elements, dtype=np.int64).reshape(data.shape)
    return tuple(np.ascontiguousarray(part).reshape(-1) for part in moved(operator, graph, indices))


def ints(operator: Operator, graph: Graph, position: int) -> list[int]:
    """The values of a parameter that was checked to be constant."""
    values = constant_ints(graph.tensors[operator.inputs[position]])
    if values is None:
        raise ValueError(f"input {position} of operator {operator.index} is not a constant")
    return values


def _reshaped(operator: Operator, graph: Graph, array: Array, fill: int) -> Array:  # noqa: ARG001 one signature for all
    return array.reshape(graph.tensors[operator.output].shape)


def _padded(operator: Pad | PadV2, graph: Graph, array: Array, fill: int) -> Array:
    return np.pad(array, np.array(ints(operator, graph, 1)).reshape(-1, 2), constant_values=fill)


def _mirrored(operator: MirrorPad, graph: Graph, array: Array, fill: int) -> Array:  # noqa: ARG001
    paddings = np.array(ints(operator, graph, 1)).reshape(-1, 2)
    return np.pad(array, paddings, mode="reflect" if operator.reflect else "symmetric")


def _transposed(operator: Transpose, graph: Graph, array: Array, fill: int) -> Array:  # noqa: ARG001
    return array.transpose(ints(operator, graph, 1))


def _reversed(operator: ReverseV2, graph: Graph, array: Array, fill: int) -> Array:  # noqa: ARG001
    return np.flip(array, tuple(ints(operator, graph, 1)))


def _broadcast(operator: BroadcastTo, graph: Graph, array: Array, fill: int) -> Array:  # noqa: ARG001
    return np.broadcast_to(array, graph.tensors[operator.output].shape)


def _sliced(operator: Slice, graph: Graph, array: Array, fill: int) -> Array:  # noqa: ARG001
    return _picked(array, slice_ranges(array.shape, ints(operator, graph, 1), ints(operator, graph, 2)))


def _strided(operator: StridedSlice, graph: Graph, array: Array, fill: int) -> Array:  # noqa: ARG001
    begin, end, strides = (ints(operator, graph, position) for position in (1, 2, 3))
    ranges = strided_ranges(operator, array.shape, begin, end, strides)
    return _picked(array, ranges).reshape(graph.tensors[operator.output].shape)


def _picked(array: Array, ranges: list[range]) -> Array:
    for axis, indices in enumerate(ranges):
        array = array.take(np.array(indices, np.int64), axis)
    return array


def _gathered(operator: Gather, graph: Graph, array: Array, fill: int) -> Array:  # noqa: ARG001
    indices = graph.tensors[operator.inputs[1]].array().astype(np.int64)
    batch_dims = operator.batch_dims % max(indices.ndim, 1) if operator.batch_dims < 0 else operator.batch_dims
    axis = operator.axis % array.ndim
    batches = array.shape[:batch_dims]
    rows = array.reshape(-1, *array.shape[batch_dims:])
    picks = indices.reshape(len(rows), *indices.shape[batch_dims:])
    parts = [row.take(pick, axis - batch_dims) for row, pick in zip(rows, picks, strict=True)]
    return np.stack(parts).reshape((*batches, *parts[0].shape))


def _gathered_nd(operator: GatherNd, graph: Graph, array: Array, fill: int) -> Array:  # noqa: ARG001
    indices = graph.tensors[operator.inputs[1]].array().astype(np.int64)
    picked: Array = array[tuple(np.moveaxis(indices, -1, 0))]
    return picked


def _looked_up(operator: EmbeddingLookup, graph: Graph, array: Array, fill: int) -> Array:  # noqa: ARG001
    return array.take(ints(operator, graph, 0), 0)


def _resized(operator: ResizeNearestNeighbor, graph: Graph, array: Array, fill: int) -> Array:  # noqa: ARG001
    for axis, size in zip((1, 2), ints(operator, graph, 1), strict=True):
        array = array.take(nearest(operator, array.shape[axis], size), axis)
    return array


def nearest(operator: ResizeNearestNeighbor, size: int, output_size: int) -> NDArray[np.int64]:
    """For each output row or column, the input's.

    Source: tensorflow/lite/kernels/internal/reference/resize_nearest_neighbor.h; arithmetic in float32.
    """
    corners = operator.align_corners and output_size > 1
    scale = np.float32(size - 1 if corners else size) / np.float32(output_size - 1 if corners else output_size)
    offset = np.float32(0.5 if operator.half_pixel_centers else 0.0)
    places = (np.arange(output_size, dtype=np.float32) + offset) * scale
    whole = [round_half_away(float(p)) for p in places] if operator.align_corners else np.floor(places)
    return np.clip(np.array(whole, np.int64), 0, size - 1)


def _space_to_depth(operator: SpaceToDepth, graph: Graph, array: Array, fill: int) -> Array:  # noqa: ARG001
    n, h, w, c = array.shape
    block = operator.block_size
    split = array.reshape(n, h // block, block, w // block, block, c)
    return split.transpose(0, 1, 3, 2, 4, 5).reshape(n, h // block, w // block, block * block * c)


def _depth_to_space(operator: DepthToSpace, graph: Graph, array: Array, fill: int) -> Array:  # noqa: ARG001
    n, h, w, c = array.shape
    block = operator.block_size
    split = array.reshape(n, h, w, block, block, c // block**2)
    return split.transpose(0, 1, 3, 2, 4, 5).reshape(n, h * block, w * block, c // block**2)


def _space_to_batch(operator: SpaceToBatchNd, graph: Graph, array: Array, fill: int) -> Array:
    block, paddings = _two_axes(ints(operator, graph, 1), 1), _two_axes(ints(operator, graph, 2), 0, 0)
    image = array.reshape(*array.shape[:2], -1, array.shape[-1])
    padded = np.pad(image, ((0, 0), paddings[:2], paddings[2:], (0, 0)), constant_values=fill)
    n, h, w, c = padded.shape
    split = padded.reshape(n, h // block[0], block[0], w // block[1], block[1], c)
    return split.transpose(2, 4, 0, 1, 3, 5).reshape(graph.tensors[operator.output].shape)


def _batch_to_space(operator: BatchToSpaceNd, graph: Graph, array: Array, fill: int) -> Array:  # noqa: ARG001
    block, crops = _two_axes(ints(operator, graph, 1), 1), _two_axes(ints(operator, graph, 2), 0, 0)
    image = array.reshape(*array.shape[:2], -1, array.shape[-1])
    n, h, w, c = image.shape
    batches = n // (block[0] * block[1])
    whole = image.reshape(*block, batches, h, w, c).transpose(2, 3, 0, 4, 1, 5)
    whole = whole.reshape(batches, h * block[0], w * block[1], c)
    cropped = whole[:, crops[0] : h * block[0] - crops[1], crops[2] : w * block[1] - crops[3]]
    return cropped.reshape(graph.tensors[operator.output].shape)


def _two_axes(values: list[int], *missing: int) -> list[int]:
    """Those of height and width; a sequence has height only."""
    return values if len(values) == 2 * len(missing) else [*values, *missing]


def _unpacked(operator: Unpack, graph: Graph, array: Array) -> tuple[Array, ...]:  # noqa: ARG001 one signature for all
    return tuple(np.moveaxis(array, operator.axis, 0))


def _split(operator: Split, graph: Graph, array: Array) -> tuple[Array, ...]:
    (axis,) = ints(operator, graph, 0)
    return tuple(np.split(array, len(operator.outputs), axis))


def _split_v(operator: SplitV, graph: Graph, array: Array) -> tuple[Array, ...]:
    (axis,) = ints(operator, graph, 2)
    sizes = [graph.tensors[output].shape[axis] for output in operator.outputs]
    return tuple(np.split(array, np.cumsum(sizes)[:-1], axis))


MOVES: Mapping[type[Operator], Move] = {
    BatchToSpaceNd: _batch_to_space,
    BroadcastTo: _broadcast,
    DepthToSpace: _depth_to_space,
    EmbeddingLookup: _looked_up,
    ExpandDims: _reshaped,
    Gather: _gathered,
    GatherNd: _gathered_nd,
    MirrorPad: _mirrored,
    Pad: _padded,
    PadV2: _padded,
    Reshape: _reshaped,
    ResizeNearestNeighbor: _resized,
    ReverseV2: _reversed,
    Slice: _sliced,
    SpaceToBatchNd: _space_to_batch,
    SpaceToDepth: _space_to_depth,
    Squeeze: _reshaped,
    StridedSlice: _strided,
    Transpose: _transposed,
}
"""Operators that move the elements of one tensor to another."""

PARTS: Mapping[type[Operator], Callable[[Any, Graph, Array], tuple[Array, ...]]] = {
    Split: _split,
    SplitV: _split_v,
    Unpack: _unpacked,
}
"""Operators that take one tensor apart."""

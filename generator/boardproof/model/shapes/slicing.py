"""Which indices SLICE and STRIDED_SLICE take."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from boardproof.model.operators.selection import StridedSlice


def slice_ranges(shape: Sequence[int], begin: Sequence[int], size: Sequence[int]) -> list[range]:
    """The indices along each axis; a size of -1 goes to the end."""
    return [
        range(first, n if count == -1 else first + count) for n, first, count in zip(shape, begin, size, strict=True)
    ]


def strided_ranges(
    operator: StridedSlice, shape: Sequence[int], begin: Sequence[int], end: Sequence[int], strides: Sequence[int]
) -> list[range]:
    """The indices along each axis, axes that are dropped included; without ellipsis and new axes.

    Source: tensorflow/lite/kernels/internal/strided_slice_logic.h.
    """
    return [
        _range(operator, axis, n, (first, last, stride))
        for axis, (n, first, last, stride) in enumerate(zip(shape, begin, end, strides, strict=True))
    ]


def _range(operator: StridedSlice, axis: int, size: int, given: tuple[int, int, int]) -> range:
    first, last, stride = given
    low, high = (0, size) if stride > 0 else (-1, size - 1)
    start = min(max(first + size if first < 0 else first, low), high)
    if operator.begin_mask >> axis & 1:
        start = 0 if stride > 0 else size - 1
    if operator.shrink_axis_mask >> axis & 1:
        return range(start, start + 1)
    stop = min(max(last + size if last < 0 else last, low), high)
    if operator.end_mask >> axis & 1:
        stop = size if stride > 0 else -1
    return range(start, stop, stride)

"""How far an output may overlap the input it is computed from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.graph import Padding
from boardproof.model.shapes.graph import window_output

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from boardproof.model.graph import Window


def padding_before(size: tuple[int, int], kernel: tuple[int, int], window: Window) -> tuple[int, int]:
    """Rows above and columns left of the image that the first window covers.

    The smaller half of the total, as TensorFlow Lite rounds. Source: tensorflow/lite/kernels/padding.h.
    """
    if window.padding is Padding.VALID:
        return window.border[0][0], window.border[1][0]
    output = window_output(size, kernel, window)
    axes = zip(size, kernel, output, window.stride, window.dilation, strict=True)
    top, left = (max((o - 1) * s + (k - 1) * d + 1 - n, 0) // 2 for n, k, o, s, d in axes)
    return top, left


def first_reads(shape: tuple[int, ...], kernel: tuple[int, int], window: Window) -> NDArray[np.int64]:
    """For each output pixel of a sliding window, in order: the index of the first input element it reads.

    Args:
        shape: The input's [N, H, W, C].
        kernel: Height and width.
        window: Padding, stride and dilation.
    """
    batches, height, width, channels = shape
    counts = window_output((height, width), kernel, window)
    pads = padding_before((height, width), kernel, window)
    origins = [np.arange(n) * stride - pad for n, stride, pad in zip(counts, window.stride, pads, strict=True)]
    # Above or left of the image, the first tap inside is less than one dilation into it.
    rows, columns = (np.where(o < 0, o % step, o) for o, step in zip(origins, window.dilation, strict=True))
    batch = np.arange(batches)[:, None, None] * height
    return (((batch + rows[:, None]) * width + columns) * channels).reshape(-1)


def places_inside(size: tuple[int, int], kernel: tuple[int, int], window: Window) -> tuple[int, int]:
    """How many places of all windows are inside the image, along either axis."""
    counts = window_output(size, kernel, window)
    pads = padding_before(size, kernel, window)
    starts = [stride * np.arange(n) - pad for n, stride, pad in zip(counts, window.stride, pads, strict=True)]
    axes = zip(starts, kernel, window.dilation, strict=True)
    places = [start[:, None] + dilation * np.arange(taps) for start, taps, dilation in axes]
    rows, columns = (int(((at >= 0) & (at < n)).sum()) for at, n in zip(places, size, strict=True))
    return rows, columns


def safe_offset(reads: NDArray[np.int64], writes: NDArray[np.int64], *, reads_first: bool) -> int:
    """The largest distance from input start to output start, at most 0, with which nothing is overwritten too early.

    The kernel works in units, in order: unit u reads nothing before `reads[u]` and writes up to `writes[u]`.

    Args:
        reads: The first byte each unit reads, counted from the input's start.
        writes: The end of what each unit writes, counted from the output's start.
        reads_first: Whether a unit reads everything it needs before it writes.
    """
    still_read = np.minimum.accumulate(reads[::-1])[::-1]
    if reads_first:
        still_read, writes = still_read[1:], writes[:-1]
    return min(int((still_read - writes).min(initial=0)), 0)


def pixelwise_offset(reads: NDArray[np.int64], output_channels: int) -> int:
    """`safe_offset` of a convolution: each output channel of a pixel reads all of its window."""
    writes = np.arange(1, reads.size + 1) * output_channels
    return safe_offset(reads, writes, reads_first=False)


def channelwise_offset(reads: NDArray[np.int64], input_channels: int, multiplier: int = 1) -> int:
    """`safe_offset` of a window that reads one channel to write `multiplier` channels, one after another."""
    channels = input_channels * multiplier
    elements = (reads[:, None] + np.arange(channels) // multiplier).reshape(-1)
    return safe_offset(elements, np.arange(1, elements.size + 1), reads_first=True)

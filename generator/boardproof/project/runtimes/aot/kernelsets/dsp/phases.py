"""A transposed convolution cut into phases, each of them a convolution with stride 1: see nn_transpose_conv_dsp.h."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from boardproof.project.runtimes.aot.kernelsets.dsp.pack import UNIT, padded
from boardproof.project.runtimes.aot.overlap import padding_before

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from boardproof.model.graph import Graph, TransposeConv

    Matrix = NDArray[np.int8]

PIXELS = 4
"""NN_GEMM_PIXELS."""


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis of a transposed convolution.

    Output `place - pad` meets input `place // stride - j` with tap `place % stride + j * stride`.

    Attributes:
        kernel: Taps; not less than the stride, with zeros where the model has fewer.
        stride: Of the outputs that an input meets with one tap.
        pad: Places before the first output.
        outputs: How many.
    """

    kernel: int
    stride: int
    pad: int
    outputs: int

    def taps(self, phase: int) -> list[int]:
        """The taps of outputs whose place is `phase` beyond a multiple of the stride, in the order of inputs."""
        return list(range(phase, self.kernel, self.stride))[::-1]

    def phase(self, column: int) -> tuple[int, int]:
        """Of outputs `column`, `column + stride`, ...: their phase, and the first input that the first one meets."""
        behind, phase = divmod(column + self.pad, self.stride)
        return phase, behind - len(self.taps(phase)) + 1


@dataclass(frozen=True, slots=True)
class Group:
    """Horizontal phases that are computed together: `struct nn_transpose_group_dsp`, and a tap for each column.

    Attributes:
        first: The first input column that the first pixel's window begins at.
        column: The first output column.
        count: Pixels in a row.
        taps: For each phase the tap of each column of the window, None where it has none.
    """

    first: int
    column: int
    count: int
    taps: tuple[tuple[int | None, ...], ...]

    @property
    def width(self) -> int:
        """Columns of the window."""
        return len(self.taps[0])


@dataclass(frozen=True, slots=True)
class Layout:
    """A transposed convolution cut into matrix products.

    Attributes:
        rows: The vertical axis.
        columns: The horizontal one.
        groups: Of horizontal phases.
        channels: Of a group.
        units: Of a place of a window.
    """

    rows: Axis
    columns: Axis
    groups: tuple[Group, ...]
    channels: int
    units: int

    @property
    def longest(self) -> int:
        """Pixels of the longest group."""
        return max(group.count for group in self.groups)

    @property
    def first(self) -> int:
        """The first input column of any window."""
        return min(group.first for group in self.groups)

    @property
    def window_columns(self) -> int:
        """Columns from there to the last one of any window."""
        return max(group.first + group.width for group in self.groups) - self.first

    def block_bytes(self, columns: int) -> int:
        """A strip with so many pixels of a group for each of a block."""
        return 8 * PIXELS * len(self.rows.taps(0)) * self.units * (columns - 1 + self.window_columns)

    def strip(self, budget_bytes: int) -> int:
        """`columns` of nn_transpose_conv_dsp.h: of those that fit, what needs the fewest blocks, then strips."""
        budget_bytes = max(budget_bytes, self.block_bytes(1))
        possible = [c for c in range(1, -(-self.longest // PIXELS) + 1) if self.block_bytes(c) <= budget_bytes]
        return min(possible, key=lambda columns: (self._blocks(columns), -columns))

    def _blocks(self, columns: int) -> int:
        strips, left = divmod(self.longest, PIXELS * columns)
        return strips * columns + min(left, columns)

    def matrices(self, weights: Matrix) -> list[Matrix]:
        """[channels of a group, inputs of its window] of each vertical phase and group; weights [O, KH, KW, I]."""
        return [
            np.concatenate([self._matrix(weights[:, self.rows.taps(phase)], taps) for taps in group.taps])
            for phase in range(self.rows.stride)
            for group in self.groups
        ]

    def _matrix(self, rows: Matrix, taps: Sequence[int | None]) -> Matrix:
        """[outputs, columns * rows * inputs], from the rows of one vertical phase [O, rows, KW, I]."""
        nothing = np.zeros_like(rows[:, :, 0])
        columns = np.stack([nothing if tap is None else rows[:, :, tap] for tap in taps], axis=1)
        whole = padded(columns, *columns.shape[:3], self.units * UNIT)
        return whole.reshape(len(whole), -1)


def layout_of(op: TransposeConv, graph: Graph, *, may_join: bool) -> Layout:
    """How to cut it; `may_join`: whether phases may be channels of one product."""
    weights, data, output = (graph.tensors[i] for i in (op.inputs[1], op.input, op.output))
    kernel, stride = (weights.shape[1], weights.shape[2]), op.window.stride
    pads = padding_before((output.shape[1], output.shape[2]), kernel, op.window)
    rows, columns = (
        Axis(max(k, s), s, pad, count) for k, s, pad, count in zip(kernel, stride, pads, output.shape[1:3], strict=True)
    )
    apart, units = _apart(columns), -(-data.shape[3] // UNIT)
    layout = Layout(rows, columns, apart, output.shape[3], units)
    if may_join and columns.stride > 1 and columns.outputs % columns.stride == 0:
        joined = _joined(apart)
        pairs = -(-output.shape[3] // 2) * sum(group.width for group in apart)
        if -(-output.shape[3] * columns.stride // 2) * joined.width <= pairs:
            return replace(layout, groups=(joined,), channels=output.shape[3] * columns.stride)
    return layout


def _apart(axis: Axis) -> tuple[Group, ...]:
    """A group for each phase."""
    groups = []
    for column in range(min(axis.stride, axis.outputs)):
        phase, first = axis.phase(column)
        groups.append(Group(first, column, len(range(column, axis.outputs, axis.stride)), (tuple(axis.taps(phase)),)))
    return tuple(groups)


def _joined(groups: tuple[Group, ...]) -> Group:
    """All phases as channels of one product, whose windows are all of theirs."""
    first, end = min(g.first for g in groups), max(g.first + g.width for g in groups)
    taps = tuple((None,) * (g.first - first) + g.taps[0] + (None,) * (end - g.first - g.width) for g in groups)
    return Group(first, 0, groups[0].count, taps)

"""From indices to loops: how a few sizes and distances describe where the elements of a tensor come from."""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd, prod
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Indices = NDArray[np.int64]

AXES = 6
"""NN_MOVE_AXES in nn_move.h."""


@dataclass(frozen=True, slots=True)
class Strided:
    """Loops over `axes`, (size, stride) each, the last one fastest, from `offset` on; each moves `block` elements."""

    offset: int
    axes: tuple[tuple[int, int], ...]
    block: int


@dataclass(frozen=True, slots=True)
class Placed:
    """Loops over axes whose index i stands for places[i]; each moves `block` elements."""

    places: tuple[Indices, ...]
    block: int


def strided(indices: Indices) -> Strided | None:
    """Loops with constant strides that go through the indices in order; None if there are none, or too many.

    Every run of the innermost loop must have the same length, as it has with any strides: it ends where the distance
    changes for the first time.
    """
    block = block_size(indices)
    starts = indices[::block]
    axes: list[tuple[int, int]] = []
    while starts.size > 1:
        stride = int(starts[1] - starts[0])
        breaks = np.flatnonzero(np.diff(starts) != stride)
        run = int(breaks[0]) + 1 if breaks.size else starts.size
        if starts.size % run or (np.diff(starts.reshape(-1, run), axis=1) != stride).any():
            return None
        axes.append((run, stride))
        starts = starts[::run]
    return Strided(int(indices[0]), tuple(reversed(axes)), block) if len(axes) <= AXES else None


def placed(indices: Indices, shape: Sequence[int]) -> Placed:
    """The same with any distances, one table per axis of the shape, or one table in all if the axes interact."""
    block = block_size(indices)
    whole = next(axis for axis in range(len(shape) + 1) if block % prod(shape[axis:]) == 0)
    inner = prod(shape[whole:])
    grid = indices[::inner].reshape(shape[:whole])
    tables: list[Indices] = []
    for axis in range(whole):
        line = grid[tuple(slice(None) if i == axis else 0 for i in range(whole))]
        tables.append(line - (grid.flat[0] if tables else 0))
    total = sum(np.ix_(*tables)) if tables else grid
    if len(tables) > AXES or not np.array_equal(total, grid):
        return Placed((indices[::block],), block)
    return Placed(tuple(table for table in tables if table.size > 1 or table[0]) or (indices[:1],), inner)


def block_size(indices: Indices) -> int:
    """The largest number of neighbours that always move together."""
    breaks = np.flatnonzero(np.diff(indices) != 1) + 1
    return gcd(indices.size, *(int(place) for place in np.unique(breaks)))

"""How tensors of different shapes are walked together."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from boardproof.project.runtimes.aot.program import Value


MAX_RANK = 6
"""NN_MAX_RANK in nn_types.h."""


def broadcast_fields(
    first: Sequence[int], second: Sequence[int], output: Sequence[int]
) -> tuple[tuple[str, Value], ...]:
    """The `shape` member of a parameter struct of an operator with two inputs, neighbouring axes merged."""
    dims, (stride1, stride2) = merged_strides(output, first, second)
    return (("shape.dims", dims), ("shape.stride1", stride1), ("shape.stride2", stride2))


def merged_strides(
    output: Sequence[int], *inputs: Sequence[int]
) -> tuple[tuple[int, ...], tuple[tuple[int, ...], ...]]:
    """The output's shape and each input's elements per index, 0 where it is repeated.

    Neighbouring axes are merged where every input allows it; MAX_RANK axes, with ones at the front.
    """
    dims: list[int] = []
    strides: list[list[int]] = [[] for _ in inputs]
    steps = [_strides((1,) * (len(output) - len(shape)) + tuple(shape)) for shape in inputs]
    for axis, size in enumerate(output):
        if size == 1:
            continue
        now = [step[axis] for step in steps]
        if dims and all(s[-1] == size * n for s, n in zip(strides, now, strict=True)):
            dims[-1] *= size
            for s, n in zip(strides, now, strict=True):
                s[-1] = n
        else:
            dims.append(size)
            for s, n in zip(strides, now, strict=True):
                s.append(n)
    missing = MAX_RANK - len(dims)
    return (1,) * missing + tuple(dims), tuple((0,) * missing + tuple(s) for s in strides)


def _strides(shape: Sequence[int]) -> list[int]:
    """Elements per index of each axis; 0 for an axis of size 1, which is repeated."""
    return [0 if size == 1 else prod(shape[axis + 1 :]) for axis, size in enumerate(shape)]

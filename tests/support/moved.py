"""Tensors whose elements random operators move, for `support.network`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Sequence

    from support.network import Activation, Network

EVERY_TYPE = ("int8", "uint8", "int16", "int32", "int64", "float32", "bool")


@dataclass(frozen=True)
class Data:
    """A tensor and its type."""

    tensor: Activation
    dtype: str

    @property
    def shape(self) -> tuple[int, ...]:
        return self.tensor.shape

    @property
    def rank(self) -> int:
        return len(self.tensor.shape)


def data(
    draw: st.DrawFn, net: Network, x: Activation | None, dtypes: Sequence[str], ranks: tuple[int, int], largest: int = 5
) -> Data:
    """A tensor to move: `x`, which is int8, or a new network input, int8 in every other case."""
    if x is not None:
        return Data(x, "int8")
    dtype = draw(st.one_of(st.just("int8"), st.sampled_from(dtypes)))
    shape = tuple(draw(st.lists(st.integers(1, largest), min_size=ranks[0], max_size=ranks[1])))
    zero_point = net.zero_point(draw) if dtype == "int8" else 0
    return Data(net.input(shape, net.scale(draw, 0.05), zero_point, dtype), dtype)


def like(net: Network, source: Data, shape: Sequence[int]) -> Activation:
    """A tensor of the same type and quantization."""
    return net.tensor(shape, source.tensor.scale, source.tensor.zero_point, source.dtype)


def apply(net: Network, opcode: str, inputs: Sequence[int], output: Activation, **options: object) -> Activation:
    net.builder.add_operator(opcode, inputs, [output.index], **options)
    return output


def ints(net: Network, values: Sequence[int] | np.ndarray, dtype: str = "int32") -> int:
    return net.constant(np.array(values, dtype), dtype)


def axis_of(draw: st.DrawFn, rank: int) -> int:
    """An axis, now and then counted from the end."""
    return draw(st.integers(-rank, rank - 1))

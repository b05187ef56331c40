"""What random elementwise operators are made of, for `support.network`: types, quantizations, values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from hypothesis import strategies as st

from support.network import Activation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from support.network import Network

PLAIN = {"float32", "int32", "int64", "bool"}
"""Types without a scale."""

FINEST_CLAMPED = 1e-8
"""An output scale with which a clamp at 6 is still an int32."""

shapes = st.lists(st.integers(1, 5), min_size=1, max_size=4).map(tuple)
wide_shapes = st.lists(st.integers(1, 3), min_size=5, max_size=6).map(tuple)


def ratio(draw: st.DrawFn, net: Network, steps: int = 127) -> float:
    """A factor between scales: moderate, near 0 or 1, large, or one that takes some whole number half way."""
    if net.lively:
        return draw(st.floats(0.5, 1.5))
    return draw(
        st.one_of(
            st.floats(0.01, 3.0),
            st.sampled_from((1.0, 1 - 2**-20, 1 + 2**-20, 2.0**-30, 1e-3, 90.0)),
            st.builds(lambda half, whole: (half + 0.5) / whole, st.integers(0, 60), st.integers(1, steps)),
        )
    )


def float32(x: float) -> float:
    return float(np.float32(x))


def quantization(draw: st.DrawFn, net: Network, dtype: str, natural: float = 0.05) -> tuple[float, int]:
    """Scale and zero point for a type; 0 where it has none, or for int16 no zero point."""
    if dtype in PLAIN:
        return 0.0, 0
    return net.scale(draw, natural), net.zero_point(draw) if dtype == "int8" else 0


def source(draw: st.DrawFn, net: Network, dtype: str) -> Activation:
    """A network input."""
    shape = draw(st.one_of(shapes, shapes, wide_shapes))
    return net.input(shape, *quantization(draw, net, dtype), dtype)


def output(draw: st.DrawFn, net: Network, shape: Sequence[int], scale: float, dtype: str) -> Activation:
    if dtype in PLAIN:
        return net.tensor(shape, 0.0, 0, dtype)
    return net.tensor(shape, float32(scale), net.zero_point(draw) if dtype == "int8" else 0, dtype)


def values(net: Network, shape: Sequence[int], dtype: str) -> np.ndarray:
    """Random numbers of a type."""
    if dtype == "float32":
        return net.rng.normal(0, 10, shape).astype(np.float32)
    if dtype == "bool":
        return net.rng.random(shape) < 0.5
    limits = np.iinfo(dtype)
    return net.rng.integers(limits.min, limits.max, shape, endpoint=True, dtype=dtype)


def constant(net: Network, array: np.ndarray, scale: float, zero_point: int) -> Activation:
    dtype = str(array.dtype)
    index = net.builder.add_tensor(
        array.shape, dtype, scale=None if dtype in PLAIN else scale, zero_point=zero_point, data=array
    )
    return Activation(index, array.shape, scale, zero_point)


def operand(
    draw: st.DrawFn, net: Network, x: Activation, dtype: str, scale: tuple[float, int], *, fixed: bool = False
) -> Activation:
    """A tensor that broadcasts with x: of its shape, smaller or larger, an input or a constant, perhaps one number."""
    shape = tuple(draw(st.sampled_from((1, n, n))) for n in x.shape)[draw(st.sampled_from((0, 0, 1, len(x.shape)))) :]
    if draw(st.booleans()):
        shape = x.shape
    elif not net.lively and draw(st.booleans()):
        shape = tuple(draw(st.integers(2, 3)) if n == 1 and draw(st.booleans()) else n for n in x.shape)
    if shape and not fixed and draw(st.booleans()):
        return net.input(shape, *scale, dtype)
    array = values(net, shape, dtype)
    if draw(st.booleans()):
        array = np.full(shape, array.flat[0], array.dtype)
    return constant(net, array, *scale)


def apply(
    draw: st.DrawFn, net: Network, opcode: str, inputs: Sequence[Activation], result: Activation, **options: object
) -> Activation:
    net.builder.add_operator(opcode, [tensor.index for tensor in inputs], [result.index], **options)
    return result

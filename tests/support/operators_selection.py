"""Random operators that pick elements by indices, for `support.network`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from hypothesis import strategies as st

from support.moved import apply, axis_of, data, ints, like

if TYPE_CHECKING:
    from collections.abc import Sequence

    from support.network import Activation, Network


def gather(draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    """Indices that are constants, and indices that an operator computes: tests cannot feed any others safely."""
    source = data(draw, net, x, ("float32",), (1, 4), 5)
    axis = axis_of(draw, source.rank)
    at = axis % source.rank
    batch_dims = draw(st.integers(0, at))
    places = tuple(draw(st.lists(st.integers(1, 4), max_size=min(2, 5 - source.rank))))
    shape = (*source.shape[:batch_dims], *places)
    index = _indices(draw, net, [source.shape[at]], shape)
    output = (*source.shape[:at], *places, *source.shape[at + 1 :])
    given = batch_dims - len(shape) if batch_dims < len(shape) and draw(st.booleans()) else batch_dims
    inputs = [source.tensor.index, index]
    return apply(net, "GATHER", inputs, like(net, source, output), axis=axis, batch_dims=given)


def gather_nd(draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    source = data(draw, net, x, ("float32",), (1, 5), 4)
    depth = draw(st.integers(1, source.rank))
    places = tuple(draw(st.lists(st.integers(1, 3), max_size=2)))
    index = _indices(draw, net, source.shape[:depth], (*places, depth))
    output = like(net, source, (*places, *source.shape[depth:]))
    return apply(net, "GATHER_ND", [source.tensor.index, index], output)


def update_slice(draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    """At a start that is a constant, or computed; now and then far outside, where it is clamped."""
    source = data(draw, net, x, ("int16", "int32", "float32"), (1, 5), 4)
    part = [draw(st.integers(1, n)) for n in source.shape]
    update = net.input(part, source.tensor.scale, source.tensor.zero_point, source.dtype)
    if draw(st.booleans()):
        start = ints(net, [draw(st.integers(-1, n)) for n in source.shape])
    elif draw(st.booleans()):
        start = net.input_values(np.array([draw(st.integers(0, 3)) for _ in part], np.int32))
    else:
        start = net.input((source.rank,), 0.0, 0, "int32").index
    inputs = [source.tensor.index, update.index, start]
    return apply(net, "DYNAMIC_UPDATE_SLICE", inputs, like(net, source, source.shape))


def embedding_lookup(draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    source = data(draw, net, x, ("float32",), (2, 4), 5)
    count = draw(st.integers(1, 6))
    index = _indices(draw, net, [source.shape[0]], (count,))
    return apply(net, "EMBEDDING_LOOKUP", [index, source.tensor.index], like(net, source, (count, *source.shape[1:])))


def _indices(draw: st.DrawFn, net: Network, sizes: Sequence[int], shape: tuple[int, ...]) -> int:
    """An int32 tensor of valid indices, the last axis going through the sizes: constant, or computed by REVERSE_V2."""
    values = net.rng.integers(0, np.resize(np.array(sizes), shape), shape).astype(np.int32)
    if draw(st.booleans()) or not shape or values.nbytes > 1000:
        return ints(net, values)
    # Constants large enough are not folded, so that the indices are known at run time only.
    return net.input_values(values)

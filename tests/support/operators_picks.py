"""Random operators that pick elements by indices, resize, or move them between axes, for `support.network`."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import strategies as st

from support.moved import Data, apply, axis_of, data, ints, like

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


def resize_nearest_neighbor(draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    source = data(draw, net, x, ("int16", "float32"), (4, 4), 6)
    size = [draw(st.integers(1, 13)), draw(st.integers(1, 13))]
    corners, centers = draw(st.booleans()), draw(st.booleans())
    output = like(net, source, (source.shape[0], *size, source.shape[3]))
    return apply(
        net,
        "RESIZE_NEAREST_NEIGHBOR",
        [source.tensor.index, ints(net, size)],
        output,
        align_corners=corners,
        half_pixel_centers=centers,
    )


def space_to_depth(draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    block = draw(st.integers(1, 3))
    dtype = draw(st.sampled_from(("int8", "float32")))
    n, h, w, c = (draw(st.integers(1, 3)) for _ in range(4))
    source = Data(net.input((n, h * block, w * block, c), 0.1, 3 * (dtype == "int8"), dtype), dtype)
    output = like(net, source, (n, h, w, c * block**2))
    return apply(net, "SPACE_TO_DEPTH", [source.tensor.index], output, block_size=block)


def depth_to_space(draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    block = draw(st.integers(1, 3))
    dtype = draw(st.sampled_from(("int8", "float32")))
    n, h, w, c = (draw(st.integers(1, 3)) for _ in range(4))
    source = Data(net.input((n, h, w, c * block**2), 0.1, 3 * (dtype == "int8"), dtype), dtype)
    output = like(net, source, (n, h * block, w * block, c))
    return apply(net, "DEPTH_TO_SPACE", [source.tensor.index], output, block_size=block)


def _batch_case(draw: st.DrawFn) -> tuple[str, list[int], list[list[int]], list[int], list[int]]:
    """Type, block, margins, and the shapes of the image and of its batches."""
    spatial = draw(st.integers(1, 2))
    block = [draw(st.integers(1, 3)) for _ in range(spatial)]
    small = [draw(st.integers(1, 3)) for _ in range(spatial)]
    margins = []
    image = []
    for blocks, size in zip(small, block, strict=True):
        before = draw(st.integers(0, min(2, blocks * size - 1)))
        after = draw(st.integers(0, min(2, blocks * size - 1 - before)))
        margins.append([before, after])
        image.append(blocks * size - before - after)
    n, c = draw(st.integers(1, 2)), draw(st.integers(1, 3))
    return (
        draw(st.sampled_from(("int8", "float32"))),
        block,
        margins,
        [n, *image, c],
        [n * prod(block), *small, c],
    )


def space_to_batch_nd(draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    dtype, block, margins, image, batches = _batch_case(draw)
    source = Data(net.input(image, 0.1, 0, dtype), dtype)
    inputs = [source.tensor.index, ints(net, block), ints(net, margins)]
    return apply(net, "SPACE_TO_BATCH_ND", inputs, like(net, source, batches))


def batch_to_space_nd(draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    dtype, block, margins, image, batches = _batch_case(draw)
    source = Data(net.input(batches, 0.1, 5 * (dtype == "int8"), dtype), dtype)
    inputs = [source.tensor.index, ints(net, block), ints(net, margins)]
    return apply(net, "BATCH_TO_SPACE_ND", inputs, like(net, source, image))

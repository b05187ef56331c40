"""Random operators that resize images, or move pixels between axes, for `support.network`."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from support.moved import Data, apply, data, ints, like

if TYPE_CHECKING:
    from support.network import Activation, Network


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

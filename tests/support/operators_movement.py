"""Random operators that only move elements, for `support.network`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from hypothesis import strategies as st

from support.moved import EVERY_TYPE, Data, apply, axis_of, data, ints, like
from support.operators_images import (
    batch_to_space_nd,
    depth_to_space,
    resize_nearest_neighbor,
    space_to_batch_nd,
    space_to_depth,
)
from support.operators_selection import embedding_lookup, gather, gather_nd, update_slice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from support.network import Activation, Network


def pad_v2(draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    source = data(draw, net, x, ("int16", "int32", "float32"), (1, 5), 4)
    paddings = [(draw(st.integers(0, 2)), draw(st.integers(0, 2))) for _ in source.shape]
    quantized = source.dtype in {"int8", "int16"}
    numbers = st.integers(-300, 300) if source.dtype in {"int16", "int32"} else st.integers(-128, 127)
    value = net.builder.add_tensor(
        (),
        source.dtype,
        scale=source.tensor.scale if quantized else None,
        zero_point=source.tensor.zero_point,
        data=np.array(draw(numbers)),
    )
    shape = [a + n + b for n, (a, b) in zip(source.shape, paddings, strict=True)]
    return apply(net, "PADV2", [source.tensor.index, ints(net, paddings), value], like(net, source, shape))


def pad_others(draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    source = data(draw, net, x, ("int16", "int32", "float32"), (1, 5), 4)
    paddings = [(draw(st.integers(0, 2)), draw(st.integers(0, 2))) for _ in source.shape]
    shape = [a + n + b for n, (a, b) in zip(source.shape, paddings, strict=True)]
    return apply(net, "PAD", [source.tensor.index, ints(net, paddings)], like(net, source, shape))


def mirror_pad(draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    source = data(draw, net, x, ("float32",), (1, 6), 4)
    mode = draw(st.sampled_from(("REFLECT", "SYMMETRIC")))
    most = [n - (mode == "REFLECT") for n in source.shape]
    paddings = [(draw(st.integers(0, m)), draw(st.integers(0, m))) for m in most]
    shape = [a + n + b for n, (a, b) in zip(source.shape, paddings, strict=True)]
    dtype = draw(st.sampled_from(("int32", "int64")))
    inputs = [source.tensor.index, ints(net, paddings, dtype)]
    return apply(net, "MIRROR_PAD", inputs, like(net, source, shape), mode=mode)


def concatenation(draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    source = data(draw, net, x, ("int16", "int32", "int64", "float32", "bool"), (1, 5), 4)
    axis = axis_of(draw, source.rank)
    parts = [source.tensor]
    for _ in range(draw(st.integers(0, 4))):
        if draw(st.integers(0, 3)) == 0:
            parts.append(source.tensor)
            continue
        shape = list(source.shape)
        shape[axis] = draw(st.integers(1, 4))
        parts.append(_another(draw, net, source, shape))
    shape = list(source.shape)
    shape[axis] = sum(part.shape[axis] for part in parts)
    order = draw(st.permutations(range(len(parts))))
    inputs = [parts[i].index for i in order]
    return apply(net, "CONCATENATION", inputs, like(net, source, shape), axis=axis)


def pack(draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    source = data(draw, net, x, ("int16", "int32", "int64", "float32"), (0, 4), 4)
    axis = axis_of(draw, source.rank + 1)
    parts = [source.tensor]
    for _ in range(draw(st.integers(0, 3))):
        parts.append(_another(draw, net, source, source.shape) if draw(st.booleans()) else source.tensor)
    at = axis % (source.rank + 1)
    shape = (*source.shape[:at], len(parts), *source.shape[at:])
    inputs = [part.index for part in parts]
    return apply(net, "PACK", inputs, like(net, source, shape), axis=axis, values_count=len(parts))


def _another(draw: st.DrawFn, net: Network, source: Data, shape: Sequence[int]) -> Activation:
    """A second tensor of the same type and quantization: an input or a constant."""
    if source.tensor.shape and draw(st.booleans()):
        return net.input(shape, source.tensor.scale, source.tensor.zero_point, source.dtype)
    values = net.rng.integers(0, 2 if source.dtype == "bool" else 100, tuple(shape))
    quantized = source.dtype in {"int8", "int16"}
    index = net.builder.add_tensor(
        shape,
        source.dtype,
        scale=source.tensor.scale if quantized else None,
        zero_point=source.tensor.zero_point,
        data=values,
    )
    return type(source.tensor)(index, tuple(shape), source.tensor.scale, source.tensor.zero_point)


def _one_of(
    draw: st.DrawFn, net: Network, opcode: str, inputs: list[int], outputs: list[Activation], **options: object
) -> Activation:
    """Adds an operator with several outputs; all of them, one after another, are in what is returned."""
    net.builder.add_operator(opcode, inputs, [output.index for output in outputs], **options)
    kept = draw(st.integers(0, len(outputs) - 1))
    net.outputs += [output.index for i, output in enumerate(outputs) if i != kept]
    return outputs[kept]


def split(draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    source = data(draw, net, x, ("int16", "int32", "float32"), (1, 5), 6)
    axis = axis_of(draw, source.rank)
    count = draw(st.sampled_from([n for n in range(1, 9) if source.shape[axis] % n == 0]))
    shape = list(source.shape)
    shape[axis] //= count
    outputs = [like(net, source, shape) for _ in range(count)]
    axis_dims = draw(st.sampled_from((axis, [axis])))
    return _one_of(draw, net, "SPLIT", [ints(net, axis_dims), source.tensor.index], outputs, num_splits=count)


def split_v(draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    source = data(draw, net, x, ("int16", "int32", "float32"), (1, 5), 6)
    axis = axis_of(draw, source.rank)
    size = source.shape[axis]
    cuts = sorted(draw(st.sets(st.integers(1, size - 1)))) if size > 1 else []
    sizes = [b - a for a, b in zip([0, *cuts], [*cuts, size], strict=True)]
    outputs = []
    for part in sizes:
        shape = list(source.shape)
        shape[axis] = part
        outputs.append(like(net, source, shape))
    inputs = [source.tensor.index, ints(net, sizes), ints(net, axis)]
    return _one_of(draw, net, "SPLIT_V", inputs, outputs, num_splits=len(sizes))


def unpack(draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    source = data(draw, net, x, ("int16", "int32", "float32"), (1, 5), 4)
    axis = axis_of(draw, source.rank)
    count = source.shape[axis]
    at = axis % source.rank
    outputs = [like(net, source, source.shape[:at] + source.shape[at + 1 :]) for _ in range(count)]
    return _one_of(draw, net, "UNPACK", [source.tensor.index], outputs, num=count, axis=axis)


def slice_(draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    source = data(draw, net, x, ("int16", "int32", "float32", "bool"), (1, 5), 6)
    begin = [draw(st.integers(0, n - 1)) for n in source.shape]
    shape = [draw(st.integers(1, n - b)) for n, b in zip(source.shape, begin, strict=True)]
    size = [-1 if n - b == s and draw(st.booleans()) else s for n, b, s in zip(source.shape, begin, shape, strict=True)]
    dtype = draw(st.sampled_from(("int32", "int64")))
    inputs = [source.tensor.index, ints(net, begin, dtype), ints(net, size, dtype)]
    return apply(net, "SLICE", inputs, like(net, source, shape))


def strided_slice(draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    source = data(draw, net, x, ("int16", "int32", "float32", "bool"), (1, 4), 7)
    begin, end, strides, shape = [], [], [], []
    masks = {"begin_mask": 0, "end_mask": 0, "shrink_axis_mask": 0}
    for axis, n in enumerate(source.shape):
        first = draw(st.integers(0, n - 1))
        if draw(st.integers(0, 4)) == 0:
            masks["shrink_axis_mask"] |= 1 << axis
            begin.append(draw(st.sampled_from((first, first - n))))
            end.append(draw(st.integers(-9, 9)))
            strides.append(1)
            continue
        backwards = draw(st.integers(0, 3)) == 0
        stride = draw(st.integers(1, 3)) * (-1 if backwards else 1)
        last = draw(st.integers(0, first)) if backwards else draw(st.integers(first, n - 1))
        begin.append(draw(st.sampled_from((first, first - n))))
        whole = (0, n - 1)[backwards] == first and draw(st.booleans())
        masks["begin_mask"] |= whole << axis
        ends = draw(st.booleans())
        masks["end_mask"] |= ends << axis
        if backwards:
            stop = -1 if ends else last - 1
            end.append(-n - 1 if last == 0 else draw(st.sampled_from((last - 1, last - 1 - n))))
        else:
            stop = n if ends else last + 1
            end.append(draw(st.sampled_from((n, n + 3))) if last == n - 1 else last + 1)
        strides.append(stride)
        shape.append(len(range(first, stop, stride)))
    inputs = [source.tensor.index, ints(net, begin), ints(net, end), ints(net, strides)]
    return apply(net, "STRIDED_SLICE", inputs, like(net, source, shape), **masks)


def transpose(draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    source = data(draw, net, x, ("int16", "float32"), (1, 5), 5)
    order = draw(st.permutations(range(source.rank)))
    shape = [source.shape[axis] for axis in order]
    return apply(net, "TRANSPOSE", [source.tensor.index, ints(net, order)], like(net, source, shape))


def squeeze(draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    source = data(draw, net, x, EVERY_TYPE, (1, 5), 2)
    ones = [axis for axis, n in enumerate(source.shape) if n == 1]
    axes = draw(st.lists(st.sampled_from(ones), unique=True)) if ones else []
    dropped = axes or ones
    shape = [n for axis, n in enumerate(source.shape) if axis not in dropped]
    given = [axis - source.rank if draw(st.booleans()) else axis for axis in axes]
    return apply(net, "SQUEEZE", [source.tensor.index], like(net, source, shape), squeeze_dims=given)


def expand_dims(draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    source = data(draw, net, x, ("int16", "float32"), (0, 5), 4)
    axis = axis_of(draw, source.rank + 1)
    at = axis % (source.rank + 1)
    shape = (*source.shape[:at], 1, *source.shape[at:])
    return apply(net, "EXPAND_DIMS", [source.tensor.index, ints(net, axis)], like(net, source, shape))


def reverse(draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    source = data(draw, net, x, EVERY_TYPE, (1, 5), 5)
    first = draw(st.integers(0, source.rank - 1))
    last = draw(st.integers(first, source.rank - 1))
    axes = [axis - source.rank if draw(st.booleans()) else axis for axis in range(first, last + 1)]
    axes = draw(st.permutations(axes))
    return apply(net, "REVERSE_V2", [source.tensor.index, ints(net, axes)], like(net, source, source.shape))


def broadcast_to(draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    source = data(draw, net, x, EVERY_TYPE, (0, 4), 3)
    leading = draw(st.lists(st.integers(1, 3), max_size=min(2, 5 - source.rank)))
    shape = [*leading, *(draw(st.integers(1, 4)) if n == 1 else n for n in source.shape)]
    if not shape:
        shape = [draw(st.integers(1, 9))]
    dtype = draw(st.sampled_from(("int32", "int64")))
    return apply(net, "BROADCAST_TO", [source.tensor.index, ints(net, shape, dtype)], like(net, source, shape))


def fill(draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    source = data(draw, net, None, ("int32", "float32"), (0, 0))
    shape = draw(st.lists(st.integers(1, 5), min_size=1, max_size=5))
    dtype = draw(st.sampled_from(("int32", "int64")))
    return apply(net, "FILL", [ints(net, shape, dtype), source.tensor.index], like(net, source, shape))


def zeros_like(draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    source = data(draw, net, x, ("int32", "int64", "float32"), (1, 5))
    if x is None and draw(st.booleans()):
        shape = (draw(st.integers(40, 60)), draw(st.integers(30, 40)))
        source = Data(net.input(shape, 0.1, 0, source.dtype), source.dtype)
    return apply(net, "ZEROS_LIKE", [source.tensor.index], like(net, source, source.shape))


def shape_of(draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    source = data(draw, net, x, EVERY_TYPE, (1, 5))
    return apply(net, "SHAPE", [source.tensor.index], net.tensor((source.rank,), 0.0, 0, "int32"), out_type="INT32")


MOVEMENT = {
    "BATCH_TO_SPACE_ND": batch_to_space_nd,
    "BROADCAST_TO": broadcast_to,
    "CONCATENATION": concatenation,
    "DEPTH_TO_SPACE": depth_to_space,
    "DYNAMIC_UPDATE_SLICE": update_slice,
    "EMBEDDING_LOOKUP": embedding_lookup,
    "EXPAND_DIMS": expand_dims,
    "FILL": fill,
    "GATHER": gather,
    "GATHER_ND": gather_nd,
    "MIRROR_PAD": mirror_pad,
    "PACK": pack,
    "PAD of any type": pad_others,
    "PADV2": pad_v2,
    "RESIZE_NEAREST_NEIGHBOR": resize_nearest_neighbor,
    "REVERSE_V2": reverse,
    "SHAPE": shape_of,
    "SLICE": slice_,
    "SPACE_TO_BATCH_ND": space_to_batch_nd,
    "SPACE_TO_DEPTH": space_to_depth,
    "SPLIT": split,
    "SPLIT_V": split_v,
    "SQUEEZE": squeeze,
    "STRIDED_SLICE": strided_slice,
    "TRANSPOSE": transpose,
    "UNPACK": unpack,
    "ZEROS_LIKE": zeros_like,
}
"""Everything that can be made of one tensor, by name."""

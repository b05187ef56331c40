"""Random operators that work along axes, and operators with windows of other types than int8, for `support.network`."""

from __future__ import annotations

from functools import partial
from math import prod
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import strategies as st

from boardproof.model.shapes.graph import window_output
from support.operands import apply, float32, output, quantization, ratio, source
from support.operators_windows import window, window_options

if TYPE_CHECKING:
    from support.network import Activation, Network

rows = st.builds(lambda leading, depth: (*leading, depth), st.lists(st.integers(1, 3), max_size=3), st.integers(1, 40))


def reduce(opcode: str, dtype: str = "int8") -> partial[Activation]:
    return partial(_reduce, opcode, dtype)


def _reduce(opcode: str, dtype: str, draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    x = x or source(draw, net, dtype)
    rank = len(x.shape)
    axes = draw(st.lists(st.integers(-rank, rank - 1), min_size=1, max_size=rank))
    reduced = {axis % rank for axis in axes}
    keep = draw(st.booleans())
    shape = [1 if a in reduced else n for a, n in enumerate(x.shape) if keep or a not in reduced]
    count = prod(x.shape) // max(prod(shape), 1)
    if opcode in {"REDUCE_ALL", "REDUCE_MAX", "REDUCE_MIN"}:
        result = net.tensor(shape, x.scale, x.zero_point, dtype)
    else:
        natural = x.scale * (count**0.5 if opcode == "SUM" else count**-0.5)
        result = output(draw, net, shape, natural / ratio(draw, net), dtype)
    axis_tensor = net.constant(np.array(axes, np.int32), "int32")
    net.builder.add_operator(opcode, [x.index, axis_tensor], [result.index], keep_dims=keep)
    return result


def arg(opcode: str, dtype: str) -> partial[Activation]:
    return partial(_arg, opcode, dtype)


def _arg(opcode: str, dtype: str, draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    x = x or source(draw, net, dtype)
    axis = draw(st.integers(-len(x.shape), len(x.shape) - 1))
    shape = [n for a, n in enumerate(x.shape) if a != axis % len(x.shape)]
    result = net.tensor(shape, 0.0, 0, "int32")
    axis_tensor = net.constant(np.array(axis if draw(st.booleans()) else [axis], np.int32), "int32")
    net.builder.add_operator(opcode, [x.index, axis_tensor], [result.index], output_type="INT32")
    return result


def softmax(dtype: str, target: str) -> partial[Activation]:
    return partial(_softmax, dtype, target)


def _softmax(dtype: str, target: str, draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    beta = draw(st.sampled_from((1.0, 0.3, 2.5)))
    if dtype == "float32":
        x = net.input(draw(rows), 0.0, 0, dtype)
        return apply(draw, net, "SOFTMAX", [x], net.tensor(x.shape, 0.0, 0, dtype), beta=beta / 50)
    scale = float32(draw(st.one_of(st.floats(1e-5, 0.01), st.floats(0.01, 4.0))))
    x = net.input(
        draw(rows), scale if dtype == "int8" else scale / 100, net.zero_point(draw) if dtype == "int8" else 0, dtype
    )
    result = net.tensor(x.shape, *((1 / 65536, -32768) if dtype == "int8" else (1 / 32768, 0)), target)
    return apply(draw, net, "SOFTMAX", [x], result, beta=beta)


def log_softmax(draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    x = x or net.input(draw(rows), net.scale(draw, 0.05), net.zero_point(draw))
    return apply(draw, net, "LOG_SOFTMAX", [x], net.tensor(x.shape, 1 / 16, 127))


def l2_normalization(dtype: str) -> partial[Activation]:
    return partial(_l2_normalization, dtype)


def _l2_normalization(dtype: str, draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    x = x or net.input(draw(rows), *quantization(draw, net, dtype), dtype)
    return apply(draw, net, "L2_NORMALIZATION", [x], net.tensor(x.shape, 1 / 128, 0, dtype))


def picture(draw: st.DrawFn, net: Network, dtype: str) -> Activation:
    """A network input [N, H, W, C]."""
    size = st.integers(1, 8)
    shape = (draw(st.integers(1, 2)), draw(size), draw(size), draw(st.integers(1, 5)))
    return net.input(shape, *quantization(draw, net, dtype), dtype)


def pool(opcode: str, dtype: str) -> partial[Activation]:
    return partial(_pool, opcode, dtype)


def _pool(opcode: str, dtype: str, draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    x = x or picture(draw, net, dtype)
    kernel, chosen = window(draw, x.shape[1:3], dilated=False)
    shape = (x.shape[0], *window_output((x.shape[1], x.shape[2]), kernel, chosen), x.shape[3])
    return apply(
        draw,
        net,
        opcode,
        [x],
        net.tensor(shape, x.scale, x.zero_point, dtype),
        filter_height=kernel[0],
        filter_width=kernel[1],
        fused_activation_function=net.activation(draw),
        **window_options(chosen, dilated=False),
    )


def conv2d(dtype: str) -> partial[Activation]:
    return partial(_conv2d, dtype)


def _conv2d(dtype: str, draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    x = x or picture(draw, net, dtype)
    kernel, chosen = window(draw, x.shape[1:3])
    groups = draw(st.sampled_from([g for g in range(1, x.shape[3] + 1) if x.shape[3] % g == 0]))
    shape = (groups * draw(st.integers(1, 5)), *kernel, x.shape[3] // groups)
    result = (x.shape[0], *window_output((x.shape[1], x.shape[2]), kernel, chosen), shape[0])
    return _weighted(draw, net, "CONV_2D", dtype, x, (shape, 0), result, window_options(chosen))


def depthwise_conv2d(dtype: str) -> partial[Activation]:
    return partial(_depthwise_conv2d, dtype)


def _depthwise_conv2d(dtype: str, draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    x = x or picture(draw, net, dtype)
    kernel, chosen = window(draw, x.shape[1:3])
    multiplier = draw(st.integers(1, 3))
    shape = (1, *kernel, x.shape[3] * multiplier)
    result = (x.shape[0], *window_output((x.shape[1], x.shape[2]), kernel, chosen), shape[3])
    options = {**window_options(chosen), "depth_multiplier": multiplier}
    return _weighted(draw, net, "DEPTHWISE_CONV_2D", dtype, x, (shape, 3), result, options)


def fully_connected(dtype: str) -> partial[Activation]:
    return partial(_fully_connected, dtype)


def _fully_connected(dtype: str, draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    x = x or net.input(draw(rows), *quantization(draw, net, dtype), dtype)
    units = draw(st.integers(1, 12))
    keep = draw(st.booleans())
    shape = (*x.shape[:-1], units) if keep else (prod(x.shape[:-1]), units)
    return _weighted(draw, net, "FULLY_CONNECTED", dtype, x, ((units, x.shape[-1]), 0), shape, {"keep_num_dims": keep})


def _weighted(
    draw: st.DrawFn,
    net: Network,
    opcode: str,
    dtype: str,
    x: Activation,
    weights: tuple[tuple[int, ...], int],
    shape: tuple[int, ...],
    options: dict[str, object],
) -> Activation:
    """An operator with weights of a shape, whose channels are along an axis, and perhaps biases."""
    filter_shape, axis = weights
    channels = filter_shape[axis]
    depth = prod(filter_shape) // channels
    inputs = [x.index]
    scale = float32(draw(st.floats(1e-3, 0.2)))
    has_bias = draw(st.booleans())
    if dtype == "float32":
        inputs.append(net.constant(net.rng.normal(0, 1, filter_shape).astype(np.float32), "float32"))
        if has_bias:
            inputs.append(net.constant(net.rng.normal(0, 30, channels).astype(np.float32), "float32"))
    else:
        spread = net.rng.uniform(0.1, 1, channels if draw(st.booleans()) else 1)
        spread[0] = 1.0
        scales = [float(s) for s in np.float32(scale * spread)]
        inputs.append(net.constant(net.weights(filter_shape), "int8", scales, axis))
        if has_bias:
            limit = 2 ** draw(st.sampled_from((10, 24, 33)))
            biases = net.rng.integers(-limit, limit, channels)
            inputs.append(net.constant(biases, "int64", [x.scale * s for s in scales]))
    extremes = st.one_of(st.floats(0.01, 2.0), st.sampled_from((1.0, 2.0**-20, 100.0)))
    factor = draw(st.floats(0.5, 2.0) if net.lively else extremes) / (50 * depth**0.5)
    result = output(draw, net, shape, x.scale * scale / factor if dtype != "float32" else 1.0, dtype)
    if opcode == "FULLY_CONNECTED" and not has_bias:
        inputs.append(-1)
    net.builder.add_operator(opcode, inputs, [result.index], fused_activation_function=net.activation(draw), **options)
    return result


REDUCTIONS = {
    **{opcode: reduce(opcode) for opcode in ("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN")},
    "REDUCE_ALL": reduce("REDUCE_ALL", "bool"),
    **{f"{opcode} int16": reduce(opcode, "int16") for opcode in ("MEAN", "SUM")},
    **{f"{opcode} float32": reduce(opcode, "float32") for opcode in ("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN")},
    **{f"{opcode} {dtype}": arg(opcode, dtype) for opcode in ("ARG_MAX", "ARG_MIN") for dtype in ("int8", "float32")},
}

NORMALIZATIONS = {
    "L2_NORMALIZATION": l2_normalization("int8"),
    "L2_NORMALIZATION float32": l2_normalization("float32"),
    "LOG_SOFTMAX": log_softmax,
    "SOFTMAX float32": softmax("float32", "float32"),
    "SOFTMAX int16": softmax("int16", "int16"),
    "SOFTMAX int8 to int16": softmax("int8", "int16"),
}

WINDOWS = {
    **{
        f"{opcode} {dtype}": pool(opcode, dtype)
        for opcode in ("AVERAGE_POOL_2D", "MAX_POOL_2D")
        for dtype in ("int8", "int16", "float32")
    },
    **{f"CONV_2D {dtype}": conv2d(dtype) for dtype in ("int16", "float32")},
    **{f"DEPTHWISE_CONV_2D {dtype}": depthwise_conv2d(dtype) for dtype in ("int16", "float32")},
    **{f"FULLY_CONNECTED {dtype}": fully_connected(dtype) for dtype in ("int16", "float32")},
}

"""Random products, running sums, interpolations and recurrent layers, for `support.network`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import strategies as st

from boardproof.model.graph import Padding
from support.moved import apply, axis_of, ints
from support.network import Activation
from support.trained import left_by_training

if TYPE_CHECKING:
    from collections.abc import Sequence

    from support.network import Network

small = st.integers(1, 4)


def transpose_conv(draw: st.DrawFn, net: Network, x: Activation | None = None, dtype: str = "int8") -> Activation:
    if x is None:
        shape = (draw(st.integers(1, 2)), draw(small), draw(small), draw(small))
        x = _input(draw, net, shape, dtype)
    padding = draw(st.sampled_from(Padding))
    strides = [draw(st.integers(1, 3)) for _ in range(2)]
    kernel = [draw(st.integers(1, 4)) for _ in range(2)]
    size = [_output_size(draw, n, k, s, padding) for n, k, s in zip(x.shape[1:3], kernel, strides, strict=True)]
    channels = draw(st.integers(1, 9))
    output_shape = (x.shape[0], *size, channels)
    depth = kernel[0] * kernel[1] * x.shape[3]
    with_bias = draw(st.booleans())
    if dtype == "float32":
        weights = net.constant(net.rng.normal(size=(channels, *kernel, x.shape[3])).astype(np.float32), dtype)
        constants = [weights, net.constant(net.rng.normal(size=channels).astype(np.float32), dtype)]
        output = net.tensor(output_shape, 0.0, 0, dtype)
    else:
        spread = net.rng.uniform(0.1, 1, channels if draw(st.booleans()) else 1)
        scales = [float(s) for s in np.float32(draw(st.floats(1e-3, 0.2)) * spread)]
        bias_type = "int64" if dtype == "int16" else "int32"
        weights, biases = net.weights((channels, *kernel, x.shape[3])), net.biases(channels, depth)
        if net.trained and dtype == "int8":
            weights, scales, biases = left_by_training(net.rng, weights, 0, scales, biases)
        constants = [
            net.constant(weights, "int8", scales),
            net.constant(biases, bias_type, [x.scale * s for s in scales]),
        ]
        output = _output(draw, net, output_shape, x.scale * max(scales), depth, dtype)
    return apply(
        net,
        "TRANSPOSE_CONV",
        [ints(net, output_shape), constants[0], x.index, *constants[1 : 1 + with_bias]],
        output,
        padding=padding.name,
        stride_h=strides[0],
        stride_w=strides[1],
        fused_activation_function=net.activation(draw, output.scale or 1.0),
    )


def _input(draw: st.DrawFn, net: Network, shape: Sequence[int], dtype: str) -> Activation:
    return net.input(shape, net.scale(draw, 0.05), net.zero_point(draw) if dtype == "int8" else 0, dtype)


def _output(draw: st.DrawFn, net: Network, shape: Sequence[int], product: float, depth: int, dtype: str) -> Activation:
    """For a sum of `depth` products of values of this type."""
    if dtype == "float32":
        return net.tensor(shape, 0.0, 0, dtype)
    scale = net.output_scale(draw, product, depth)
    if dtype == "int8":
        return net.tensor(shape, scale, net.zero_point(draw))
    return net.tensor(shape, max(scale, product / 100), 0, dtype)  # factors of 2^8 and more are refused


def _output_size(draw: st.DrawFn, size: int, kernel: int, stride: int, padding: Padding) -> int:
    """A size over which the window has `size` positions."""
    least = (size - 1) * stride + (1 if padding is Padding.SAME else kernel)
    return draw(st.integers(least, least + stride - 1))


def batch_matmul(
    draw: st.DrawFn, net: Network, x: Activation | None = None, dtype: str = "int8", largest: int = 4
) -> Activation:
    """`largest`: of rows and columns; with larger ones than usual, sums are now and then of hundreds of products."""
    batches = draw(st.lists(st.integers(1, 3), max_size=3))
    lengths = st.integers(1, largest)
    depths = st.integers(1, 2 * largest + 1)
    rows, columns = draw(lengths), draw(lengths)
    depth = draw(depths if largest <= 4 else st.one_of(depths, st.sampled_from((64, 130, 300))))
    adjoint = [draw(st.booleans()), draw(st.booleans())]
    sides: list[Activation] = []
    for matrix, swapped in zip(((rows, depth), (depth, columns)), adjoint, strict=True):
        own = [n if draw(st.integers(0, 2)) else 1 for n in batches]
        own = own[draw(st.integers(0, len(own))) if draw(st.booleans()) else 0 :]
        shape = (*own, *(matrix[::-1] if swapped else matrix))
        if sides and draw(st.booleans()):
            scale, zero_point = net.scale(draw, 0.05), net.zero_point(draw) if dtype == "int8" else 0
            values = net.rng.integers(-128, 128, shape)
            scale_of_type = None if dtype == "float32" else scale
            index = net.builder.add_tensor(shape, dtype, scale=scale_of_type, zero_point=zero_point, data=values)
            sides.append(Activation(index, shape, float(np.float32(scale)), zero_point))
        else:
            sides.append(_input(draw, net, shape, dtype))
    broadcast = np.broadcast_shapes(sides[0].shape[:-2], sides[1].shape[:-2])
    product = sides[0].scale * sides[1].scale * (100 if dtype == "int16" else 1)
    output = _output(draw, net, (*broadcast, rows, columns), product, depth, dtype)
    inputs = [side.index for side in sides]
    return apply(net, "BATCH_MATMUL", inputs, output, adj_x=adjoint[0], adj_y=adjoint[1])


def dense_product(
    draw: st.DrawFn, net: Network, x: Activation | None = None, dtype: str = "int8", largest: int = 4
) -> Activation:
    """A dense layer whose weights are computed."""
    rows, depth, units = draw(st.integers(1, largest)), draw(st.integers(1, 20)), draw(st.integers(1, largest))
    x, weights = (_input(draw, net, shape, dtype) for shape in ((rows, depth), (units, depth)))
    product = x.scale * weights.scale
    output = _output(draw, net, (rows, units), product * 50, depth, dtype)
    inputs = [x.index, weights.index]
    match draw(st.integers(0, 2)), dtype:
        case 0, "float32":
            inputs.append(net.constant(net.rng.normal(size=units).astype(np.float32), dtype))
        case 0, _:
            inputs.append(net.constant(net.biases(units, depth), "int32", product))
        case 1, _:
            inputs.append(-1)
    return apply(net, "FULLY_CONNECTED", inputs, output, fused_activation_function=net.activation(draw))


def cumsum(draw: st.DrawFn, net: Network, x: Activation | None = None, dtype: str = "int8") -> Activation:
    if x is None:
        shape = tuple(draw(st.lists(st.integers(1, 5), min_size=1, max_size=4)))
        if draw(st.integers(0, 5)) == 0:
            shape = (draw(st.integers(20, 40)),)  # sums that leave 32 bits
        x = _input(draw, net, shape, dtype)
    axis = axis_of(draw, len(x.shape))
    scale = x.scale * draw(st.sampled_from((1e-4, 1.0, 4.0, 10.0, 30.0)))
    output = net.tensor(x.shape, scale, net.zero_point(draw) if dtype == "int8" else 0, dtype)
    return apply(
        net,
        "CUMSUM",
        [x.index, ints(net, axis)],
        output,
        exclusive=draw(st.booleans()),
        reverse=draw(st.booleans()),
    )


def resize_bilinear(draw: st.DrawFn, net: Network, x: Activation | None = None, dtype: str = "int8") -> Activation:
    if x is None:
        shape = (draw(st.integers(1, 2)), draw(st.integers(1, 7)), draw(st.integers(1, 7)), draw(small))
        x = _input(draw, net, shape, dtype)
    size = [draw(st.integers(1, 15)), draw(st.integers(1, 15))]
    mode = draw(st.sampled_from(((False, False), (True, False), (False, True))))
    output = net.tensor((x.shape[0], *size, x.shape[3]), x.scale, x.zero_point, dtype)
    return apply(
        net,
        "RESIZE_BILINEAR",
        [x.index, ints(net, size)],
        output,
        align_corners=mode[0],
        half_pixel_centers=mode[1],
    )


def svdf_float(draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    batches, depth = draw(st.integers(1, 2)), draw(st.integers(1, 12))
    units, rank, memory = draw(small), draw(st.integers(1, 3)), draw(st.integers(1, 6))
    constants = [
        net.constant(net.rng.normal(size=shape).astype(np.float32), "float32")
        for shape in ((units * rank, depth), (units * rank, memory), (units,))
    ]
    state = net.builder.add_tensor((batches, memory * units * rank), "float32", is_variable=True)
    inputs = [net.input((batches, depth), 0.0, 0, "float32").index, *constants, state]
    output = net.tensor((batches, units), 0.0, 0, "float32")
    activation = draw(st.sampled_from(("NONE", "RELU", "RELU6", "RELU_N1_TO_1")))
    return apply(net, "SVDF", inputs, output, rank=rank, fused_activation_function=activation)


def svdf(draw: st.DrawFn, net: Network, x: Activation | None = None, *, state_type: str | None = None) -> Activation:
    batches, depth = draw(st.integers(1, 2)), draw(st.integers(1, 12))
    units, rank, memory = draw(st.integers(1, 9)), draw(st.integers(1, 3)), draw(st.integers(1, 12))
    state_type = state_type or draw(st.sampled_from(("int8", "int16")))
    x = net.input((batches, depth), net.scale(draw, 0.05), net.zero_point(draw))
    feature_scale = float(np.float32(draw(st.floats(1e-3, 0.1))))
    state_scale = net.output_scale(draw, x.scale * feature_scale, depth) * (1 if state_type == "int8" else 2**-8)
    state_scale = float(np.float32(min(state_scale, 100.0)))  # the biases' scale must be near a product of it
    time_scale = float(np.float32(draw(st.floats(1e-3, 0.1))))
    limits = np.iinfo(state_type)
    time = net.rng.integers(limits.min, limits.max + 1, (units * rank, memory)) // draw(st.sampled_from((1, 8)))
    state_zero_point = net.zero_point(draw) if state_type == "int8" else 0
    product = state_scale * time_scale
    inputs = [
        x.index,
        net.constant(net.weights((units * rank, depth)), "int8", feature_scale),
        net.constant(time, state_type, time_scale),
        net.constant(net.biases(units, memory), "int32", product),
        net.builder.add_tensor(
            (batches, memory * units * rank),
            state_type,
            scale=state_scale,
            zero_point=state_zero_point,
            is_variable=True,
        ),
    ]
    depth_of_sum = memory * rank * (100 if state_type == "int16" else 1)
    output = net.tensor((batches, units), net.output_scale(draw, product, depth_of_sum), net.zero_point(draw))
    return apply(
        net, "SVDF", inputs, output, rank=rank, fused_activation_function=draw(st.sampled_from(("NONE", "RELU")))
    )


def lstm(
    draw: st.DrawFn, net: Network, x: Activation | None = None, *, coarsest: float = 0.03, largest: int = 6
) -> Activation:
    """`coarsest`: of the weights' scales; `largest`: of the layer's sizes."""
    batches, steps = draw(st.integers(1, 2)), draw(st.integers(1, 4))
    depth, units = draw(st.integers(1, largest)), draw(st.integers(1, largest - 1))
    time_major = draw(st.booleans())
    leading = (steps, batches) if time_major else (batches, steps)
    x = net.input((*leading, depth), float(np.float32(draw(st.floats(0.005, 0.05)))), net.zero_point(draw))
    hidden_scale = float(np.float32(draw(st.floats(0.003, 0.012))))
    hidden_zero_point = net.zero_point(draw)
    cell_scale = 2.0 ** draw(st.integers(-14, -8))
    inputs = [x.index, *[-1] * 23]
    for gate in range(4):
        scales = [float(np.float32(draw(st.floats(0.002, coarsest)))) for _ in range(2)]
        inputs[1 + gate] = net.constant(net.weights((units, depth)), "int8", scales[0])
        inputs[5 + gate] = net.constant(net.weights((units, units)), "int8", scales[1])
        inputs[12 + gate] = net.constant(net.biases(units, depth), "int32", x.scale * scales[0])
    inputs[18] = net.builder.add_tensor(
        (batches, units), scale=hidden_scale, zero_point=hidden_zero_point, is_variable=True
    )
    inputs[19] = net.builder.add_tensor((batches, units), "int16", scale=cell_scale, is_variable=True)
    output = net.tensor((*leading, units), hidden_scale, hidden_zero_point)
    return apply(
        net,
        "UNIDIRECTIONAL_SEQUENCE_LSTM",
        inputs,
        output,
        fused_activation_function="TANH",
        time_major=time_major,
        cell_clip=draw(st.sampled_from((0.0, 0.0, 1.5, 10.0))),
    )


PRODUCTS = {
    "BATCH_MATMUL": batch_matmul,
    "BATCH_MATMUL int16": partial(batch_matmul, dtype="int16"),
    "BATCH_MATMUL float32": partial(batch_matmul, dtype="float32"),
    "CUMSUM": cumsum,
    "FULLY_CONNECTED computed weights": dense_product,
    "FULLY_CONNECTED computed weights float32": partial(dense_product, dtype="float32"),
    "CUMSUM float32": partial(cumsum, dtype="float32"),
    "RESIZE_BILINEAR": resize_bilinear,
    "RESIZE_BILINEAR float32": partial(resize_bilinear, dtype="float32"),
    "SVDF": svdf,
    "SVDF float32": svdf_float,
    "TRANSPOSE_CONV": transpose_conv,
    "TRANSPOSE_CONV int16": partial(transpose_conv, dtype="int16"),
    "TRANSPOSE_CONV float32": partial(transpose_conv, dtype="float32"),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": lstm,
}
"""By name."""

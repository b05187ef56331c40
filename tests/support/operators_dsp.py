"""Random operators that the _dsp kernels compute, for `support.network`; now and then one they must leave alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from hypothesis import strategies as st

from boardproof.model.graph import Padding, Window
from boardproof.model.shapes.graph import window_output
from support.operators_windows import sometimes_padded
from support.trained import left_by_training

if TYPE_CHECKING:
    from support.network import Activation, Network

outputs = st.integers(1, 9)
depths = st.integers(1, 90)
pooled_channels = st.sampled_from((1, 2, 3, 4, 5, 8, 11, 20))


def image(draw: st.DrawFn, net: Network, channels: st.SearchStrategy[int], largest: int = 12) -> Activation:
    size = st.integers(1, largest)
    return net.input((1, draw(size), draw(size), draw(channels)), net.scale(draw, 0.05), net.zero_point(draw))


def window(draw: st.DrawFn, size: tuple[int, int], largest: int, *, dilated: bool = False) -> tuple[tuple, Window]:
    padding = draw(st.sampled_from(Padding))
    kernel = tuple(draw(st.integers(1, min(largest, n) if padding is Padding.VALID else largest)) for n in size)
    limits = [
        (n - 1) // (k - 1) if k > 1 and padding is Padding.VALID else 2 for n, k in zip(size, kernel, strict=True)
    ]
    dilation = tuple(draw(st.integers(1, min(2, limit))) if dilated else 1 for limit in limits)
    return kernel, Window(padding, (draw(st.integers(1, 3)), draw(st.integers(1, 3))), dilation)


def pointwise(draw: st.DrawFn, net: Network) -> Activation:
    x = image(draw, net, st.sampled_from((4, 8, 20, 32)))
    return convolution(draw, net, x, (1, 1), Window(draw(st.sampled_from(Padding)), (1, 1)), draw(outputs))


def one_channel(draw: st.DrawFn, net: Network) -> Activation:
    """A weighted sum of each pixel's channels, of some images."""
    size = st.integers(1, 7)
    shape = (draw(st.integers(1, 2)), draw(size), draw(size), draw(st.integers(1, 40)))
    x = net.input(shape, net.scale(draw, 0.05), net.zero_point(draw))
    return convolution(draw, net, x, (1, 1), Window(draw(st.sampled_from(Padding)), (1, 1)), 1)


def column(draw: st.DrawFn, net: Network) -> tuple[Activation, tuple[int, int], Window]:
    """An image whose width is 1, its height in fours as often as not, and a window on it."""
    height = draw(st.integers(2, 40) if net.rng.random() < 0.5 else st.integers(1, 10).map(lambda fours: 4 * fours))
    shape = (1, height, 1, draw(st.sampled_from((4, 8, 12, 13))))
    x = net.input(shape, net.scale(draw, 0.05), net.zero_point(draw))
    kernel, chosen = window(draw, x.shape[1:3], 6, dilated=net.rng.random() < 0.2)
    return x, (kernel[0], 1), chosen


def convolution_of_column(draw: st.DrawFn, net: Network) -> Activation:
    return convolution(draw, net, *column(draw, net), draw(outputs))


def depthwise_of_column(draw: st.DrawFn, net: Network) -> Activation:
    return depthwise_of(draw, net, *column(draw, net))


def depthwise_of_one_window(draw: st.DrawFn, net: Network) -> Activation:
    """The whole image, of channels in fours."""
    x = image(draw, net, st.sampled_from((4, 8, 12)), 9)
    return depthwise_of(draw, net, x, x.shape[1:3], Window(Padding.VALID, (1, 1)))


def rows(draw: st.DrawFn, net: Network) -> Activation:
    """Wide enough, in fours, for unpacked rows."""
    channels = draw(st.sampled_from((4, 8, 12)))
    stride = draw(st.sampled_from((1, 2)))
    width = stride * 4 * draw(st.integers(1, 5)) - draw(st.integers(0, stride - 1))
    x = net.input((1, draw(st.integers(1, 9)), width, channels), net.scale(draw, 0.05), net.zero_point(draw))
    kernel = (draw(st.integers(1, 4)), draw(st.integers(max(stride, 2), 4)))
    chosen = Window(Padding.SAME, (draw(st.integers(1, kernel[0])), stride))
    return convolution(draw, net, x, kernel, chosen, draw(outputs))


def windows(draw: st.DrawFn, net: Network) -> Activation:
    """Now and then one that covers as much as the image has, dilated or not, which is no dense layer."""
    x = image(draw, net, st.sampled_from((4, 8, 16)))
    kernel, chosen = window(draw, x.shape[1:3], 4, dilated=True)
    if net.rng.random() < 0.15:
        kernel, chosen = x.shape[1:3], Window(Padding.SAME, x.shape[1:3], (int(net.rng.integers(1, 3)),) * 2)
    return convolution(draw, net, x, kernel, chosen, draw(outputs))


def wide(draw: st.DrawFn, net: Network) -> Activation:
    """Many inputs, so that sums over all of them may be large."""
    size = st.integers(1, 4)
    x = net.input(
        (1, draw(size), draw(size), draw(st.sampled_from((100, 128)))), net.scale(draw, 0.05), net.zero_point(draw)
    )
    chosen = Window(Padding.SAME, (draw(st.integers(1, 2)), draw(st.integers(1, 2))))
    return convolution(draw, net, x, (3, 3), chosen, draw(outputs))


def winograd(draw: st.DrawFn, net: Network) -> Activation:
    """3x3 windows that move by one."""
    x = image(draw, net, st.sampled_from((4, 8, 12, 16, 20, 36)), 11)
    padding = draw(st.sampled_from(Padding)) if min(x.shape[1:3]) >= 3 else Padding.SAME
    return convolution(draw, net, x, (3, 3), Window(padding, (1, 1)), draw(st.integers(1, 12)))


def narrow(draw: st.DrawFn, net: Network) -> Activation:
    x = image(draw, net, st.sampled_from((1, 2, 3, 5, 7)))
    kernel, chosen = window(draw, x.shape[1:3], 5)
    return convolution(draw, net, x, kernel, chosen, draw(outputs))


def depthwise(draw: st.DrawFn, net: Network) -> Activation:
    """3x3, of lines that are long enough for the kernels that work line by line, but for some."""
    stride = int(net.rng.integers(1, 3))
    sizes = ((3, 10, 11, 12, 13, 16, 17, 20), (3, 16, 17, 20, 21, 24, 25, 30))[stride - 1]
    height, width = (int(n) for n in net.rng.choice(sizes, 2))
    x = net.input(
        (1, height, width, draw(st.sampled_from((4, 6, 8, 12, 13)))), net.scale(draw, 0.05), net.zero_point(draw)
    )
    chosen = Window(draw(st.sampled_from(Padding)), (stride, stride))
    return depthwise_of(draw, net, x, (3, 3), chosen)


def depthwise_small(draw: st.DrawFn, net: Network) -> Activation:
    """3x3 of images too small for that."""
    x = image(draw, net, st.sampled_from((4, 5, 7, 8)), 5)
    stride = int(net.rng.integers(1, 3))
    return depthwise_of(draw, net, x, (3, 3), Window(Padding.SAME, (stride, stride)))


def depthwise_few(draw: st.DrawFn, net: Network) -> Activation:
    """3x3 of less than four channels, large enough for lines, but for some."""
    stride = draw(st.sampled_from((1, 1, 2)))
    x = image(draw, net, st.integers(1, 3), 8 * stride + 5)
    return depthwise_of(draw, net, x, (3, 3), Window(Padding.SAME, (stride, stride)))


def few_outputs(draw: st.DrawFn, net: Network) -> Activation:
    """Less than four channels come out, or go in, of rows that several outputs of divide."""
    inputs, outputs_ = draw(st.sampled_from(((1, 4), (2, 6), (3, 1), (4, 1), (8, 3), (12, 2))))
    shape = (1, draw(st.integers(1, 7)), draw(st.sampled_from((2, 4, 6, 8, 12))), inputs)
    x = net.input(shape, net.scale(draw, 0.05), net.zero_point(draw))
    kernel = draw(st.sampled_from(((1, 1), (3, 3), (1, 5), (4, 2))))
    stride = (draw(st.integers(1, 2)), draw(st.integers(1, 2)) if kernel[1] > 1 and shape[2] % 4 == 0 else 1)
    return convolution(draw, net, x, kernel, Window(Padding.SAME, stride), outputs_)


def depthwise_any(draw: st.DrawFn, net: Network) -> Activation:
    """Any kernel; now and then an image so wide that few rows are unpacked at once."""
    width = draw(st.one_of(st.integers(1, 9), st.integers(30, 60)))
    shape = (1, draw(st.integers(1, 9)), width, draw(st.sampled_from((4, 8, 11))))
    x = net.input(shape, net.scale(draw, 0.05), net.zero_point(draw))
    return depthwise_of(draw, net, x, *window(draw, x.shape[1:3], 6))


def depthwise_large_factors(draw: st.DrawFn, net: Network) -> Activation:
    """Factors of about one, many of a half and more, of so many channels that hardly all have a one-sided form."""
    usual = net.output_scale
    net.output_scale = lambda draw, product, _: float(np.float32(product / draw(st.floats(0.6, 6.0))))
    try:
        x = image(draw, net, st.sampled_from((20, 33)), 6)
        stride = draw(st.sampled_from((1, 1, 2)))
        kernel = draw(st.sampled_from(((3, 3), (3, 3), (2, 5), (4, 4))))
        return depthwise_of(draw, net, x, kernel, Window(Padding.SAME, (stride, stride)))
    finally:
        net.output_scale = usual


def depthwise_dilated(draw: st.DrawFn, net: Network) -> Activation:
    """Of images as large as their dilation makes windows; rows and columns dilated alike, or either alone."""
    dilation = draw(st.sampled_from(((2, 2), (3, 3), (4, 4), (2, 1), (1, 2), (1, 5), (4, 2))))
    x = image(draw, net, st.sampled_from((4, 5, 8)), 14)
    if dilation[0] == 1 and draw(st.booleans()):
        x = net.input((1, 1, draw(st.integers(1, 40)), 4), net.scale(draw, 0.05), net.zero_point(draw))
    kernel = draw(st.sampled_from(((3, 3), (1, 3), (2, 5), (4, 1))))
    padding = draw(st.sampled_from(Padding))
    covered = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
    if any(all_ > n for all_, n in zip(covered, x.shape[1:3], strict=True)):
        padding = Padding.SAME
    return depthwise_of(draw, net, x, kernel, Window(padding, (1, 1), dilation))


def depthwise_repeated(draw: st.DrawFn, net: Network) -> Activation:
    """Several filters for each channel."""
    x = image(draw, net, st.integers(1, 6), 9)
    kernel, chosen = window(draw, x.shape[1:3], 5)
    multiplier = draw(st.integers(2, 5))
    weights = net.weights((1, *kernel, x.shape[3] * multiplier))
    return _apply(draw, net, "DEPTHWISE_CONV_2D", x, weights, chosen, depth_multiplier=multiplier)


def depthwise_of(draw: st.DrawFn, net: Network, x: Activation, kernel: tuple[int, int], chosen: Window) -> Activation:
    weights = net.weights((1, *kernel, x.shape[3]))
    return _apply(draw, net, "DEPTHWISE_CONV_2D", x, weights, chosen, depth_multiplier=1)


def convolution(
    draw: st.DrawFn, net: Network, x: Activation, kernel: tuple[int, int], chosen: Window, channels: int
) -> Activation:
    return _apply(draw, net, "CONV_2D", x, net.weights((channels, *kernel, x.shape[3])), chosen)


def convolution_add(draw: st.DrawFn, net: Network) -> Activation:
    """A convolution and an addition of its output and another tensor, in either order."""
    return add_to(draw, net, (pointwise if draw(st.booleans()) else rows)(draw, net))


def add_to(draw: st.DrawFn, net: Network, y: Activation) -> Activation:
    """Something and another tensor, in either order."""
    other = net.input(y.shape, y.scale * draw(st.floats(0.3, 3.0)), net.zero_point(draw))
    return add(draw, net, *((y, other) if draw(st.booleans()) else (other, y)))


def block(draw: st.DrawFn, net: Network, x: Activation) -> Activation:
    """A convolution of an image, perhaps added to it: what residual networks are made of."""
    channels = x.shape[3] if draw(st.booleans()) else draw(st.sampled_from((4, 8, 12)))
    stride = draw(st.sampled_from((1, 1, 2)))
    chosen = Window(Padding.SAME, (stride, stride))
    match draw(st.sampled_from(("pointwise", "square", "depthwise"))):
        case "pointwise":
            y = convolution(draw, net, x, (1, 1), Window(Padding.SAME, (1, 1)), channels)
        case "square":
            y = convolution(draw, net, x, (3, 3), chosen, channels)
        case _:
            y = depthwise_of(draw, net, x, (3, 3), chosen)
    if y.shape != x.shape or draw(st.booleans()):
        return y
    return add(draw, net, *((y, x) if draw(st.booleans()) else (x, y)))


def addition(draw: st.DrawFn, net: Network) -> Activation:
    shape = tuple(draw(st.lists(st.integers(1, 9), min_size=1, max_size=4)))
    first = net.input(shape, net.scale(draw, 0.05), net.zero_point(draw))
    second = net.input(shape, first.scale * draw(st.floats(0.1, 10.0)), net.zero_point(draw))
    return add(draw, net, first, second)


def addition_by_table(draw: st.DrawFn, net: Network) -> Activation:
    """Scales whose ratios make many sums fall between two outputs."""
    shape = (1, draw(st.integers(1, 9)), 4)
    unit = float(np.float32(draw(st.floats(1e-3, 0.1))))
    ratios = draw(st.sampled_from(((2, 5, 4), (5, 2, 4), (3, 5, 4), (5, 4, 8), (7, 3, 4))))
    first, second = (net.input(shape, float(np.float32(unit * r)), net.zero_point(draw)) for r in ratios[:2])
    output = net.tensor(shape, float(np.float32(unit * ratios[2])), net.zero_point(draw))
    net.builder.add_operator(
        "ADD", [first.index, second.index], [output.index], fused_activation_function=net.activation(draw)
    )
    return output


def add(draw: st.DrawFn, net: Network, first: Activation, second: Activation) -> Activation:
    scale = float(np.float32((first.scale + second.scale) * draw(st.floats(0.2, 2.0))))
    activation, zero_point = _activation(draw, net, scale)
    output = net.tensor(first.shape, scale, zero_point)
    net.builder.add_operator("ADD", [first.index, second.index], [output.index], fused_activation_function=activation)
    return output


def dense(draw: st.DrawFn, net: Network, depths: st.SearchStrategy[int] = depths) -> Activation:
    rows_, depth, units = draw(st.integers(1, 3)), draw(depths), draw(st.integers(1, 14))
    x = net.input((rows_, depth), net.scale(draw, 0.05), net.zero_point(draw))
    weights = net.weights((units, depth))
    scale = float(np.float32(draw(st.floats(1e-3, 0.2))))
    inputs = _weights_and_biases(draw, net, x, weights, 0, [scale])
    output_scale = net.output_scale(draw, x.scale * scale, depth)
    activation, zero_point = _activation(draw, net, output_scale)
    output = net.tensor((rows_, units), output_scale, zero_point)
    net.builder.add_operator("FULLY_CONNECTED", [*inputs, -1][:3], [output.index], fused_activation_function=activation)
    return output


def dense_wide(draw: st.DrawFn, net: Network) -> Activation:
    return dense(draw, net, st.one_of(st.integers(700, 900), st.integers(1025, 2100)))


def average_pool(draw: st.DrawFn, net: Network) -> Activation:
    return _pool(draw, net, "AVERAGE_POOL_2D")


def max_pool(draw: st.DrawFn, net: Network) -> Activation:
    return _pool(draw, net, "MAX_POOL_2D")


def average_of_four(draw: st.DrawFn, net: Network) -> Activation:
    """Windows of 2x2, now and then one at the border."""
    size = st.integers(2, 9)
    shape = (draw(st.integers(1, 2)), draw(size), draw(size), draw(st.sampled_from((4, 8, 20))))
    x = net.input(shape, net.scale(draw, 0.05), net.zero_point(draw))
    padding = Padding.SAME if net.rng.random() < 0.3 else Padding.VALID
    chosen = Window(padding, (draw(st.integers(1, 3)), draw(st.integers(1, 3))))
    return _pool_of(draw, net, "AVERAGE_POOL_2D", x, (2, 2), chosen)


def pool_of(draw: st.DrawFn, net: Network, x: Activation, kernel: tuple[int, ...], chosen: Window) -> Activation:
    """A pool of one of the two kinds."""
    return _pool_of(draw, net, draw(st.sampled_from(("AVERAGE_POOL_2D", "MAX_POOL_2D"))), x, kernel, chosen)


def _pool(draw: st.DrawFn, net: Network, opcode: str) -> Activation:
    x = image(draw, net, pooled_channels, 16)
    return _pool_of(draw, net, opcode, x, *window(draw, x.shape[1:3], 16))


def _pool_of(
    draw: st.DrawFn, net: Network, opcode: str, x: Activation, kernel: tuple[int, ...], chosen: Window
) -> Activation:
    shape = (x.shape[0], *window_output(x.shape[1:3], kernel, chosen), x.shape[3])
    output = net.tensor(shape, x.scale, x.zero_point)
    net.builder.add_operator(
        opcode,
        [x.index],
        [output.index],
        filter_height=kernel[0],
        filter_width=kernel[1],
        fused_activation_function=net.activation(draw),
        padding=chosen.padding.name,
        stride_h=chosen.stride[0],
        stride_w=chosen.stride[1],
    )
    return output


def pixel_sums(draw: st.DrawFn, net: Network) -> Activation:
    """A mean, a sum or a maximum over height and width, or over one of them."""
    x = image(draw, net, pooled_channels, 18)
    axes = draw(st.sampled_from(((1, 2), (2, 1), (-2, -3), (2,))))
    keep = draw(st.booleans())
    reduced = {axis % 4 for axis in axes}
    shape = [1 if a in reduced else n for a, n in enumerate(x.shape) if keep or a not in reduced]
    opcode = draw(st.sampled_from(("MEAN", "MEAN", "SUM", "REDUCE_MAX")))
    if opcode == "REDUCE_MAX":
        output = net.tensor(shape, x.scale, x.zero_point)
    else:
        output = net.tensor(shape, x.scale * draw(st.floats(0.1, 4.0)), net.zero_point(draw))
    inputs = [x.index, net.constant(np.array(axes, np.int32), "int32")]
    net.builder.add_operator(opcode, inputs, [output.index], keep_dims=keep)
    return output


def _activation(draw: st.DrawFn, net: Network, scale: float) -> tuple[str, int]:
    """A fused activation and an output zero point: mostly such that the range is all of int8."""
    kind = net.rng.choice(("NONE", "NONE", "NONE", "RELU", "RELU", "any"))  # evenly, which draw() is not
    if kind == "any":
        return net.activation(draw, scale), net.zero_point(draw)
    return kind, -128 if kind == "RELU" else net.zero_point(draw)


def _apply(
    draw: st.DrawFn, net: Network, opcode: str, x: Activation, weights: np.ndarray, chosen: Window, **options: int
) -> Activation:
    axis = 0 if opcode == "CONV_2D" else 3
    x, chosen = sometimes_padded(net, x, weights.shape[1:3], chosen)
    channels = weights.shape[axis]
    kernel = weights.shape[1:3]
    scale = float(np.float32(draw(st.floats(1e-3, 0.2))))
    spread = net.rng.uniform(0.1, 1, channels if draw(st.booleans()) else 1)
    spread[0] = 1.0
    inputs = _weights_and_biases(draw, net, x, weights, axis, [float(s) for s in np.float32(scale * spread)])
    output_scale = net.output_scale(draw, x.scale * scale, weights.size // channels)
    activation, zero_point = _activation(draw, net, output_scale)
    output = net.tensor((x.shape[0], *window_output(x.shape[1:3], kernel, chosen), channels), output_scale, zero_point)
    net.builder.add_operator(
        opcode,
        inputs,
        [output.index],
        fused_activation_function=activation,
        padding=chosen.padding.name,
        stride_h=chosen.stride[0],
        stride_w=chosen.stride[1],
        dilation_h_factor=chosen.dilation[0],
        dilation_w_factor=chosen.dilation[1],
        **options,
    )
    return output


def _weights_and_biases(
    draw: st.DrawFn, net: Network, x: Activation, weights: np.ndarray, axis: int, scales: list[float]
) -> list[int]:
    channels = weights.shape[axis]
    if net.trained:
        return _trained(draw, net, x, weights, axis, scales)
    if draw(st.integers(0, 7)) == 7:
        weights.reshape(-1)[net.rng.integers(weights.size)] = -128
    inputs = [x.index, net.constant(weights, "int8", scales, axis)]
    if draw(st.booleans()):
        biases = net.biases(channels, weights.size // channels)
        return [*inputs, net.constant(biases, "int32", [x.scale * s for s in scales])]
    return inputs


def _trained(
    draw: st.DrawFn, net: Network, x: Activation, weights: np.ndarray, axis: int, scales: list[float]
) -> list[int]:
    biases = net.biases(weights.shape[axis], 1) if draw(st.booleans()) else None
    weights, scales, biases = left_by_training(net.rng, weights, axis, scales, biases)
    bias = net.constant(biases, "int32", [x.scale * s for s in scales])
    return [x.index, net.constant(weights, "int8", scales, axis), bias]

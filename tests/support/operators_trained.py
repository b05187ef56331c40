"""Networks and layers whose channels are as training leaves them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from hypothesis import strategies as st

from boardproof.model.graph import Padding, Window
from boardproof.model.shapes.graph import window_output
from support import operators_dsp, operators_other, operators_products, operators_unary, operators_windows
from support.flatbuffer_models import ModelBuilder
from support.network import Network
from support.trained import left_by_training

if TYPE_CHECKING:
    from support.network import Activation

LARGEST_GROWING = 6
"""Pixels of an image's side that a transposed convolution may still make longer."""


def _layer(draw: st.DrawFn, net: Network, x: Activation) -> Activation:
    """A convolution of many channels, or a depthwise one."""
    stride = int(net.rng.integers(1, 3))
    if x.shape[3] >= 8 and draw(st.booleans()):
        return operators_dsp.depthwise_of(draw, net, x, (3, 3), Window(Padding.SAME, (stride, stride)))
    kernel, stride = draw(st.sampled_from((((1, 1), 1), ((1, 1), 1), ((3, 3), stride))))
    channels = draw(st.sampled_from((12, 16, 24)))
    return operators_dsp.convolution(draw, net, x, kernel, Window(Padding.SAME, (stride, stride)), channels)


def _transposed(draw: st.DrawFn, net: Network, x: Activation) -> Activation:
    """A transposed convolution of an image that may still grow."""
    return operators_products.transpose_conv(draw, net, x) if max(x.shape[1:3]) <= LARGEST_GROWING else x


BETWEEN = (
    *(_transposed,) * 2,
    *(_layer,) * 8,
    *(operators_dsp.block,) * 2,
    operators_windows.conv2d,
    operators_windows.depthwise_conv2d,
    operators_other.requantize,
    operators_unary.unary("RELU"),
    operators_unary.unary("RELU6"),
)


@st.composite
def chains(draw: st.DrawFn) -> Network:
    """An image, layers and functions one after another, perhaps twice the same tensor, one output."""
    net = Network(draw(st.integers(0, 2**32)), lively=True, trained=True)
    x = operators_dsp.image(draw, net, st.sampled_from((3, 4, 8)), 9)  # one image: the layers take no more
    for _ in range(draw(st.integers(2, 6))):
        operator = draw(st.sampled_from(BETWEEN))
        operator = _layer if operator is operators_dsp.block and x.shape[3] % 4 else operator
        x = _pooled(draw, net, operator(draw, net, x))
    x = _flat(draw, net, x)
    for _ in range(draw(st.integers(1, 2))):
        x = operators_windows.fully_connected(draw, net, x)
    net.outputs = [x.index]
    return net


def _pooled(draw: st.DrawFn, net: Network, x: Activation) -> Activation:
    """Now and then a pool or a border around it."""
    kind = draw(st.sampled_from(("", "", "pool", "pad")))
    if kind == "pool" and min(x.shape[1:3]) > 1:
        output = net.tensor((x.shape[0], x.shape[1] // 2, x.shape[2] // 2, x.shape[3]), x.scale, x.zero_point)
        opcode = draw(st.sampled_from(("AVERAGE_POOL_2D", "MAX_POOL_2D")))
        options = {"filter_height": 2, "filter_width": 2, "stride_h": 2, "stride_w": 2, "padding": "VALID"}
        net.builder.add_operator(opcode, [x.index], [output.index], **options)
        return output
    if kind == "pad" and x.shape[1] < 12:
        output = net.tensor((x.shape[0], x.shape[1] + 1, x.shape[2] + 2, x.shape[3]), x.scale, x.zero_point)
        border = net.constant(np.array([(0, 0), (1, 0), (1, 1), (0, 0)], np.int32), "int32")
        net.builder.add_operator("PAD", [x.index, border], [output.index])
        return output
    return x


def _flat(draw: st.DrawFn, net: Network, x: Activation) -> Activation:
    """[N, C], of the mean or of all pixels."""
    if draw(st.booleans()):
        output = net.tensor((x.shape[0], x.shape[3]), x.scale, x.zero_point)
        axes = net.constant(np.array((1, 2), np.int32), "int32")
        net.builder.add_operator("MEAN", [x.index, axes], [output.index], keep_dims=False)
        return output
    shape = (x.shape[0], int(np.prod(x.shape[1:])))
    output = net.tensor(shape, x.scale, x.zero_point)
    new_shape = net.constant(np.array(shape, np.int32), "int32")
    net.builder.add_operator("RESHAPE", [x.index, new_shape], [output.index], new_shape=list(shape))
    return output


def single_layer(
    seed: int,
    layer: tuple[str, tuple[int, int, int], tuple[int, int], int, int],
    activation: str,
    kinds: tuple[str, ...] = (),
) -> bytes:
    """A layer with weights about as large as trained ones.

    Args:
        seed: Of the numbers.
        layer: Operator, height, width and channels of its input, kernel, output channels, stride.
        activation: Its fused activation.
        kinds: What happened to some channels, of `KINDS`; the others are the same whatever this is.
    """
    opcode, shape, kernel, channels, stride = layer
    rng, net = np.random.default_rng(seed), ModelBuilder()
    depthwise = opcode == "DEPTHWISE_CONV_2D"
    form, axis = ((1, *kernel, shape[2]), 3) if depthwise else ((channels, *kernel, shape[2]), 0)
    weights = np.clip(rng.normal(0, 40, form), -127, 127).round().astype(np.int8)
    count, depth = form[axis], weights.size // form[axis]
    scales = [float(s) for s in np.float32(0.01 * rng.uniform(0.3, 1, count))]
    biases = rng.integers(-2000, 2000, count)
    zero_points = int(rng.integers(-128, 20)), -128 if activation == "RELU" else int(rng.integers(-20, 20))
    if kinds:
        weights, scales, biases = left_by_training(rng, weights, axis, scales, biases, kinds)
    window = Window(Padding.SAME, (stride, stride))
    x = net.add_tensor((1, *shape), scale=0.05, zero_point=zero_points[0])
    w = net.add_tensor(form, scale=scales, axis=axis, data=weights)
    b = net.add_tensor((count,), "int32", scale=[0.05 * s for s in scales], data=biases.astype(np.int32))
    y_scale = float(np.float32(0.05 * 0.01 * 40 * 75 * depth**0.5 / 60))
    transposed = opcode == "TRANSPOSE_CONV"
    size = [n * stride for n in shape[:2]] if transposed else window_output(shape[:2], kernel, window)
    y = net.add_tensor((1, *size, count), scale=y_scale, zero_point=zero_points[1])
    options = {"padding": "SAME", "stride_h": stride, "stride_w": stride, "fused_activation_function": activation}
    inputs = [x, w, b]
    if transposed:
        inputs = [net.add_tensor((4,), "int32", data=np.array((1, *size, count), np.int32)), w, x, b]
    net.add_operator(opcode, inputs, [y], **options | ({"depth_multiplier": 1} if depthwise else {}))
    return net.build([x], [y])

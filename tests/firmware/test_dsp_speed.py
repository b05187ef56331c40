"""Instructions that the _dsp kernels take on QEMU's Cortex-M4, per multiply-accumulate, all included.

Counts are exact and repeatable, so the bounds are a few percent above what was measured with arm-none-eabi-gcc 12.2
-O2; docs/kernels.md has the figures. They are there to notice a slow path being taken.
"""

from __future__ import annotations

import numpy as np
import pytest

from boardproof.model.graph import Padding, Window
from boardproof.model.shapes.graph import window_output
from support.dsp import run_on_board
from support.network import Network

pytestmark = pytest.mark.qemu

# operator, input [H, W, C], output channels, kernel, stride, most instructions per multiply-accumulate
CONVOLUTIONS = (
    ("CONV_2D", (25, 5, 64), 64, (1, 1), 1, 0.90),
    ("CONV_2D", (6, 6, 128), 128, (1, 1), 1, 0.85),
    ("CONV_2D", (48, 48, 8), 16, (1, 1), 1, 1.80),
    ("CONV_2D", (32, 32, 16), 16, (3, 3), 1, 0.88),
    ("CONV_2D", (32, 32, 16), 32, (3, 3), 2, 0.90),
    ("CONV_2D", (16, 16, 32), 32, (3, 3), 1, 0.84),
    ("CONV_2D", (8, 8, 64), 64, (3, 3), 1, 0.81),
    ("CONV_2D", (32, 32, 3), 16, (3, 3), 1, 1.27),
    ("CONV_2D", (48, 48, 3), 8, (3, 3), 2, 1.70),
    ("CONV_2D", (49, 10, 1), 64, (10, 4), 2, 1.01),
    ("DEPTHWISE_CONV_2D", (25, 5, 64), 64, (3, 3), 1, 2.40),
    ("DEPTHWISE_CONV_2D", (48, 48, 8), 8, (3, 3), 1, 2.10),
    ("DEPTHWISE_CONV_2D", (24, 24, 10), 10, (3, 3), 1, 2.60),
    ("DEPTHWISE_CONV_2D", (48, 48, 16), 16, (3, 3), 2, 3.05),
    ("DEPTHWISE_CONV_2D", (12, 12, 128), 128, (3, 3), 2, 3.60),
    ("DEPTHWISE_CONV_2D", (6, 6, 128), 128, (3, 3), 1, 2.85),
    ("DEPTHWISE_CONV_2D", (3, 3, 256), 256, (3, 3), 1, 3.55),
    ("DEPTHWISE_CONV_2D", (12, 12, 64), 64, (5, 5), 1, 2.35),
    ("DEPTHWISE_CONV_2D", (20, 20, 3), 3, (3, 3), 1, 2.60),
    ("CONV_2D", (48, 48, 1), 4, (3, 3), 1, 2.70),
    ("CONV_2D", (20, 20, 16), 3, (1, 1), 1, 2.70),
    ("FULLY_CONNECTED", (1, 1, 640), 128, (1, 1), 1, 1.00),
    ("FULLY_CONNECTED", (1, 1, 128), 128, (1, 1), 1, 1.05),
)


def add_convolution(net, opcode, shape, channels, kernel, stride):
    """A layer with weights as trained ones are distributed, and a RELU; returns its multiply-accumulates."""
    depth = shape[2] if opcode != "DEPTHWISE_CONV_2D" else 1
    inputs = depth * kernel[0] * kernel[1]
    weights = np.clip(np.round(net.rng.normal(0, 35, (channels, *kernel, depth))), -127, 127).astype(np.int8)
    scales = [float(s) for s in np.float32(0.01 * net.rng.uniform(0.3, 1, channels))]
    output_scale = float(np.float32(0.05 * 0.01 * 35 * 75 * inputs**0.5 / 60))
    if opcode == "FULLY_CONNECTED":
        x = net.input((1, depth), 0.05, -128)
        y = net.tensor((1, channels), output_scale, -128)
        ids = [x.index, net.constant(weights.reshape(channels, depth), "int8", scales[:1]), -1]
        net.builder.add_operator(opcode, ids, [y.index], fused_activation_function="RELU")
    else:
        window = Window(Padding.SAME, (stride, stride))
        x = net.input((1, *shape), 0.05, -128)
        y = net.tensor((1, *window_output(shape[:2], kernel, window), channels), output_scale, -128)
        depthwise = opcode == "DEPTHWISE_CONV_2D"
        filters = weights.transpose(3, 1, 2, 0) if depthwise else weights
        ids = [x.index, net.constant(np.ascontiguousarray(filters), "int8", scales, 3 if depthwise else 0)]
        options = {"depth_multiplier": 1} if depthwise else {}
        options |= {"padding": "SAME", "stride_h": stride, "stride_w": stride}
        net.builder.add_operator(opcode, ids, [y.index], fused_activation_function="RELU", **options)
    net.outputs.append(y.index)
    return int(np.prod(y.shape)) * inputs


def test_instructions_per_multiply_accumulate(dsp_on_board, tmp_path):
    net = Network(1)
    macs = [add_convolution(net, *layer[:5]) for layer in CONVOLUTIONS]
    run = run_on_board(net.build(), net.vectors(2), dsp_on_board, tmp_path)
    assert run.wrong == 0
    rates = [ticks / count for ticks, count in zip(run.ticks, macs, strict=True)]
    too_slow = [(layer, round(rate, 3)) for layer, rate in zip(CONVOLUTIONS, rates, strict=True) if rate > layer[5]]
    assert too_slow == []


# input [H, W, C], output channels, kernel, stride, most instructions per multiply-accumulate
TRANSPOSED = (
    ((8, 8, 32), 16, 2, 2, 1.03),
    ((7, 7, 64), 32, 3, 2, 0.99),
    ((8, 8, 16), 16, 3, 2, 1.20),
    ((8, 8, 16), 8, 4, 2, 1.10),
    ((16, 16, 16), 16, 3, 1, 0.88),
)
# rows, depth, columns, whether the right matrix is transposed, most instructions per multiply-accumulate
PRODUCTS = (
    (32, 32, 32, True, 1.22),
    (49, 24, 49, True, 1.40),
    (49, 49, 24, False, 1.28),
    (64, 16, 64, True, 1.37),
)


def add_transposed(net, shape, channels, kernel, stride):
    """A transposed convolution like the layers above."""
    inputs = shape[2] * kernel**2 // stride**2
    weights = np.clip(np.round(net.rng.normal(0, 35, (channels, kernel, kernel, shape[2]))), -127, 127).astype(np.int8)
    scales = [float(s) for s in np.float32(0.01 * net.rng.uniform(0.3, 1, channels))]
    size = (1, shape[0] * stride, shape[1] * stride, channels)
    x = net.input((1, *shape), 0.05, -128)
    y = net.tensor(size, float(np.float32(0.05 * 0.01 * 35 * 75 * inputs**0.5 / 60)), -128)
    ids = [net.constant(np.array(size, np.int32), "int32"), net.constant(weights, "int8", scales), x.index]
    options = {"padding": "SAME", "stride_h": stride, "stride_w": stride, "fused_activation_function": "RELU"}
    net.builder.add_operator("TRANSPOSE_CONV", ids, [y.index], **options)
    net.outputs.append(y.index)
    return shape[0] * shape[1] * weights.size


def add_product(net, rows, depth, columns, transposed):
    """A product of two matrices that are both computed."""
    left = net.input((1, rows, depth), 0.05, 3)
    right = net.input((1, columns, depth) if transposed else (1, depth, columns), 0.03, -7)
    y = net.tensor((1, rows, columns), float(np.float32(0.05 * 0.03 * 74**2 * depth**0.5 / 60)), 5)
    net.builder.add_operator("BATCH_MATMUL", [left.index, right.index], [y.index], adj_x=False, adj_y=transposed)
    net.outputs.append(y.index)
    return rows * depth * columns


def test_instructions_of_transposed_convolutions_and_products(dsp_on_board, tmp_path):
    net = Network(3)
    macs = [add_transposed(net, *layer[:4]) for layer in TRANSPOSED]
    macs += [add_product(net, *product[:4]) for product in PRODUCTS]
    run = run_on_board(net.build(), net.vectors(2), dsp_on_board, tmp_path)
    assert run.wrong == 0
    cases = zip((*TRANSPOSED, *PRODUCTS), run.ticks, macs, strict=True)
    assert [(layer, ticks / count) for layer, ticks, count in cases if ticks > layer[4] * count] == []


def test_instructions_per_element(dsp_on_board, tmp_path):
    net = Network(2)
    for scales in ((0.0394, 0.1042, 0.051), (0.04, 0.1, 0.08)):  # the second pair has no linear form
        summands = [net.input((1, 32, 32, 16), scale, zp) for scale, zp in zip(scales, (-128, 4), strict=False)]
        total = net.tensor((1, 32, 32, 16), scales[2], -128)
        ids = [summand.index for summand in summands]
        net.builder.add_operator("ADD", ids, [total.index], fused_activation_function="RELU")
        net.outputs.append(total.index)
    image, pooled = net.input((1, 25, 5, 64), 0.05, -128), net.tensor((1, 1, 1, 64), 0.05, -128)
    options = {"filter_height": 25, "filter_width": 5, "stride_h": 25, "stride_w": 5, "padding": "VALID"}
    net.builder.add_operator("AVERAGE_POOL_2D", [image.index], [pooled.index], **options)
    net.outputs.append(pooled.index)
    image, halved = net.input((1, 16, 16, 16), 0.05, -128), net.tensor((1, 8, 8, 16), 0.05, -128)
    options = {"filter_height": 2, "filter_width": 2, "stride_h": 2, "stride_w": 2, "padding": "VALID"}
    net.builder.add_operator("AVERAGE_POOL_2D", [image.index], [halved.index], **options)
    net.outputs.append(halved.index)
    run = run_on_board(net.build(), net.vectors(2), dsp_on_board, tmp_path)
    assert run.wrong == 0
    assert run.ticks[0] <= 8.5 * 32 * 32 * 16
    assert run.ticks[1] <= 13.0 * 32 * 32 * 16
    assert run.ticks[2] <= 1.75 * 25 * 5 * 64
    assert run.ticks[3] <= 2.4 * 16 * 16 * 16


# type, operator, input [H, W, C], output channels, kernel, most instructions per multiply-accumulate
OTHER_TYPES = (
    ("float32", "CONV_2D", (14, 14, 8), 16, (3, 3), 2.70),
    ("float32", "CONV_2D", (28, 28, 1), 8, (3, 3), 5.25),
    ("float32", "DEPTHWISE_CONV_2D", (25, 5, 16), 16, (3, 3), 5.85),
    ("float32", "DEPTHWISE_CONV_2D", (20, 20, 3), 3, (3, 3), 9.10),
    ("int16", "DEPTHWISE_CONV_2D", (25, 5, 64), 64, (3, 3), 5.30),
    ("int16", "DEPTHWISE_CONV_2D", (12, 12, 10), 10, (3, 3), 7.30),
)


def add_of_type(net, dtype, opcode, shape, channels, kernel):
    """A layer with a RELU whose window is padded; returns its multiply-accumulates."""
    depthwise = opcode == "DEPTHWISE_CONV_2D"
    depth = 1 if depthwise else shape[2]
    filters = (1, *kernel, channels) if depthwise else (channels, *kernel, depth)
    x = net.input((1, *shape), 0.001, 0, dtype)
    y = net.tensor((1, *shape[:2], channels), 0.002, 0, dtype)
    if dtype == "float32":
        ids = [
            x.index,
            *(net.constant(net.rng.normal(0, 1, shape).astype("f4"), dtype) for shape in (filters, (channels,))),
        ]
    else:
        weights, scales = net.rng.integers(-127, 128, filters).astype(np.int8), [0.005] * channels
        bias = net.constant(np.zeros(channels, np.int64), "int64", [0.001 * scale for scale in scales])
        ids = [x.index, net.constant(weights, "int8", scales, 3 if depthwise else 0), bias]
    options = {"padding": "SAME", "stride_h": 1, "stride_w": 1, **({"depth_multiplier": 1} if depthwise else {})}
    net.builder.add_operator(opcode, ids, [y.index], fused_activation_function="RELU", **options)
    net.outputs.append(y.index)
    return int(np.prod(y.shape)) * depth * kernel[0] * kernel[1]


def test_instructions_of_floats_and_int16(dsp_on_board, tmp_path):
    net = Network(4)
    macs = [add_of_type(net, *layer[:5]) for layer in OTHER_TYPES]
    run = run_on_board(net.build(), net.vectors(2), dsp_on_board, tmp_path)
    assert run.wrong == 0
    cases = zip(OTHER_TYPES, run.ticks, macs, strict=True)
    assert [(layer, ticks / count) for layer, ticks, count in cases if ticks > layer[5] * count] == []


# operator, both inputs' shapes, most instructions per output
PAIRS = (
    ("MUL", (1, 16, 16, 16), (1, 16, 16, 16), 12.5),
    ("MUL", (1, 16, 16, 16), (1, 1, 1, 16), 15.5),
    ("SUB", (1, 16, 16, 16), (1, 16, 16, 1), 9.5),
    ("SQUARED_DIFFERENCE", (1, 32, 48), (1, 32, 1), 10.5),
    ("PRELU", (1, 16, 16, 16), (1, 1, 16), 15.0),
)


def test_instructions_per_pair(dsp_on_board, tmp_path):
    net = Network(3)
    for opcode, first, second, _ in PAIRS:
        x, y, result = net.input(first, 0.04, 3), net.input(second, 0.03, -5), net.tensor(first, 0.05, 4)
        net.builder.add_operator(opcode, [x.index, y.index], [result.index])
        net.outputs.append(result.index)
    x, result = net.input((1, 32, 48), 0.04, 3), net.tensor((1, 32, 1), 0.02, 3)
    axes = net.constant(np.array([2], np.int32), "int32")
    net.builder.add_operator("MEAN", [x.index, axes], [result.index], keep_dims=True)
    net.outputs.append(result.index)
    run = run_on_board(net.build(), net.vectors(2), dsp_on_board, tmp_path)
    assert run.wrong == 0
    rates = [ticks / np.prod(pair[1]) for pair, ticks in zip(PAIRS, run.ticks, strict=False)]
    assert [(pair, rate) for pair, rate in zip(PAIRS, rates, strict=True) if rate > pair[3]] == []
    assert run.ticks[-1] <= 3.0 * 32 * 48

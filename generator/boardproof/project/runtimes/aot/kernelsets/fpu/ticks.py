"""Instructions that the float convolutions take, about: by blocks, fitted to what QEMU counts of single layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boardproof.project.runtimes.aot.kernelsets.blocks import PIXELS, runs_of
from boardproof.project.runtimes.aot.overlap import padding_before

if TYPE_CHECKING:
    from boardproof.model.graph import Conv2D, DepthwiseConv2D, Graph, Window

CHANNELS = 4
"""Of a block, and outputs that a depthwise convolution computes together."""


def convolution_ticks(op: Conv2D, graph: Graph, *, limited: bool) -> int:
    """Of nn_conv2d_f32_fpu; `limited`: whether outputs are clamped one by one."""
    data, weights, output = (graph.tensors[i] for i in (*op.inputs[:2], op.output))
    groups = data.shape[3] // weights.shape[3]
    channels, depth = output.shape[3] // groups, weights.elements // weights.shape[0]
    pieces = weights.shape[1] * runs_of(op, graph)[0]
    blocks = data.shape[0] * groups * -(-output.shape[1] * output.shape[2] // PIXELS)
    in_row, at_border = _shares(op.window, data.shape, weights.shape, output.shape)
    layout = in_row * (8 * depth + 20 * pieces) + (1 - in_row) * PIXELS * (6 * depth + 20 * pieces + 90)
    product = 170 + -(-channels // CHANNELS) * (100 + 34.5 * depth)
    apart = PIXELS * (15 + 6 * channels) if channels % CHANNELS else 0
    return round(blocks * (layout + 180 * at_border + product + apart + limited * (120 + 6.5 * PIXELS * channels)))


def _shares(
    window: Window, data: tuple[int, ...], weights: tuple[int, ...], output: tuple[int, ...]
) -> tuple[float, float]:
    """Of an image's blocks, those in one row of outputs, and those of them that reach beyond its left or right end."""
    pad = padding_before((data[1], data[2]), (weights[1], weights[2]), window)[1]
    first = np.arange(0, output[1] * output[2], PIXELS) % output[2]
    left = first * window.stride[1] - pad
    right = left + (PIXELS - 1) * window.stride[1] + (weights[2] - 1) * window.dilation[1]
    in_row = first + PIXELS <= output[2]
    return float(np.mean(in_row)), float(np.mean(in_row & ((left < 0) | (right >= data[2]))))


def depthwise_ticks(op: DepthwiseConv2D, graph: Graph, together: int, *, limited: bool) -> int:
    """Of nn_depthwise_conv2d_f32_fpu, so many pixels together where their windows are inside."""
    weights, output = (graph.tensors[i] for i in (op.inputs[1], op.output))
    outputs, taps = output.shape[3], weights.shape[1] * weights.shape[2]
    four = 55 + 12.5 * taps + 26 * limited
    if op.depth_multiplier > 1 or outputs < CHANNELS:
        four = 200 + 24 * taps
    alone = 115 + -(-outputs // CHANNELS) * four
    pixels = output.elements // outputs
    if together == 1:
        return round(pixels * alone)
    width = output.shape[2]
    inside = max(width - weights.shape[2] + 1, 0) // together * together / width
    wide = 115 + together * outputs / CHANNELS * (55 + 12.5 * taps + 26 * limited)
    return round(pixels * (inside * wide / together + (1 - inside) * alone))

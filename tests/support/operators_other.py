"""Random operators without weights, for `support.network`."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import strategies as st

from support.moved import EVERY_TYPE, data, like

if TYPE_CHECKING:
    from support.network import Activation, Network

SOFTMAX_DEPTH = 500
"""With a few more classes of one value tflite_micro aborts: the sum's exponent does not fit."""

PAD_RANK = 5

shapes = st.lists(st.integers(1, 4), min_size=1, max_size=6).map(tuple)


def any_tensor(draw: st.DrawFn, net: Network) -> Activation:
    return net.input(draw(shapes), net.scale(draw, 0.05), net.zero_point(draw))


def pad(draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    x = x or net.input(draw(shapes)[:PAD_RANK], net.scale(draw, 0.05), net.zero_point(draw))
    paddings = [(draw(st.integers(0, 3)), draw(st.integers(0, 3))) for _ in x.shape]
    shape = [before + n + after for n, (before, after) in zip(x.shape, paddings, strict=True)]
    output = net.tensor(shape, x.scale, x.zero_point)
    net.builder.add_operator("PAD", [x.index, net.constant(np.array(paddings, np.int32), "int32")], [output.index])
    return output


def reshape(draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    source = data(draw, net, x, EVERY_TYPE, (1, 6), 4)
    size = prod(source.shape)
    first = draw(st.sampled_from([n for n in range(1, size + 1) if size % n == 0]))
    shape = draw(st.sampled_from(((size,), (first, size // first), (1, first, 1, size // first))))
    output = like(net, source, shape)
    new_shape = net.constant(np.array(shape, np.int32), "int32")
    net.builder.add_operator("RESHAPE", [source.tensor.index, new_shape], [output.index], new_shape=list(shape))
    return output


def softmax(draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    if x is None:
        shape = (*draw(st.lists(st.integers(1, 3), max_size=3)), draw(st.integers(1, 50)))
        x = net.input(shape, net.scale(draw, 0.05), net.zero_point(draw))
    if x.shape[-1] > SOFTMAX_DEPTH:
        return logistic(draw, net, x)
    output = net.tensor(x.shape, 1 / 256, -128)
    net.builder.add_operator("SOFTMAX", [x.index], [output.index], beta=draw(st.sampled_from((1.0, 0.3, 2.5))))
    return output


def _unary(net: Network, opcode: str, x: Activation, scale: float, zero_point: int) -> Activation:
    output = net.tensor(x.shape, scale, zero_point)
    net.builder.add_operator(opcode, [x.index], [output.index])
    return output


def logistic(draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    return _unary(net, "LOGISTIC", x or any_tensor(draw, net), 1 / 256, -128)


def requantize(draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    x = x or any_tensor(draw, net)
    if draw(st.booleans()):
        return _unary(net, "QUANTIZE", x, x.scale, x.zero_point)
    return _unary(net, "QUANTIZE", x, net.scale(draw, x.scale), net.zero_point(draw))


def quantize_float(draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    x = net.input(draw(shapes), 0.0, 0, "float32")
    return _unary(net, "QUANTIZE", x, draw(st.sampled_from((0.5, 1.0, 0.1, 3.7))), net.zero_point(draw))


def quantize_bytes(draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    """uint8 to int8 and back, as models with uint8 inputs or outputs have it."""
    shape, scale = draw(shapes), net.scale(draw, 0.05)
    other = draw(st.sampled_from((scale, 0.7 * scale)))
    unsigned, signed = draw(st.integers(0, 255)), net.zero_point(draw)
    aligned = draw(st.booleans())
    if draw(st.booleans()):
        x = net.input(shape, scale, unsigned, "uint8")
        output = net.tensor(shape, other, unsigned - 128 if aligned else signed)
    else:
        x = net.input(shape, scale, signed)
        output = net.tensor(shape, other, signed + 128 if aligned else unsigned, "uint8")
    net.builder.add_operator("QUANTIZE", [x.index], [output.index])
    return output


def dequantize(draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    if x is None and draw(st.booleans()):
        x = net.input(draw(shapes), net.scale(draw, 0.05), draw(st.integers(0, 255)), "uint8")
    x = x or any_tensor(draw, net)
    output = net.tensor(x.shape, 0.0, 0, "float32")
    net.builder.add_operator("DEQUANTIZE", [x.index], [output.index])
    return output

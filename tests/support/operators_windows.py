"""Random operators with weights, for `support.network`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import strategies as st

from boardproof.model.graph import Padding, Window
from boardproof.model.shapes.graph import window_output
from support.trained import left_by_training

if TYPE_CHECKING:
    from support.network import Activation, Network

small = st.integers(1, 5)


@dataclass(frozen=True)
class Weights:
    """A constant: values, type, and the axis of its output channels."""

    values: np.ndarray
    dtype: str
    axis: int

    @property
    def channels(self) -> int:
        return self.values.shape[self.axis]

    @property
    def depth(self) -> int:
        """How many products make a sum."""
        return self.values.size // self.channels


def image(draw: st.DrawFn, net: Network, largest: int = 9) -> Activation:
    """A network input [N, H, W, C]."""
    size = st.integers(1, largest)
    return net.input(
        (draw(st.integers(1, 2)), draw(size), draw(size), draw(small)), net.scale(draw, 0.05), net.zero_point(draw)
    )


def window(draw: st.DrawFn, size: tuple[int, int], *, dilated: bool = True) -> tuple[tuple[int, int], Window]:
    """A kernel size and a window that fit an image."""
    padding = draw(st.sampled_from(Padding))
    kernel, dilation = [], []
    for length in size:
        limit = length if padding is Padding.VALID else 5
        k = draw(st.integers(1, min(5, limit)))
        d = draw(st.integers(1, min(3, (limit - 1) // (k - 1) if k > 1 and padding is Padding.VALID else 3)))
        kernel.append(k)
        dilation.append(d if dilated else 1)
    stride = (draw(st.integers(1, 3)), draw(st.integers(1, 3)))
    return (kernel[0], kernel[1]), Window(padding, stride, (dilation[0], dilation[1]))


def window_options(chosen: Window, *, dilated: bool = True) -> dict[str, object]:
    options: dict[str, object] = {
        "padding": chosen.padding.name,
        "stride_h": chosen.stride[0],
        "stride_w": chosen.stride[1],
    }
    if dilated:
        options |= {"dilation_h_factor": chosen.dilation[0], "dilation_w_factor": chosen.dilation[1]}
    return options


def sometimes_padded(net: Network, x: Activation, kernel: tuple[int, int], chosen: Window) -> tuple[Activation, Window]:
    """The input and the window of a convolution; one in four has a PAD before it instead of padding of its own.

    Mostly such that the convolution can take it over; now and then a row or column too many.
    """
    spans = [(k - 1) * d for k, d in zip(kernel, chosen.dilation, strict=True)]
    border = [tuple(map(int, net.rng.integers(0, span + 1 + (net.rng.random() < 0.1), 2))) for span in spans]
    size = [n + sum(sides) for n, sides in zip(x.shape[1:3], border, strict=True)]
    if net.rng.random() < 0.75 or any(n <= span for n, span in zip(size, spans, strict=True)):
        return x, chosen
    padded = net.tensor((x.shape[0], *size, x.shape[3]), x.scale, x.zero_point)
    amounts = np.array([(0, 0), *border, (0, 0)], np.int32)
    net.builder.add_operator("PAD", [x.index, net.constant(amounts, "int32")], [padded.index])
    return padded, replace(chosen, padding=Padding.VALID)


def conv2d(draw: st.DrawFn, net: Network, x: Activation | None = None, *, weights_dtype: str = "int8") -> Activation:
    x = x or image(draw, net)
    kernel, chosen = window(draw, x.shape[1:3])
    groups = draw(st.sampled_from([g for g in range(1, x.shape[3] + 1) if x.shape[3] % g == 0]))
    channels = groups * draw(small)
    depth = x.shape[3] // groups
    weights = Weights(net.weights((channels, *kernel, depth), weights_dtype), weights_dtype, 0)
    return _apply(draw, net, x, weights, opcode="CONV_2D", chosen=chosen)


def depthwise_conv2d(
    draw: st.DrawFn, net: Network, x: Activation | None = None, *, weights_dtype: str = "int8"
) -> Activation:
    x = x or image(draw, net)
    kernel, chosen = window(draw, x.shape[1:3])
    multiplier = draw(st.integers(1, 3))
    weights = Weights(net.weights((1, *kernel, x.shape[3] * multiplier), weights_dtype), weights_dtype, 3)
    return _apply(draw, net, x, weights, opcode="DEPTHWISE_CONV_2D", chosen=chosen, depth_multiplier=multiplier)


def _apply(
    draw: st.DrawFn,
    net: Network,
    x: Activation,
    weights: Weights,
    *,
    opcode: str,
    chosen: Window,
    **options: int,
) -> Activation:
    kernel = weights.values.shape[1:3]
    x, chosen = sometimes_padded(net, x, kernel, chosen)
    inputs, weight_scale = _constants(draw, net, x, weights)
    scale = net.output_scale(draw, x.scale * weight_scale, weights.depth)
    shape = (x.shape[0], *window_output((x.shape[1], x.shape[2]), kernel, chosen), weights.channels)
    output = net.tensor(shape, scale, net.zero_point(draw))
    net.builder.add_operator(
        opcode,
        inputs,
        [output.index],
        fused_activation_function=net.activation(draw, output.scale),
        **window_options(chosen),
        **options,
    )
    return output


def _constants(
    draw: st.DrawFn, net: Network, x: Activation, weights: Weights, *, per_channel: bool = True
) -> tuple[list[int], float]:
    """Input list with weights and perhaps biases, and the weights' largest scale."""
    scale = float(np.float32(draw(st.floats(1e-3, 0.2)) * (16 if weights.dtype == "int4" else 1)))
    spread = net.rng.uniform(0.1, 1, weights.channels if per_channel and draw(st.booleans()) else 1)
    spread[0] = 1.0
    weight_scales = [float(s) for s in np.float32(scale * spread)]
    if net.trained and per_channel and weights.dtype == "int8":
        biases = net.biases(weights.channels, 1) if draw(st.booleans()) else None
        values, weight_scales, biases = left_by_training(net.rng, weights.values, weights.axis, weight_scales, biases)
        filters = net.constant(values, weights.dtype, weight_scales, weights.axis)
        return [x.index, filters, net.constant(biases, "int32", [x.scale * s for s in weight_scales])], scale
    inputs = [x.index, net.constant(weights.values, weights.dtype, weight_scales, weights.axis)]
    if draw(st.booleans()):
        biases = net.biases(weights.channels, weights.depth)
        inputs.append(net.constant(biases, "int32", [x.scale * s for s in weight_scales]))
    return inputs, scale


def fully_connected(
    draw: st.DrawFn, net: Network, x: Activation | None = None, *, weights_dtype: str = "int8"
) -> Activation:
    if x is None:
        leading = draw(st.lists(st.integers(1, 3), min_size=0, max_size=2))
        x = net.input((*leading, draw(st.integers(1, 40))), net.scale(draw, 0.05), net.zero_point(draw))
    units, depth = draw(st.integers(1, 12)), x.shape[-1]
    weights = Weights(net.weights((units, depth), weights_dtype), weights_dtype, 0)
    # TFLM's int4 rows have one scale.
    inputs, weight_scale = _constants(draw, net, x, weights, per_channel=weights_dtype == "int8")
    keep = draw(st.booleans())
    rows = int(np.prod(x.shape[:-1]))
    shape = (*x.shape[:-1], units) if keep else (rows, units)
    output = net.tensor(shape, net.output_scale(draw, x.scale * weight_scale, depth), net.zero_point(draw))
    net.builder.add_operator(
        "FULLY_CONNECTED",
        inputs if len(inputs) == 3 else [*inputs, -1],
        [output.index],
        keep_num_dims=keep,
        fused_activation_function=net.activation(draw, output.scale),
    )
    return output


INT4_WEIGHTS = {
    f"{name} int4 weights": partial(operator, weights_dtype="int4")
    for name, operator in (
        ("CONV_2D", conv2d),
        ("DEPTHWISE_CONV_2D", depthwise_conv2d),
        ("FULLY_CONNECTED", fully_connected),
    )
}
"""By name."""

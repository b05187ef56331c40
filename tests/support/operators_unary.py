"""Random operators of one input that work element by element, and conversions, for `support.network`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import strategies as st

from boardproof.model.graph import Quantization
from boardproof.project.runtimes.aot.operators.elementwise.unary_tables import ELU_NUDGE, elu_table
from support.network import Activation
from support.operands import apply, constant, float32, operand, output, ratio, shapes, source, values

if TYPE_CHECKING:
    from collections.abc import Sequence

    from support.network import Network


def unary(opcode: str, dtype: str = "int8", **options: object) -> partial[Activation]:
    return partial(_unary, opcode, dtype, options)


def _unary(
    opcode: str,
    dtype: str,
    options: dict[str, object],
    draw: st.DrawFn,
    net: Network,
    x: Activation | None = None,
) -> Activation:
    x = x or source(draw, net, dtype)
    drawn = {name: draw(value) if isinstance(value, st.SearchStrategy) else value for name, value in options.items()}
    result = output(draw, net, x.shape, x.scale / ratio(draw, net), dtype)
    return apply(draw, net, opcode, [x], result, **drawn)


def hard_swish(draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    x = x or source(draw, net, "int8")
    result = output(draw, net, x.shape, x.scale / min(ratio(draw, net), 127.0), "int8")
    return apply(draw, net, "HARD_SWISH", [x], result)


def _depends_on_exp(source: Quantization, scale: float) -> bool:
    """Whether ELU's table is another one with another C library."""
    target = Quantization((scale,), (0,))
    least, most = (elu_table(source, target, nudge) for nudge in (-ELU_NUDGE, ELU_NUDGE))
    return bool((least != most).any())


def elu(draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    """With scales for which the result does not depend on the C library's exp, as nearly all are."""
    x = x or net.input(draw(shapes), float32(draw(st.floats(1e-3, 0.1))), net.zero_point(draw))
    source, scale = Quantization((x.scale,), (x.zero_point,)), float32(x.scale / draw(st.floats(0.3, 1.5)))
    while _depends_on_exp(source, scale):
        scale = float32(1.001 * scale)
    return apply(draw, net, "ELU", [x], output(draw, net, x.shape, scale, "int8"))


def choose(draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    """x where it is above some number, else something else of its quantization."""
    x = x or source(draw, net, "int8")
    if x.scale >= 1:  # TFLM compares no coarser numbers
        return unary("RELU")(draw, net, x)
    threshold = constant(net, values(net, (1,), "int8"), x.scale, x.zero_point)
    condition = net.tensor(x.shape, 0.0, 0, "bool")
    other = operand(draw, net, x, "int8", (x.scale, x.zero_point))
    apply(draw, net, draw(st.sampled_from(("GREATER", "LESS_EQUAL"))), [x, threshold], condition)
    shape = np.broadcast_shapes(x.shape, other.shape)
    return apply(draw, net, "SELECT_V2", [condition, x, other], net.tensor(shape, x.scale, x.zero_point))


def rsqrt_bytes(draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    """Of numbers that are not negative: the zero point is the smallest value."""
    x = net.input(draw(shapes), net.scale(draw, 0.05), -128)
    whole = draw(st.integers(1, 255))
    natural = 1 / (x.scale * whole) ** 0.5
    return apply(draw, net, "RSQRT", [x], output(draw, net, x.shape, natural / draw(st.floats(0.5, 127.5)), "int8"))


def rsqrt_int16(draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    """Of magnitudes."""
    x = source(draw, net, "int16")
    magnitude = apply(draw, net, "ABS", [x], net.tensor(x.shape, x.scale, 0, "int16"))
    whole = draw(st.integers(1, 32767))
    natural = 1 / (x.scale * whole) ** 0.5
    result = output(draw, net, x.shape, natural / draw(st.floats(0.5, 40000.0)), "int16")
    return apply(draw, net, "RSQRT", [magnitude], result)


def abs_integers(draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    """ABS of int16 without a scale."""
    shape = draw(shapes)
    x = net.input(shape, 1.0, 0, "int16")
    net.builder.subgraph.tensors[x.index].quantization = None
    return apply(draw, net, "ABS", [x], Activation(net.builder.add_tensor(shape, "int16"), shape, 0.0, 0))


def sigmoid(opcode: str) -> partial[Activation]:
    return partial(_sigmoid, opcode)


def _sigmoid(opcode: str, draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    """LOGISTIC or TANH of int16."""
    powers = st.sampled_from((2.0**-12, 2.0**-11, 2.0**-13, 2.0**-12 * 1.0005, 2.0**-15, 1.0))
    scale = draw(st.one_of(powers, st.floats(1e-6, 2.6)))
    x = net.input(draw(shapes), float32(scale), 0, "int16")
    return apply(draw, net, opcode, [x], net.tensor(x.shape, 2.0**-15, 0, "int16"))


def tanh(draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    x = x or source(draw, net, "int8")
    return apply(draw, net, "TANH", [x], net.tensor(x.shape, 1 / 128, 0))


def quantize(dtype: str, target: str) -> partial[Activation]:
    return partial(_quantize, dtype, target)


def _quantize(dtype: str, target: str, draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    scale = float32(draw(st.floats(1e-3, 1.0)))
    x = _with_scale(draw, net, draw(shapes), scale, dtype, is_input=True)
    factor = ratio(draw, net) if dtype != "float32" else 1.0
    result = _with_scale(draw, net, x.shape, float32(scale / factor), target, is_input=False)
    return apply(draw, net, "QUANTIZE", [x], result)


def _with_scale(
    draw: st.DrawFn, net: Network, shape: Sequence[int], scale: float, dtype: str, *, is_input: bool
) -> Activation:
    """A tensor with a scale even if it is int32."""
    zero_point = net.zero_point(draw) + (128 if dtype == "uint8" else 0) if dtype in {"int8", "uint8"} else 0
    tensor = net.input(shape, scale, zero_point, dtype) if is_input else net.tensor(shape, scale, zero_point, dtype)
    if dtype == "int32":
        parameters = net.builder.subgraph.tensors[net.tensor((1,), scale, 0, "int16").index].quantization
        net.builder.subgraph.tensors[tensor.index].quantization = parameters
    return tensor


def dequantize(draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    x = source(draw, net, "int16")
    return apply(draw, net, "DEQUANTIZE", [x], net.tensor(x.shape, 0.0, 0, "float32"))


CAST_TYPES = ("int8", "int16", "int32", "uint32", "bool", "float32")


def cast(draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    dtype, target = draw(st.sampled_from(CAST_TYPES)), draw(st.sampled_from(CAST_TYPES))
    x = net.input(draw(shapes), 0.1, 0, dtype)
    return apply(draw, net, "CAST", [x], net.tensor(x.shape, 0.1, 0, target))


alphas = st.one_of(st.floats(-2, 2), st.sampled_from((0.0, 0.1, 0.3, 1.0, 1e-9))).map(float32)

"""Random operators that work element by element, for `support.network`, made for a type: `binary("SUB", "int16")`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import strategies as st

from support.network import Activation
from support.operands import (
    FINEST_CLAMPED,
    PLAIN,
    apply,
    constant,
    float32,
    operand,
    output,
    quantization,
    ratio,
    shapes,
    source,
    values,
)
from support.operators_unary import (
    abs_integers,
    alphas,
    cast,
    dequantize,
    elu,
    hard_swish,
    quantize,
    rsqrt_bytes,
    rsqrt_int16,
    sigmoid,
    tanh,
    unary,
)

if TYPE_CHECKING:
    from support.network import Network


def binary(opcode: str, dtype: str = "int8") -> partial[Activation]:
    return partial(_binary, opcode, dtype)


def _binary(opcode: str, dtype: str, draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    x = x or source(draw, net, dtype)
    y = operand(draw, net, x, dtype, _second_scale(draw, net, x, dtype))
    pair = [x, y] if draw(st.booleans()) else [y, x]
    if draw(st.integers(0, 9)) == 0:
        pair = [x, x]
    shape = np.broadcast_shapes(pair[0].shape, pair[1].shape)
    scale, options = _natural(opcode, dtype, *pair) / ratio(draw, net), {}
    if opcode in {"ADD", "SUB", "MUL", "DIV"} and (opcode, dtype) != ("ADD", "int32"):
        activation = net.activation(draw)
        options["fused_activation_function"] = activation
        scale = scale if activation == "NONE" else max(scale, FINEST_CLAMPED)
    return apply(draw, net, opcode, pair, output(draw, net, shape, scale, dtype), **options)


def _second_scale(draw: st.DrawFn, net: Network, x: Activation, dtype: str) -> tuple[float, int]:
    scale, zero_point = quantization(draw, net, dtype, x.scale)
    if dtype not in PLAIN and draw(st.booleans()):
        scale = float32(x.scale * draw(st.sampled_from((1.0, 0.37) if net.lively else (1.0, 0.37, 1e-3, 1e-12))))
    return scale, zero_point


def _natural(opcode: str, dtype: str, x: Activation, y: Activation) -> float:
    """An output scale with which outputs are about as large as inputs."""
    magnitude = 100 if dtype == "int8" else 20_000
    match opcode:
        case "MUL":
            return magnitude * x.scale * y.scale
        case "SQUARED_DIFFERENCE":
            return magnitude * max(x.scale, y.scale) ** 2
        case _:
            return max(x.scale, y.scale)


def divide_bytes(draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    """DIV of int8 where TFLM's arithmetic is defined: by constants, to scales that are not too coarse for them."""
    x = x or source(draw, net, "int8")
    bits = draw(st.integers(1, 7))
    zero_point = draw(st.integers(-60, 60))
    shape = x.shape if draw(st.booleans()) else x.shape[-1:]
    magnitudes = net.rng.integers(1, min(2**bits, 68), shape)
    divisors = np.where(net.rng.random(shape) < 0.5, -magnitudes, magnitudes) + zero_point
    if draw(st.booleans()):
        divisors = np.full_like(divisors, divisors.flat[0])
    scale = float32(draw(st.floats(0.01, 2.0)))
    y = constant(net, divisors.astype(np.int8), scale, zero_point)
    factor = draw(st.one_of(st.floats(2.0 ** (bits - 1), 2.0**bits * 30), st.just(2.0 ** (bits - 1))))
    result = output(draw, net, x.shape, max(x.scale / scale / factor, FINEST_CLAMPED), "int8")
    return apply(draw, net, "DIV", [x, y], result, fused_activation_function=net.activation(draw))


def divide_integers(draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    """DIV of int32, not by 0 or -1, which the host's division stops at."""
    x = source(draw, net, "int32")
    divisors = values(net, x.shape[-1:], "int32") >> draw(st.integers(0, 30))
    # Undefined in TFLM, and fatal on x86: division by zero, and of the least integer by -1.
    y = constant(net, np.where((divisors == 0) | (divisors == -1), 7, divisors).astype(np.int32), 0.0, 0)
    result = net.tensor(x.shape, 0.0, 0, "int32")
    return apply(draw, net, "DIV", [x, y], result, fused_activation_function=net.activation(draw))


def compare(opcode: str, dtype: str = "int8") -> partial[Activation]:
    return partial(_compare, opcode, dtype)


def _compare(opcode: str, dtype: str, draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    x = source(draw, net, dtype)
    scale = (x.scale, x.zero_point)
    if dtype == "int8":
        below_one = st.one_of(st.floats(1e-5, 0.1), st.sampled_from((0.5, 0.999, 1 / 512, 1e-9)))
        x = net.input(x.shape, float32(draw(below_one)), net.zero_point(draw))
        other = float32(x.scale * draw(st.sampled_from((1.0, 0.5, 0.37)))), net.zero_point(draw)
        scale = draw(st.sampled_from(((x.scale, x.zero_point), other)))
    y = operand(draw, net, x, dtype, scale)
    pair = [x, y] if draw(st.booleans()) else [y, x]
    result = net.tensor(np.broadcast_shapes(x.shape, y.shape), 0.0, 0, "bool")
    return apply(draw, net, opcode, pair, result)


def select(dtype: str) -> partial[Activation]:
    return partial(_select, dtype)


def _select(dtype: str, draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    x = x or source(draw, net, dtype)
    scale = (x.scale, x.zero_point)
    y = operand(draw, net, x, dtype, scale)
    condition = operand(draw, net, x, "bool", (0.0, 0))
    try:
        shape = np.broadcast_shapes(x.shape, y.shape, condition.shape)
    except ValueError:  # both grew, each in its way
        condition = operand(draw, net, Activation(-1, (1,) * len(x.shape), 0.0, 0), "bool", (0.0, 0), fixed=True)
        condition = constant(net, values(net, (1,), "bool"), 0.0, 0)
        shape = np.broadcast_shapes(x.shape, y.shape)
    pair = [x, y] if draw(st.booleans()) else [y, x]
    return apply(draw, net, "SELECT_V2", [condition, *pair], net.tensor(shape, *scale, dtype))


def add_n(dtype: str) -> partial[Activation]:
    return partial(_add_n, dtype)


def _add_n(dtype: str, draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    x = x or source(draw, net, dtype)
    count = draw(st.integers(1, 14 if draw(st.booleans()) else 3))
    inputs = [x]
    for _ in range(count):
        fresh = draw(st.booleans())
        inputs.append(
            net.input(x.shape, x.scale, x.zero_point, dtype)
            if fresh
            else constant(net, values(net, x.shape, dtype), x.scale, x.zero_point)
        )
    return apply(draw, net, "ADD_N", inputs, output(draw, net, x.shape, x.scale / ratio(draw, net), dtype))


def prelu(dtype: str) -> partial[Activation]:
    return partial(_prelu, dtype)


def _prelu(dtype: str, draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    if x is None:
        x = net.input(draw(shapes), *quantization(draw, net, dtype), dtype)
    slope_type = "float32" if dtype == "float32" else "int8"
    slopes = operand(draw, net, x, slope_type, quantization(draw, net, slope_type, 0.01))
    shape = np.broadcast_shapes(x.shape, slopes.shape)
    return apply(draw, net, "PRELU", [x, slopes], output(draw, net, shape, x.scale / ratio(draw, net), dtype))


INT8 = {
    **{opcode: binary(opcode) for opcode in ("ADD", "SUB", "MUL", "MINIMUM", "MAXIMUM", "SQUARED_DIFFERENCE")},
    **{opcode: compare(opcode) for opcode in ("EQUAL", "NOT_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL")},
    "ABS": unary("ABS"),
    "ADD_N": add_n("int8"),
    "DIV": divide_bytes,
    "ELU": elu,
    "HARD_SWISH": hard_swish,
    "LEAKY_RELU": unary("LEAKY_RELU", alpha=alphas),
    "PRELU": prelu("int8"),
    "RELU": unary("RELU"),
    "RELU6": unary("RELU6"),
    "RSQRT": rsqrt_bytes,
    "SELECT_V2": select("int8"),
    "TANH": tanh,
    "QUANTIZE int8 to uint8": quantize("int8", "uint8"),
    "QUANTIZE int8 to int16": quantize("int8", "int16"),
    "QUANTIZE int8 to int32": quantize("int8", "int32"),
    "QUANTIZE uint8 to int8": quantize("uint8", "int8"),
}

INT16 = {
    **{
        f"{opcode} int16": binary(opcode, "int16")
        for opcode in ("ADD", "SUB", "MUL", "MINIMUM", "MAXIMUM", "SQUARED_DIFFERENCE")
    },
    "ABS int16": unary("ABS", "int16"),
    "ABS int16 without scale": abs_integers,
    "DEQUANTIZE int16": dequantize,
    "LEAKY_RELU int16": unary("LEAKY_RELU", "int16", alpha=alphas),
    "LOGISTIC int16": sigmoid("LOGISTIC"),
    "PRELU int16": prelu("int16"),
    "QUANTIZE float32 to int16": quantize("float32", "int16"),
    "QUANTIZE int16 to int8": quantize("int16", "int8"),
    "QUANTIZE int16 to int16": quantize("int16", "int16"),
    "QUANTIZE int16 to int32": quantize("int16", "int32"),
    "QUANTIZE int32 to int8": quantize("int32", "int8"),
    "QUANTIZE int32 to int16": quantize("int32", "int16"),
    "RELU int16": unary("RELU", "int16"),
    "RELU6 int16": unary("RELU6", "int16"),
    "RSQRT int16": rsqrt_int16,
    "SELECT_V2 int16": select("int16"),
    "TANH int16": sigmoid("TANH"),
}

FLOAT = {
    **{
        f"{opcode} float32": binary(opcode, "float32")
        for opcode in ("ADD", "SUB", "MUL", "DIV", "MINIMUM", "MAXIMUM", "SQUARED_DIFFERENCE")
    },
    **{
        f"{opcode} float32": compare(opcode, "float32")
        for opcode in ("EQUAL", "NOT_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL")
    },
    **{
        f"{opcode} float32": unary(opcode, "float32")
        for opcode in (
            *("ABS", "CEIL", "ELU", "EXP", "FLOOR", "HARD_SWISH", "LOG", "LOGISTIC", "NEG"),
            *("RELU", "RELU6", "ROUND", "RSQRT", "SQRT", "SQUARE", "TANH"),
        )
    },
    "ADD_N float32": add_n("float32"),
    "LEAKY_RELU float32": unary("LEAKY_RELU", "float32", alpha=alphas),
    "PRELU float32": prelu("float32"),
    "SELECT_V2 float32": select("float32"),
}

PLAIN_NUMBERS = {
    **{
        f"{opcode} int32": binary(opcode, "int32")
        for opcode in ("ADD", "SUB", "MUL", "MINIMUM", "MAXIMUM", "SQUARED_DIFFERENCE")
    },
    **{f"{opcode} int64": binary(opcode, "int64") for opcode in ("MINIMUM", "MAXIMUM")},
    **{
        f"{opcode} {dtype}": compare(opcode, dtype)
        for dtype in ("int32", "int64")
        for opcode in ("EQUAL", "NOT_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL")
    },
    "CAST": cast,
    "DIV int32": divide_integers,
    "EQUAL bool": compare("EQUAL", "bool"),
    "LOGICAL_AND": binary("LOGICAL_AND", "bool"),
    "LOGICAL_NOT": unary("LOGICAL_NOT", "bool"),
    "LOGICAL_OR": binary("LOGICAL_OR", "bool"),
    "NOT_EQUAL bool": compare("NOT_EQUAL", "bool"),
}

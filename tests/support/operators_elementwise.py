"""Random operators that work element by element, for `support.network`, made for a type: `binary("SUB", "int16")`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import strategies as st

from support.network import Activation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from support.network import Network

PLAIN = {"float32", "int32", "int64", "bool"}
"""Types without a scale."""

FINEST_CLAMPED = 1e-8
"""An output scale with which a clamp at 6 is still an int32."""

shapes = st.lists(st.integers(1, 5), min_size=1, max_size=4).map(tuple)
wide_shapes = st.lists(st.integers(1, 3), min_size=5, max_size=6).map(tuple)


def ratio(draw: st.DrawFn, net: Network, steps: int = 127) -> float:
    """A factor between scales: moderate, near 0 or 1, large, or one that takes some whole number half way."""
    if net.lively:
        return draw(st.floats(0.5, 1.5))
    return draw(
        st.one_of(
            st.floats(0.01, 3.0),
            st.sampled_from((1.0, 1 - 2**-20, 1 + 2**-20, 2.0**-30, 1e-3, 90.0)),
            st.builds(lambda half, whole: (half + 0.5) / whole, st.integers(0, 60), st.integers(1, steps)),
        )
    )


def float32(x: float) -> float:
    return float(np.float32(x))


def quantization(draw: st.DrawFn, net: Network, dtype: str, natural: float = 0.05) -> tuple[float, int]:
    """Scale and zero point for a type; 0 where it has none, or for int16 no zero point."""
    if dtype in PLAIN:
        return 0.0, 0
    return net.scale(draw, natural), net.zero_point(draw) if dtype == "int8" else 0


def source(draw: st.DrawFn, net: Network, dtype: str) -> Activation:
    """A network input."""
    shape = draw(st.one_of(shapes, shapes, wide_shapes))
    return net.input(shape, *quantization(draw, net, dtype), dtype)


def output(draw: st.DrawFn, net: Network, shape: Sequence[int], scale: float, dtype: str) -> Activation:
    if dtype in PLAIN:
        return net.tensor(shape, 0.0, 0, dtype)
    return net.tensor(shape, float32(scale), net.zero_point(draw) if dtype == "int8" else 0, dtype)


def values(net: Network, shape: Sequence[int], dtype: str) -> np.ndarray:
    """Random numbers of a type."""
    if dtype == "float32":
        return net.rng.normal(0, 10, shape).astype(np.float32)
    if dtype == "bool":
        return net.rng.random(shape) < 0.5
    limits = np.iinfo(dtype)
    return net.rng.integers(limits.min, limits.max, shape, endpoint=True, dtype=dtype)


def constant(net: Network, array: np.ndarray, scale: float, zero_point: int) -> Activation:
    dtype = str(array.dtype)
    index = net.builder.add_tensor(
        array.shape, dtype, scale=None if dtype in PLAIN else scale, zero_point=zero_point, data=array
    )
    return Activation(index, array.shape, scale, zero_point)


def operand(
    draw: st.DrawFn, net: Network, x: Activation, dtype: str, scale: tuple[float, int], *, fixed: bool = False
) -> Activation:
    """A tensor that broadcasts with x: of its shape, smaller or larger, an input or a constant, perhaps one number."""
    shape = tuple(draw(st.sampled_from((1, n, n))) for n in x.shape)[draw(st.sampled_from((0, 0, 1, len(x.shape)))) :]
    if draw(st.booleans()):
        shape = x.shape
    elif not net.lively and draw(st.booleans()):
        shape = tuple(draw(st.integers(2, 3)) if n == 1 and draw(st.booleans()) else n for n in x.shape)
    if shape and not fixed and draw(st.booleans()):
        return net.input(shape, *scale, dtype)
    array = values(net, shape, dtype)
    if draw(st.booleans()):
        array = np.full(shape, array.flat[0], array.dtype)
    return constant(net, array, *scale)


def apply(
    draw: st.DrawFn, net: Network, opcode: str, inputs: Sequence[Activation], result: Activation, **options: object
) -> Activation:
    net.builder.add_operator(opcode, [tensor.index for tensor in inputs], [result.index], **options)
    return result


def binary(opcode: str, dtype: str = "int8") -> partial[Activation]:
    return partial(_binary, opcode, dtype)


def _binary(opcode: str, dtype: str, draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    x = x or source(draw, net, dtype)
    y = operand(draw, net, x, dtype, _second_scale(draw, net, x, dtype))
    pair = [x, y] if draw(st.booleans()) else [y, x]
    if draw(st.integers(0, 9)) == 0:
        pair = [x, x]
    shape = np.broadcast_shapes(pair[0].shape, pair[1].shape)
    scale, options = _natural(opcode, *pair) / ratio(draw, net), {}
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


def _natural(opcode: str, x: Activation, y: Activation) -> float:
    """The output scale with which the whole factor is about 1."""
    match opcode:
        case "MUL":
            return x.scale * y.scale
        case "SQUARED_DIFFERENCE":
            return 100 * max(x.scale, y.scale) ** 2
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


def elu(draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    x = x or net.input(draw(shapes), float32(draw(st.floats(1e-3, 0.1))), net.zero_point(draw))
    return apply(draw, net, "ELU", [x], output(draw, net, x.shape, x.scale / draw(st.floats(0.3, 1.5)), "int8"))


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
            *("ABS", "CEIL", "FLOOR", "HARD_SWISH", "NEG", "RELU", "RELU6", "ROUND", "RSQRT", "SQRT", "SQUARE"),
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

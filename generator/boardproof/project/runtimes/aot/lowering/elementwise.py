"""Arithmetic of two tensors, element by element: quantized, with TensorFlow Lite Micro's rescalings, or plain."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.fixed_functions import reciprocal
from boardproof.model.fixed_point import multiply_high, quantize_multiplier, requantize, round_shift
from boardproof.model.graph import BinaryFunction, DType
from boardproof.project.runtimes.aot.operands import (
    INT8_MAX,
    INT8_MIN,
    SUFFIXES,
    activation_range,
    activation_text,
    plain_range,
    quantization,
)
from boardproof.project.runtimes.aot.pairing import Pairing, pairing_step

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from boardproof.model.graph import Binary, Graph, Prelu, Tensor
    from boardproof.project.runtimes.aot.program import Step, Value

    Ints = NDArray[np.int64]
    Fields = tuple[tuple[str, Value], ...]

ADD_HEADROOM_BITS = 20
"""ADD and SUB scale int8 inputs up by this many bits, to keep precision."""

HEADROOM_BITS = {DType.INT8: ADD_HEADROOM_BITS, DType.INT16: 15}

SQUARE_HEADROOM_BITS = {DType.INT8: 7, DType.INT16: 0}
"""The same for SQUARED_DIFFERENCE, whose squares must fit in 32 bits."""

_SIGNS = {
    BinaryFunction.ADD: "+",
    BinaryFunction.SUB: "-",
    BinaryFunction.MUL: "*",
    BinaryFunction.DIV: "/",
}


def lower_binary(op: Binary, graph: Graph) -> Step:
    """One kernel or table for two tensors, by the function and the type."""
    first, second, output = (graph.tensors[i] for i in (*op.inputs[:2], op.output))
    quantized = first.dtype in {DType.INT8, DType.INT16}
    if quantized and op.function in _QUANTIZED:
        pairing = _QUANTIZED[op.function](op, first, second, output)
    elif op.function in {BinaryFunction.MAXIMUM, BinaryFunction.MINIMUM}:
        evaluate = np.maximum if op.function is BinaryFunction.MAXIMUM else np.minimum
        pairing = _plain(op, first, "nn_binary", evaluate=evaluate)
    elif op.function in {BinaryFunction.LOGICAL_AND, BinaryFunction.LOGICAL_OR}:
        pairing = Pairing(f"nn_{op.name.lower()}", "nn_binary.h", "nn_binary")
    elif op.function is BinaryFunction.SQUARED_DIFFERENCE:
        pairing = _plain(op, first, "nn_binary")
    else:
        low, high = plain_range(op.activation, first.dtype)
        struct = f"nn_binary_{SUFFIXES[first.dtype]}"
        pairing = _plain(op, first, struct, (("activation_min", low), ("activation_max", high)))
    return pairing_step(op, graph, pairing, activation_text(op.activation))


def lower_prelu(op: Prelu, graph: Graph) -> Step:
    """One nn_prelu_s8, nn_prelu_s16 or nn_prelu_f32."""
    data, slopes, output = (graph.tensors[i] for i in (*op.inputs[:2], op.output))
    kernel = f"nn_prelu_{SUFFIXES[data.dtype]}"
    if data.dtype is DType.FLOAT32:
        return pairing_step(op, graph, Pairing(kernel, "nn_binary.h", "nn_binary"))
    factors = [quantize_multiplier(factor) for factor in prelu_factors(data, slopes, output)]
    (positive, positive_shift), (negative, negative_shift) = factors
    zero_points = [quantization(tensor).zero_point for tensor in (data, slopes, output)]

    def evaluate(a: Ints, b: Ints) -> Ints:
        x = a - zero_points[0]
        y = requantize(x * (b - zero_points[1]), negative, negative_shift)
        y = np.where(x >= 0, requantize(x, positive, positive_shift), y)
        return np.clip(y + zero_points[2], INT8_MIN, INT8_MAX)

    fields: Fields = (
        ("zero_point1", zero_points[0]),
        ("zero_point2", zero_points[1]),
        ("output_zero_point", zero_points[2]),
        ("positive_multiplier", positive),
        ("positive_shift", positive_shift),
        ("negative_multiplier", negative),
        ("negative_shift", negative_shift),
    )
    return pairing_step(op, graph, Pairing(kernel, "nn_binary.h", "nn_prelu_quantized", fields, evaluate, "slopes"))


def prelu_factors(data: Tensor, slopes: Tensor, output: Tensor) -> tuple[float, float]:
    """Input to output scale, and products with slopes to output scale."""
    scale = quantization(data).scale / quantization(output).scale
    return scale, quantization(data).scale * quantization(slopes).scale / quantization(output).scale


def add_factors(first: Tensor, second: Tensor, output: Tensor) -> tuple[float, float, float]:
    """Both inputs' scales relative to twice the larger one, and what takes their sum to the output's scale.

    Source: CalculateOpDataAdd in tensorflow/lite/micro/kernels/add_common.cc.
    """
    scale1, scale2 = quantization(first).scale, quantization(second).scale
    common = 2 * max(scale1, scale2)
    headroom = 1 << HEADROOM_BITS[output.dtype]
    return scale1 / common, scale2 / common, common / (headroom * quantization(output).scale)


def square_factors(first: Tensor, second: Tensor, output: Tensor) -> tuple[float, float, float]:
    """The same for SQUARED_DIFFERENCE, where the last factor takes a square to the output's scale.

    Source: tensorflow/lite/micro/kernels/squared_difference.cc.
    """
    scale1, scale2 = quantization(first).scale, quantization(second).scale
    common = 2 * max(scale1, scale2)
    headroom = 1 << 2 * SQUARE_HEADROOM_BITS[output.dtype]
    return scale1 / common, scale2 / common, common * common / (headroom * quantization(output).scale)


def product_factor(first: Tensor, second: Tensor, output: Tensor) -> float:
    """What takes a product to the output's scale."""
    return quantization(first).scale * quantization(second).scale / quantization(output).scale


def quotient_factor(first: Tensor, second: Tensor, output: Tensor) -> float:
    """What takes a quotient to the output's scale."""
    return quantization(first).scale / (quantization(second).scale * quantization(output).scale)


def quotient_shifts(dividends: Ints, divisors: Ints, output_shift: int) -> Ints:
    """By how much DIV shifts each quotient to the right at the end. Divisors are positive.

    TensorFlow Lite Micro's arithmetic is only defined from 0 to 31.
    """
    return reciprocal(divisors)[1] + _headroom(dividends) - output_shift


def _headroom(x: Ints) -> Ints:
    """Sign bits below the highest bit of an int32; 31 for 0."""
    magnitude = np.where(x < 0, ~x, x)
    return np.asarray(31 - np.ceil(np.log2(magnitude + 1)).astype(np.int64))  # exact for so small numbers


def _scaled_sum(op: Binary, first: Tensor, second: Tensor, output: Tensor) -> Pairing:
    """ADD, SUB and SQUARED_DIFFERENCE: inputs rescaled, combined, and rescaled again."""
    is_square = op.function is BinaryFunction.SQUARED_DIFFERENCE
    find, bits = (square_factors, SQUARE_HEADROOM_BITS) if is_square else (add_factors, HEADROOM_BITS)
    factors = [quantize_multiplier(factor) for factor in find(first, second, output)]
    zero_points = [quantization(tensor).zero_point for tensor in (first, second, output)]
    low, high = activation_range(op.activation, output)

    def evaluate(a: Ints, b: Ints) -> Ints:
        scaled = [
            requantize((x - zero_point) << bits[output.dtype], *factor)
            for x, zero_point, factor in zip((a, b), zero_points[:2], factors[:2], strict=True)
        ]
        combined = scaled[0] + scaled[1] if op.function is BinaryFunction.ADD else scaled[0] - scaled[1]
        y = requantize(combined * combined if is_square else combined, *factors[2])
        return np.clip(y + zero_points[2], low, high)

    fields: Fields = (
        *(
            (f"{name}{suffix}", value)
            for suffix, zero_point, (multiplier, shift) in zip("12", zero_points[:2], factors[:2], strict=True)
            for name, value in (("zero_point", zero_point), ("multiplier", multiplier), ("shift", shift))
        ),
        ("output_zero_point", zero_points[2]),
        ("output_multiplier", factors[2][0]),
        ("output_shift", factors[2][1]),
        ("activation_min", low),
        ("activation_max", high),
    )
    return _quantized(op, output, "nn_add_quantized", fields, evaluate)


def _product(op: Binary, first: Tensor, second: Tensor, output: Tensor) -> Pairing:
    """MUL."""
    factor = quantize_multiplier(product_factor(first, second, output))
    zero_points = [quantization(tensor).zero_point for tensor in (first, second, output)]
    low, high = activation_range(op.activation, output)

    def evaluate(a: Ints, b: Ints) -> Ints:
        y = requantize((a - zero_points[0]) * (b - zero_points[1]), *factor)
        return np.clip(y + zero_points[2], low, high)

    fields = _product_fields(zero_points, factor, (low, high))
    return _quantized(op, output, "nn_mul_quantized", fields, evaluate)


def _quotient(op: Binary, first: Tensor, second: Tensor, output: Tensor) -> Pairing:
    """DIV, by a reciprocal. Source: tensorflow/lite/kernels/internal/reference/div.h."""
    factor = quantize_multiplier(quotient_factor(first, second, output))
    zero_points = [quantization(tensor).zero_point for tensor in (first, second, output)]
    low, high = activation_range(op.activation, output)

    def evaluate(a: Ints, b: Ints) -> Ints:
        divisor = b - zero_points[1]
        dividend = (a - zero_points[0]) * np.where(divisor < 0, -1, 1)
        divisor = np.maximum(np.abs(divisor), 1)
        inverse = reciprocal(divisor)[0]
        y = multiply_high(multiply_high(dividend << _headroom(dividend), inverse), factor[0])
        y = round_shift(y, quotient_shifts(dividend, divisor, factor[1]))
        return np.clip(y + zero_points[2], low, high)

    fields = _product_fields(zero_points, factor, (low, high))
    return _quantized(op, output, "nn_mul_quantized", fields, evaluate)


def _product_fields(zero_points: list[int], factor: tuple[int, int], activation: tuple[int, int]) -> Fields:
    return (
        ("zero_point1", zero_points[0]),
        ("zero_point2", zero_points[1]),
        ("output_zero_point", zero_points[2]),
        ("output_multiplier", factor[0]),
        ("output_shift", factor[1]),
        ("activation_min", activation[0]),
        ("activation_max", activation[1]),
    )


def _quantized(
    op: Binary, output: Tensor, struct: str, fields: Fields, evaluate: Callable[[Ints, Ints], Ints]
) -> Pairing:
    kernel = f"nn_{op.name.lower()}_{SUFFIXES[output.dtype]}"
    return Pairing(kernel, "nn_binary.h", struct, fields, evaluate, _SIGNS.get(op.function, "and"))


def _plain(
    op: Binary, data: Tensor, struct: str, fields: Fields = (), evaluate: Callable[[Ints, Ints], Ints] | None = None
) -> Pairing:
    kernel = f"nn_{op.name.lower()}_{SUFFIXES[data.dtype]}"
    return Pairing(kernel, "nn_binary.h", struct, fields, evaluate, _SIGNS.get(op.function, "and"))


_QUANTIZED: Mapping[BinaryFunction, Callable[[Binary, Tensor, Tensor, Tensor], Pairing]] = {
    BinaryFunction.ADD: _scaled_sum,
    BinaryFunction.DIV: _quotient,
    BinaryFunction.MUL: _product,
    BinaryFunction.SQUARED_DIFFERENCE: _scaled_sum,
    BinaryFunction.SUB: _scaled_sum,
}
"""Functions of quantized tensors that have an arithmetic of their own."""

"""Arithmetic of two tensors, element by element: quantized, with TensorFlow Lite Micro's rescalings, or plain."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.fixed_functions import reciprocal
from boardproof.model.fixed_point import multiply_high, quantize_multiplier, requantize, round_shift
from boardproof.model.graph import Activation, BinaryFunction, DType
from boardproof.project.runtimes.aot.checks.findings import RECONVERT_HINT
from boardproof.project.runtimes.aot.checks.scales import check_activation, check_factors, check_symmetric
from boardproof.project.runtimes.aot.entry import BOOL, FLOAT, INT8, INT16, INT32, INT64, Entry, alike
from boardproof.project.runtimes.aot.operands import (
    SUFFIXES,
    activation_range,
    activation_text,
    plain_range,
    quantization,
)
from boardproof.project.runtimes.aot.operators.elementwise.lookup import inputs_of
from boardproof.project.runtimes.aot.operators.elementwise.pairing import Pairing, pairing_step
from boardproof.project.runtimes.aot.operators.elementwise.rescaling import (
    HEADROOM_BITS,
    SQUARE_HEADROOM_BITS,
    add_factors,
    headroom,
    is_below_one,
    product_factor,
    quotient_factor,
    quotient_shifts,
    square_factors,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    from boardproof.model.graph import Binary, Graph, Tensor
    from boardproof.model.preflight import Finding
    from boardproof.project.runtimes.aot.checks.findings import Subject
    from boardproof.project.runtimes.aot.program import Fields, Step

    Ints = NDArray[np.int64]

_SIGNS = {
    BinaryFunction.ADD: "+",
    BinaryFunction.SUB: "-",
    BinaryFunction.MUL: "*",
    BinaryFunction.DIV: "/",
}
_WRAPPING = {BinaryFunction.ADD, BinaryFunction.SUB, BinaryFunction.DIV}


def lower_binary(op: Binary, graph: Graph) -> Step:
    """One kernel or table for two tensors, by the function and the type."""
    return pairing_step(op, graph, binary_pairing(op, graph), activation_text(op.activation))


def binary_pairing(op: Binary, graph: Graph) -> Pairing:
    """The kernel, and what it computes."""
    first, second, output = (graph.tensors[i] for i in (*op.inputs[:2], op.output))
    if first.dtype in {DType.INT8, DType.INT16} and op.function in _QUANTIZED:
        return _QUANTIZED[op.function](op, first, second, output)
    match op.function:
        case BinaryFunction.MAXIMUM:
            return _plain(op, first, "nn_binary", evaluate=np.maximum)
        case BinaryFunction.MINIMUM:
            return _plain(op, first, "nn_binary", evaluate=np.minimum)
        case BinaryFunction.LOGICAL_AND | BinaryFunction.LOGICAL_OR:
            return Pairing(f"nn_{op.name.lower()}", "nn_binary.h", "nn_binary")
        case BinaryFunction.SQUARED_DIFFERENCE:
            return _plain(op, first, "nn_binary")
        case _:
            low, high = plain_range(op.activation, first.dtype)
            struct = f"nn_binary_{SUFFIXES[first.dtype]}"
            return _plain(op, first, struct, (("activation_min", low), ("activation_max", high)))


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
        y = multiply_high(multiply_high(dividend << headroom(dividend), inverse), factor[0])
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


def check_binary(op: Binary, subject: Subject) -> Iterator[Finding]:
    """Activations, and factors that the arithmetic can take."""
    yield from check_activation(op.activation, subject)
    first, second = subject.input(0), subject.input(1)
    if first.dtype is DType.INT32:
        yield from _check_plain_integers(op, subject)
    if first.dtype not in {DType.INT8, DType.INT16}:
        return
    yield from check_symmetric(subject)
    match op.function:
        case BinaryFunction.ADD | BinaryFunction.SUB:
            if not is_below_one(add_factors(first, second, subject.output)[2]):
                what = "has an output scale more than 2^19 times finer than its inputs'"
                yield subject.error("quantization", what, RECONVERT_HINT)
        case BinaryFunction.SQUARED_DIFFERENCE:
            yield from check_factors(subject, square_factors(first, second, subject.output)[2:])
        case BinaryFunction.MUL:
            yield from check_factors(subject, [product_factor(first, second, subject.output)])
        case BinaryFunction.DIV:
            yield from _check_quotients(subject)
        case _:
            pass


def _check_plain_integers(op: Binary, subject: Subject) -> Iterator[Finding]:
    """int32 is not quantized, and sums have no activation."""
    quantized = any(tensor.quantization for tensor in (subject.input(0), subject.input(1)))
    if op.function in _WRAPPING and quantized:
        yield subject.error("quantization", "takes int32 numbers with a scale", RECONVERT_HINT, subject.input(0))
    if op.function is BinaryFunction.ADD and op.activation is not Activation.NONE:
        what = f"has a fused {op.activation.name}, which TensorFlow Lite Micro does not apply to int32"
        yield subject.error("unsupported-activation", what, "Make the activation a layer of its own.")


def _check_quotients(subject: Subject) -> Iterator[Finding]:
    """DIV, int8: TFLM's arithmetic is undefined where a quotient is far below the output's scale, and at 0 / x."""
    first, second = subject.input(0), subject.input(1)
    divisors = _values(second) - quantization(second).zero_point
    if second.is_constant and (divisors == 0).any():
        yield subject.error("quantization", f"divides by zero ({second.label})", RECONVERT_HINT, second)
        return
    dividends = _values(first) - quantization(first).zero_point
    shift = quantize_multiplier(quotient_factor(first, second, subject.output))[1]
    magnitudes = np.unique(np.abs(divisors[divisors != 0]))
    shifts = quotient_shifts(np.union1d(dividends, -dividends)[:, None], magnitudes[None, :], shift)
    if shifts.min() < 0 or shifts.max() > 31:  # noqa: PLR2004 bits of an int32
        what = "can have quotients for which TensorFlow Lite Micro's int8 division is not defined"
        hint = "Multiply by the reciprocal instead, or keep the division in float."
        yield subject.error("quantization", what, hint)


def _values(tensor: Tensor) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """The values that an int8 tensor can have."""
    return np.unique(tensor.array()).astype(np.int64) if tensor.is_constant else inputs_of(DType.INT8)


def _binary(*dtypes: DType, limits: str = "", needs_scales: bool = True) -> Entry:
    return Entry(lower_binary, alike(*dtypes, inputs=2), check_binary, needs_scales, limits)


ENTRIES: Mapping[str, Entry] = {
    "ADD": _binary(INT8, INT16, INT32, FLOAT),
    "DIV": _binary(INT8, INT32, FLOAT, limits="int8: where TensorFlow Lite Micro's arithmetic is defined"),
    "LOGICAL_AND": _binary(BOOL),
    "LOGICAL_OR": _binary(BOOL),
    "MAXIMUM": _binary(INT8, INT16, INT32, INT64, FLOAT, needs_scales=False),
    "MINIMUM": _binary(INT8, INT16, INT32, INT64, FLOAT, needs_scales=False),
    "MUL": _binary(INT8, INT16, INT32, FLOAT),
    "SQUARED_DIFFERENCE": _binary(INT8, INT16, INT32, FLOAT),
    "SUB": _binary(INT8, INT16, INT32, FLOAT),
}

"""What must hold for element-by-element operators beyond their types: mostly what TFLM demands or assumes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.fixed_point import quantize_multiplier
from boardproof.model.graph import Activation, BinaryFunction, DType, UnaryFunction
from boardproof.project.runtimes.aot.checks.findings import QUANTIZE_HINT, RECONVERT_HINT
from boardproof.project.runtimes.aot.checks.operators import (
    check_activation,
    check_factors,
    check_rescaling,
    check_symmetric,
)
from boardproof.project.runtimes.aot.lowering.add_n import add_n_factor
from boardproof.project.runtimes.aot.lowering.elementwise import (
    add_factors,
    prelu_factors,
    product_factor,
    quotient_factor,
    quotient_shifts,
    square_factors,
)
from boardproof.project.runtimes.aot.lowering.lookup import inputs_of
from boardproof.project.runtimes.aot.lowering.lookup_unary import (
    ELU_NUDGE,
    elu_table,
    hard_swish_factors,
    leaky_relu_factors,
    rsqrt_factor,
)
from boardproof.project.runtimes.aot.lowering.sigmoid import checked_log2, sigmoid_scaling
from boardproof.project.runtimes.aot.operands import INT16_MAX, quantization

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boardproof.model.graph import AddN, Binary, Compare, LeakyRelu, Prelu, Quantize, Select, Tensor, Unary
    from boardproof.model.preflight import Finding
    from boardproof.project.runtimes.aot.checks.findings import Subject

_MAX_SUMMANDS = 15
"""Inputs of ADD_N whose int8 sum, scaled up, surely fits in int32."""

_PROBABILITY_ZERO_POINT = -128
_INT16_OUTPUT_POWER = -15
_PRELU_FLOAT_RANK = 4
_WRAPPING = {BinaryFunction.ADD, BinaryFunction.SUB, BinaryFunction.DIV}


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
            if not _below_one(add_factors(first, second, subject.output)[2]):
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


def _below_one(factor: float) -> bool:
    """Whether TFLM takes it for a factor below one; it stops the program when not."""
    return factor < 1 and quantize_multiplier(factor)[1] <= 0


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


def check_compare(op: Compare, subject: Subject) -> Iterator[Finding]:  # noqa: ARG001 one signature for all
    """int8: scales below one, or TFLM stops the program."""
    for tensor in dict.fromkeys((subject.input(0), subject.input(1))):
        if tensor.dtype is DType.INT8 and not _below_one(quantization(tensor).scale):
            what = f"compares {tensor.label}, whose scale is not below 1, which TensorFlow Lite Micro cannot"
            yield subject.error("quantization", what, "Scale the values down before.", tensor)


def check_prelu(op: Prelu, subject: Subject) -> Iterator[Finding]:  # noqa: ARG001 one signature for all
    """Factors in range; few axes in float."""
    data, slopes = subject.input(0), subject.input(1)
    if data.dtype is DType.FLOAT32:
        if len(subject.output.shape) > _PRELU_FLOAT_RANK:
            what = f"has {len(subject.output.shape)} axes; TensorFlow Lite Micro's kernel has {_PRELU_FLOAT_RANK}"
            yield subject.error("unsupported-shape", what, "Reshape so that there are fewer axes.")
        return
    yield from check_symmetric(subject)
    yield from check_factors(subject, prelu_factors(data, slopes, subject.output))


def check_select(op: Select, subject: Subject) -> Iterator[Finding]:  # noqa: ARG001 one signature for all
    """Both choices of the output's type."""
    other = subject.input(2)
    if other.dtype is not subject.output.dtype:
        what = f"chooses between {subject.output.dtype} and {other.dtype} ({other.label})"
        yield subject.error("unsupported-type", what, QUANTIZE_HINT, other)


def check_add_n(op: AddN, subject: Subject) -> Iterator[Finding]:
    """Inputs all alike, and not too many."""
    first = subject.input(0)
    for position in range(1, len(op.inputs)):
        tensor = subject.input(position)
        alike = tensor.dtype is first.dtype
        if alike and first.dtype is DType.INT8:
            alike = tensor.quantization == first.quantization
        if not alike:
            what = f"adds tensors of different types or quantization ({first.label} and {tensor.label})"
            yield subject.error("quantization", what, RECONVERT_HINT, tensor)
            return
    if first.dtype is DType.INT8:
        if len(op.inputs) > _MAX_SUMMANDS:
            what = f"adds {len(op.inputs)} tensors; at most {_MAX_SUMMANDS} surely fit its 32-bit sum"
            yield subject.error("accumulator-overflow", what, "Add in two layers.")
        if not _below_one(add_n_factor(first, subject.output)):
            what = "has an output scale more than 2^19 times finer than its inputs'"
            yield subject.error("quantization", what, RECONVERT_HINT)


def check_unary(op: Unary, subject: Subject) -> Iterator[Finding]:
    """What TFLM demands of scales and zero points, by function."""
    data, output = subject.input(0), subject.output
    if data.dtype in {DType.FLOAT32, DType.BOOL} or not _has_scales(op, subject):
        return
    yield from check_symmetric(subject)
    match op.function:
        case UnaryFunction.LOGISTIC | UnaryFunction.TANH:
            yield from _check_sigmoid(op, subject)
        case UnaryFunction.ABS | UnaryFunction.RELU:
            yield from check_factors(subject, [quantization(data).scale / quantization(output).scale])
        case UnaryFunction.HARD_SWISH:
            yield from _check_hard_swish(subject)
        case UnaryFunction.RSQRT:
            yield from check_shifts(subject, [rsqrt_factor(quantization(data), quantization(output))[1]])
        case UnaryFunction.ELU:
            yield from _check_elu(subject)
        case _:
            pass


def _has_scales(op: Unary, subject: Subject) -> bool:
    """Whether both tensors are quantized: only ABS takes int16 that is not."""
    plain = subject.input(0).quantization is None
    return not (op.function is UnaryFunction.ABS and subject.input(0).dtype is DType.INT16 and plain)


def check_shifts(subject: Subject, shifts: list[int]) -> Iterator[Finding]:
    """Shifts that TFLM's arithmetic defines."""
    if any(not -31 <= shift <= 30 for shift in shifts):  # noqa: PLR2004 bits of an int32
        yield subject.error("quantization", "has scales that do not fit each other", RECONVERT_HINT)


def _check_sigmoid(op: Unary, subject: Subject) -> Iterator[Finding]:
    """The fixed output quantization: of LOGISTIC the zero point, of int16 the scale."""
    data, output = subject.input(0), subject.output
    if data.dtype is DType.INT8:
        if op.function is UnaryFunction.LOGISTIC and quantization(output).zero_point != _PROBABILITY_ZERO_POINT:
            what = f"must have the output zero point {_PROBABILITY_ZERO_POINT}"
            yield subject.error("quantization", what, RECONVERT_HINT, output)
        return
    power, is_power = checked_log2(quantization(output).scale)
    if not is_power or power != _INT16_OUTPUT_POWER:
        yield subject.error("quantization", "must have the output scale 1/32768", RECONVERT_HINT, output)
    if sigmoid_scaling(op.function, quantization(data).scale)[0] > INT16_MAX:
        what = f"has an input scale that is too large ({data.label})"
        yield subject.error("quantization", what, RECONVERT_HINT, data)


def _check_hard_swish(subject: Subject) -> Iterator[Finding]:
    (_, output_shift), (_, exponent) = hard_swish_factors(quantization(subject.input(0)), quantization(subject.output))
    if output_shift > 0:
        what = "has an output scale more than 128 times finer than its input's, which TensorFlow Lite Micro refuses"
        yield subject.error("quantization", what, RECONVERT_HINT, subject.output)
    yield from check_shifts(subject, [output_shift, exponent])


def _check_elu(subject: Subject) -> Iterator[Finding]:
    """The same table with any C library's exp, which computes it in TFLM."""
    source, target = quantization(subject.input(0)), quantization(subject.output)
    least, most = (elu_table(source, target, nudge) for nudge in (-ELU_NUDGE, ELU_NUDGE))
    if not np.array_equal(least, most) or source.scale / target.scale > 2.0**20:
        what = "has an output that depends on how the C library rounds exp"
        yield subject.error("quantization", what, "Calibrate with other samples, which changes the scales a little.")


def check_quantize(op: Quantize, subject: Subject) -> Iterator[Finding]:
    """int32 with a scale, like the others; a factor in range."""
    for tensor in (subject.input(0), subject.output):
        if tensor.dtype is DType.INT32 and tensor.quantization is None:
            what = f"needs a scale for {tensor.label}, which has none"
            yield subject.error("quantization", what, RECONVERT_HINT, tensor)
            return
    yield from check_rescaling(op, subject)


def check_leaky_relu(op: LeakyRelu, subject: Subject) -> Iterator[Finding]:
    """Factors in range."""
    data, output = subject.input(0), subject.output
    if data.dtype is DType.FLOAT32:
        return
    yield from check_symmetric(subject)
    factors = leaky_relu_factors(quantization(data), quantization(output), op.alpha)
    yield from check_shifts(subject, [shift for _, shift in factors])

"""Functions of one tensor, element by element: of int8 as a table of 256 entries, of int16 and floats as kernels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.fixed_point import quantize_float32, quantize_multiplier
from boardproof.model.graph import DType, LeakyRelu, UnaryFunction
from boardproof.project.runtimes.aot.checks.findings import RECONVERT_HINT
from boardproof.project.runtimes.aot.checks.scales import check_factors, check_symmetric
from boardproof.project.runtimes.aot.entry import BOOL, FLOAT, INT8, INT16, Entry, alike
from boardproof.project.runtimes.aot.operands import INT16_MAX, INT16_MIN, flow_text, quantization
from boardproof.project.runtimes.aot.operators.elementwise.lookup import lookup_step
from boardproof.project.runtimes.aot.operators.elementwise.sigmoid import checked_log2, sigmoid_scaling, sigmoid_table
from boardproof.project.runtimes.aot.operators.elementwise.unary_tables import (
    ELU_NUDGE,
    abs_table,
    elu_table,
    hard_swish_factors,
    hard_swish_table,
    leaky_relu_factors,
    leaky_relu_table,
    logistic_table,
    relu6_table,
    relu_table,
    rsqrt_factor,
    rsqrt_table,
    tanh_table,
)
from boardproof.project.runtimes.aot.program import InPlace, Params, Step, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    from boardproof.model.graph import Graph, Operator, Quantization, Unary
    from boardproof.model.preflight import Finding
    from boardproof.project.runtimes.aot.checks.findings import Subject
    from boardproof.project.runtimes.aot.program import Fields


IDENTITY = (1 << 30, 1)
"""The factor 1 as (multiplier, shift)."""

ZERO = (0, 0)

TABLES: Mapping[UnaryFunction, Callable[[Quantization, Quantization], NDArray[np.uint8]]] = {
    UnaryFunction.ABS: abs_table,
    UnaryFunction.ELU: elu_table,
    UnaryFunction.HARD_SWISH: hard_swish_table,
    UnaryFunction.LOGISTIC: logistic_table,
    UnaryFunction.RELU: relu_table,
    UnaryFunction.RELU6: relu6_table,
    UnaryFunction.RSQRT: rsqrt_table,
    UnaryFunction.TANH: tanh_table,
}
"""int8 functions by what makes their table of the input's and the output's quantization."""

_PROBABILITY_ZERO_POINT = -128
_INT16_OUTPUT_POWER = -15


def lower_unary(op: Unary, graph: Graph) -> Step:
    """One kernel call, by the input's type."""
    data, output = graph.tensors[op.input], graph.tensors[op.output]
    match data.dtype:
        case DType.INT8:
            return lookup_step(op, graph, TABLES[op.function](quantization(data), quantization(output)))
        case DType.INT16:
            return _int16_step(op, graph)
        case DType.FLOAT32:
            return unary_step(op, graph, f"nn_{op.name.lower()}_f32", "nn_unary")
        case _:
            return unary_step(op, graph, f"nn_{op.name.lower()}", "nn_unary")


def lower_leaky_relu(op: LeakyRelu, graph: Graph) -> Step:
    """A table, nn_two_lines_s16 or nn_leaky_relu_f32."""
    data, output = graph.tensors[op.input], graph.tensors[op.output]
    if data.dtype is DType.FLOAT32:
        return unary_step(op, graph, "nn_leaky_relu_f32", "nn_leaky_relu_f32", (("alpha", op.alpha),))
    source, target = quantization(data), quantization(output)
    if data.dtype is DType.INT8:
        return lookup_step(op, graph, leaky_relu_table(source, target, op.alpha))
    positive, (multiplier, shift) = leaky_relu_factors(source, target, op.alpha)
    fields = _line_fields(positive, (abs(multiplier), shift), negate=multiplier < 0)
    return unary_step(op, graph, "nn_two_lines_s16", "nn_two_lines_s16", fields)


def _int16_step(op: Unary, graph: Graph) -> Step:
    data = graph.tensors[op.input]
    if op.function in {UnaryFunction.LOGISTIC, UnaryFunction.TANH}:
        multiplier, shift = sigmoid_scaling(op.function, quantization(data).scale)
        table = Table("sigmoid", sigmoid_table(), "the logistic function of i / 24, 16 fractional bits")
        fields: Fields = (("multiplier", multiplier), ("shift", shift), ("sigmoid", table))
        return unary_step(op, graph, f"nn_{op.name.lower()}_s16", "nn_sigmoid_s16", fields)
    if op.function is UnaryFunction.RSQRT:
        multiplier, shift = rsqrt_factor(quantization(data), quantization(graph.tensors[op.output]))
        fields = (("multiplier", multiplier), ("shift", shift))
        return unary_step(op, graph, "nn_rsqrt_s16", "nn_rsqrt_s16", fields)
    return unary_step(op, graph, "nn_two_lines_s16", "nn_two_lines_s16", _int16_lines(op, graph))


def _int16_lines(op: Unary, graph: Graph) -> Fields:
    """ABS, RELU and RELU6: lines through 0."""
    data, output = graph.tensors[op.input], graph.tensors[op.output]
    if data.quantization is None or output.quantization is None:  # ABS alone takes plain numbers, and wraps around
        return _line_fields(IDENTITY, ZERO, mirror=True, high=INT16_MAX + 1)
    factor = quantize_multiplier(data.quantization.scale / output.quantization.scale)
    match op.function:
        case UnaryFunction.ABS:
            return _line_fields(factor, ZERO, mirror=True)
        case UnaryFunction.RELU:
            return _line_fields(factor, ZERO)
        case _:
            six = min(quantize_float32(6.0, data.quantization.scale, 0), INT16_MAX)
            return _line_fields(IDENTITY, ZERO, high=six)


def _line_fields(
    positive: tuple[int, int],
    negative: tuple[int, int],
    *,
    negate: bool = False,
    mirror: bool = False,
    high: int = INT16_MAX,
) -> Fields:
    return (
        ("positive_multiplier", positive[0]),
        ("positive_shift", positive[1]),
        ("negative_multiplier", negative[0]),
        ("negative_shift", negative[1]),
        ("negate", int(negate)),
        ("mirror", int(mirror)),
        ("activation_min", INT16_MIN),
        ("activation_max", high),
    )


def unary_step(op: Operator, graph: Graph, kernel: str, struct: str, fields: Fields = ()) -> Step:
    """One kernel of nn_unary.h."""
    data, output = graph.tensors[op.input], graph.tensors[op.output]
    return Step(
        operator=op.index,
        implements=(op.index,),
        kernel=kernel,
        header="nn_unary.h",
        params=Params(struct, (("count", data.elements), *fields)),
        inputs=(op.input,),
        outputs=(op.output,),
        in_place=(InPlace(0),),
        description=f"{data.dtype} {flow_text(data, output)}",
    )


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


def check_leaky_relu(op: LeakyRelu, subject: Subject) -> Iterator[Finding]:
    """Factors in range."""
    data, output = subject.input(0), subject.output
    if data.dtype is DType.FLOAT32:
        return
    yield from check_symmetric(subject)
    factors = leaky_relu_factors(quantization(data), quantization(output), op.alpha)
    yield from check_shifts(subject, [shift for _, shift in factors])


def _unary(*dtypes: DType, limits: str = "", needs_scales: bool = True) -> Entry:
    return Entry(lower_unary, alike(*dtypes), check_unary, needs_scales, limits)


ENTRIES: Mapping[str, Entry] = {
    "ABS": _unary(INT8, INT16, FLOAT, needs_scales=False),
    "CEIL": _unary(FLOAT),
    "ELU": _unary(INT8, FLOAT),
    "EXP": _unary(FLOAT),
    "FLOOR": _unary(FLOAT),
    "HARD_SWISH": _unary(INT8, FLOAT),
    "LEAKY_RELU": Entry(lower_leaky_relu, alike(INT8, INT16, FLOAT), check_leaky_relu),
    "LOG": _unary(FLOAT),
    "LOGICAL_NOT": _unary(BOOL),
    "LOGISTIC": _unary(INT8, INT16, FLOAT),
    "NEG": _unary(FLOAT),
    "RELU": _unary(INT8, INT16, FLOAT),
    "RELU6": _unary(INT8, INT16, FLOAT),
    "ROUND": _unary(FLOAT),
    "RSQRT": _unary(INT8, INT16, FLOAT, limits="int8 and int16: for numbers that are not negative"),
    "SQRT": _unary(FLOAT),
    "SQUARE": _unary(FLOAT),
    "TANH": _unary(INT8, INT16, FLOAT),
}

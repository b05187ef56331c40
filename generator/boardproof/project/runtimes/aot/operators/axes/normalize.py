"""SOFTMAX, LOG_SOFTMAX and L2_NORMALIZATION: operators that work along the last axis."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from boardproof.model.fixed_point import quantize_multiplier
from boardproof.model.graph import Activation, DType
from boardproof.project.runtimes.aot.checks.findings import RECONVERT_HINT
from boardproof.project.runtimes.aot.checks.scales import check_factors
from boardproof.project.runtimes.aot.entry import FLOAT, INT8, INT16, Entry, Types, alike
from boardproof.project.runtimes.aot.operands import INT8_MIN, INT16_MIN, SUFFIXES, flow_text, quantization
from boardproof.project.runtimes.aot.operators.axes.reduce import meaning
from boardproof.project.runtimes.aot.operators.axes.softmax_tables import (
    exponential_table,
    reciprocal_table,
    softmax_exponentials,
    softmax_factor,
)
from boardproof.project.runtimes.aot.program import InPlace, Params, Step, Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from boardproof.model.graph import Graph, L2Normalization, LogSoftmax, Operator, Softmax, Tensor
    from boardproof.model.preflight import Finding
    from boardproof.project.runtimes.aot.checks.findings import Subject
    from boardproof.project.runtimes.aot.program import Fields


_SOFTMAX_DEPTH = 4095
_SOFTMAX_DEPTH_INT16 = 2**15 - 1
_NORM_DEPTH = 33_000
_NORM_RANK = 4
_NEAR = 1e-3

_OUTPUTS = {
    (DType.INT8, DType.INT8): (1 / 256, INT8_MIN, 0.0),
    (DType.INT8, DType.INT16): (1 / 65536, INT16_MIN, _NEAR),
    (DType.INT16, DType.INT16): (1 / 32768, 0, _NEAR),
}
"""SOFTMAX's output scale and zero point by input and output type, and how far off the scale may relatively be."""

_LOG_OUTPUT = (1 / 16, 127)


def lower_softmax(op: Softmax, graph: Graph) -> Step:
    """One nn_softmax_s8 or nn_softmax_s8_s16 with a table of exponentials, nn_softmax_s16 with two, nn_softmax_f32."""
    data, output = graph.tensors[op.input], graph.tensors[op.output]
    if data.dtype is DType.FLOAT32:
        params = Params("nn_softmax_f32", (*_rows(data), ("beta", op.beta)))
        return _step(op, graph, "nn_softmax_f32", "nn_softmax.h", params)
    if data.dtype is DType.INT16:
        multiplier, shift = quantize_multiplier(softmax_int16_factor(op, data))
        fields: Fields = (
            *_rows(data),
            ("multiplier", multiplier),
            ("shift", shift),
            ("exponential", Table("exponential", exponential_table(), "exp(x) for x from -10 to 0, 15 bits")),
            ("reciprocal", Table("reciprocal", reciprocal_table(), "1 / (1 + x) for x from 0 to 1, 15 bits")),
        )
        return _step(op, graph, "nn_softmax_s16", "nn_softmax.h", Params("nn_softmax_s16", fields))
    table = softmax_exponentials(quantization(data).scale, op.beta)
    fields = (
        *_rows(data),
        ("count", table.size),
        ("exponentials", Table("exponentials", table, "exp(-d * beta * scale), 31 fractional bits")),
    )
    kernel = "nn_softmax_s8" if output.dtype is DType.INT8 else "nn_softmax_s8_s16"
    return _step(op, graph, kernel, "nn_softmax.h", Params("nn_softmax_s8", fields))


def softmax_int16_factor(op: Softmax, data: Tensor) -> float:
    """What takes differences of the input to 10 / 65535. Source: tensorflow/lite/micro/kernels/softmax_common.cc."""
    return quantization(data).scale * op.beta / (10.0 / 65535.0)


def lower_log_softmax(op: LogSoftmax, graph: Graph) -> Step:
    """One nn_log_softmax_s8 with a table of exponentials."""
    data = graph.tensors[op.input]
    scale = quantization(data).scale
    table = softmax_exponentials(scale, 1.0)
    multiplier, shift = softmax_factor(scale, 1.0)
    divisor, divisor_shift = quantize_multiplier(reverse_factor(scale))
    fields: Fields = (
        *_rows(data),
        ("count", table.size),
        ("exponentials", Table("exponentials", table, "exp(-d * scale), 31 fractional bits")),
        ("multiplier", multiplier),
        ("shift", shift),
        ("divisor", divisor),
        ("divisor_shift", divisor_shift),
    )
    return _step(op, graph, "nn_log_softmax_s8", "nn_normalize.h", Params("nn_log_softmax_s8", fields))


def reverse_factor(scale: float) -> float:
    """What takes 26 fractional bits back to units of LOG_SOFTMAX's input.

    Source: PreprocessLogSoftmaxScalingExp in tensorflow/lite/kernels/internal/quantization_util.cc.
    """
    multiplier, shift = softmax_factor(scale, 1.0)
    return 2.0 ** (31 - shift) / multiplier


def lower_l2_normalization(op: L2Normalization, graph: Graph) -> Step:
    """One nn_l2_normalization_s8 or nn_l2_normalization_f32."""
    data = graph.tensors[op.input]
    zero_point = quantization(data).zero_point if data.dtype is DType.INT8 else 0
    kernel = f"nn_l2_normalization_{SUFFIXES[data.dtype]}"
    params = Params("nn_l2_normalization", (*_rows(data), ("zero_point", zero_point)))
    return _step(op, graph, kernel, "nn_normalize.h", params)


def _rows(data: Tensor) -> Fields:
    return (("rows", prod(data.shape[:-1])), ("depth", data.shape[-1]))


def _step(op: Operator, graph: Graph, kernel: str, header: str, params: Params) -> Step:
    data, output = graph.tensors[op.input], graph.tensors[op.output]
    return Step(
        operator=op.index,
        implements=(op.index,),
        kernel=kernel,
        header=header,
        params=params,
        inputs=(op.input,),
        outputs=(op.output,),
        in_place=(InPlace(0),) if data.dtype is output.dtype else (),
        description=flow_text(data, output),
    )


def check_softmax(op: Softmax, subject: Subject) -> Iterator[Finding]:
    """A depth whose sum of exponentials fits, the fixed output quantization, a scale that says something."""
    data, output = subject.input(0), subject.output
    if data.dtype is DType.FLOAT32:
        yield from _check_depth(subject, data.elements)
        return
    is_int8 = data.dtype is DType.INT8
    yield from _check_depth(subject, _SOFTMAX_DEPTH if is_int8 else _SOFTMAX_DEPTH_INT16)
    scale, zero_point, tolerance = _OUTPUTS[data.dtype, output.dtype]
    found = quantization(output)
    if abs(found.scale - scale) > tolerance * scale or found.zero_point != zero_point:
        what = f"must have the output scale 1/{round(1 / scale)} and zero point {zero_point}"
        yield subject.error("quantization", what, RECONVERT_HINT, output)
    if is_int8:
        yield from _check_scaled(op.beta * quantization(data).scale, "times beta ", subject)
        return
    if quantization(data).zero_point:
        yield subject.error("quantization", "must have the input zero point 0", RECONVERT_HINT, data)
    yield from check_factors(subject, [softmax_int16_factor(op, data)])


def check_log_softmax(op: LogSoftmax, subject: Subject) -> Iterator[Finding]:  # noqa: ARG001 one signature for all
    """As for softmax."""
    yield from _check_depth(subject, _SOFTMAX_DEPTH)
    if meaning(subject.output) != _LOG_OUTPUT:
        what = "must have the output scale 1/16 and zero point 127"
        yield subject.error("quantization", what, RECONVERT_HINT, subject.output)
    yield from _check_scaled(quantization(subject.input(0)).scale, "", subject)


def check_l2_normalization(op: L2Normalization, subject: Subject) -> Iterator[Finding]:
    """No activation, few axes, a sum of squares that fits."""
    if op.activation is not Activation.NONE:
        what = f"has a fused {op.activation.name}, which TensorFlow Lite Micro refuses"
        yield subject.error("unsupported-activation", what, "Make the activation a layer of its own.")
    data = subject.input(0)
    if not 1 <= len(data.shape) <= _NORM_RANK:
        what = f"has {len(data.shape)} axes; 1 to {_NORM_RANK} are possible"
        yield subject.error("unsupported-shape", what, "Reshape so that there are fewer axes.", data)
    elif data.dtype is DType.INT8:
        yield from _check_depth(subject, _NORM_DEPTH)


def _check_depth(subject: Subject, largest: int) -> Iterator[Finding]:
    data = subject.input(0)
    if not data.shape or data.shape[-1] > largest:
        what = f"works along an axis of {data.shape[-1] if data.shape else 0}; 1 to {largest} are possible"
        yield subject.error("unsupported-shape", what, "Use fewer classes.", data)


def _check_scaled(scale: float, times: str, subject: Subject) -> Iterator[Finding]:
    """Differences of the input, with 26 fractional bits, must be at least 1."""
    if scale * 2.0**26 <= 1:
        what = f"has an input scale {times}that is too small"
        yield subject.error("quantization", what, RECONVERT_HINT, subject.input(0))


ENTRIES: Mapping[str, Entry] = {
    "L2_NORMALIZATION": Entry(lower_l2_normalization, alike(INT8, FLOAT), check_l2_normalization),
    "LOG_SOFTMAX": Entry(
        lower_log_softmax,
        alike(INT8),
        check_log_softmax,
        limits="not float32, which depends on the C library; up to 4,095 classes",
    ),
    "SOFTMAX": Entry(
        lower_softmax,
        (*alike(INT8, INT16, FLOAT), Types((INT8,), INT16)),
        check_softmax,
        limits="int8: up to 4,095 classes",
    ),
}

"""What must hold for operators along axes beyond their types: mostly what TFLM demands or assumes."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from boardproof.model.graph import Activation, DType, Reduction
from boardproof.project.runtimes.aot.checks.findings import RECONVERT_HINT, TFLM_HINT
from boardproof.project.runtimes.aot.checks.operators import check_factors, check_symmetric
from boardproof.project.runtimes.aot.lowering.normalize import softmax_int16_factor
from boardproof.project.runtimes.aot.lowering.reduce import reduced_axes
from boardproof.project.runtimes.aot.operands import INT8_MIN, INT16_MIN, quantization

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boardproof.model.graph import ArgExtremum, L2Normalization, LogSoftmax, Reduce, Softmax, Tensor
    from boardproof.model.preflight import Finding
    from boardproof.project.runtimes.aot.checks.findings import Subject

MAX_SUM_ELEMENTS = {DType.INT8: 2**23, DType.INT16: 2**16 - 1}
"""Elements whose sum surely fits in int32, zero points included."""

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


def check_reduce(op: Reduce, subject: Subject) -> Iterator[Finding]:
    """Constant axes, and sums that fit."""
    yield from check_constant(subject, 1, "axes")
    data, output = subject.input(0), subject.output
    if data.dtype in {DType.BOOL, DType.FLOAT32} or not subject.input(1).is_constant:
        return
    if op.function in {Reduction.REDUCE_MAX, Reduction.REDUCE_MIN}:
        if _meaning(data) != _meaning(output):
            yield subject.error("quantization", "must have one quantization for input and output", RECONVERT_HINT)
        return
    yield from check_symmetric(subject)
    limit = MAX_SUM_ELEMENTS[data.dtype]
    if prod(data.shape[axis] for axis in reduced_axes(data, subject.input(1))) > limit:
        what = f"sums more than {limit} elements"
        yield subject.error("accumulator-overflow", what, "Reduce in two layers.")
    yield from check_factors(subject, [quantization(data).scale / quantization(output).scale])


def check_arg_extremum(op: ArgExtremum, subject: Subject) -> Iterator[Finding]:  # noqa: ARG001 one signature for all
    """A constant axis."""
    yield from check_constant(subject, 1, "an axis")


def check_constant(subject: Subject, position: int, what: str) -> Iterator[Finding]:
    """An input that must be known now."""
    tensor = subject.input(position)
    if not tensor.is_constant:
        verb = "is" if what.startswith("an ") else "are"
        yield subject.error("dynamic-shape", f"has {what} that {verb} computed ({tensor.label})", TFLM_HINT, tensor)


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
    if _meaning(subject.output) != _LOG_OUTPUT:
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


def _meaning(tensor: Tensor) -> tuple[float, int]:
    return quantization(tensor).scale, quantization(tensor).zero_point

"""SVDF."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.fixed_point import quantize_multiplier
from boardproof.model.graph import Activation, DType
from boardproof.project.runtimes.aot.checks.findings import QUANTIZE_HINT, RECONVERT_HINT
from boardproof.project.runtimes.aot.checks.scales import check_activation, check_factors, check_symmetric
from boardproof.project.runtimes.aot.checks.weights import (
    check_constant,
    check_single_scales,
    check_sums,
    check_symmetric_weights,
)
from boardproof.project.runtimes.aot.entry import FLOAT, INT8, Entry, alike
from boardproof.project.runtimes.aot.operands import plain_range, quantization, shape_text
from boardproof.project.runtimes.aot.program import Params, Step, Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from boardproof.model.graph import Graph, Svdf, Tensor
    from boardproof.model.preflight import Finding
    from boardproof.project.runtimes.aot.checks.findings import Subject
    from boardproof.project.runtimes.aot.program import Fields


INT16_FRACTION_BITS = 15
_BIAS_TOLERANCE = 1e-5


def lower_svdf(op: Svdf, graph: Graph) -> Step:
    """One nn_svdf: of int8 with an int8 or an int16 state, or of floats."""
    data, feature, time, state, output = (graph.tensors[i] for i in (*op.inputs[:3], op.inputs[4], op.output))
    bias = op.optional_input(3)
    is_float = data.dtype is DType.FLOAT32
    fields: Fields = (
        ("batches", data.shape[0]),
        ("input_size", data.shape[1]),
        ("units", output.shape[1]),
        ("rank", op.rank),
        ("memory", time.shape[1]),
        *(_svdf_range(op) if is_float else _svdf_rescaling(op, graph)),
        ("feature_weights", flat_table("feature_weights", feature)),
        ("time_weights", flat_table("time_weights", time)),
        ("bias", None if bias is None else flat_table("bias", graph.tensors[bias])),
    )
    struct = "nn_svdf_f32" if is_float else "nn_svdf_s8"
    return Step(
        operator=op.index,
        implements=(op.index,),
        kernel="nn_svdf_s8_s16" if state.dtype is DType.INT16 else struct,
        header="nn_svdf.h",
        params=Params(struct, fields),
        inputs=(op.input, op.inputs[4]),
        outputs=(op.output,),
        description=f"{shape_text(data)} -> {shape_text(output)}, rank {op.rank}, {time.shape[1]} inputs remembered",
    )


def _svdf_range(op: Svdf) -> Fields:
    """The activation of floats; none does not even limit to finite numbers."""
    low, high = plain_range(op.activation, DType.FLOAT32)
    return (
        ("clamped", int(op.activation is not Activation.NONE)),
        ("activation_min", low),
        ("activation_max", high),
    )


def _svdf_rescaling(op: Svdf, graph: Graph) -> Fields:
    data, feature, state, output = (graph.tensors[i] for i in (*op.inputs[:2], op.inputs[4], op.output))
    offsets = -quantization(data).zero_point * feature.array().astype(np.int64).sum(axis=1)
    feature_factor, time_factor = svdf_factors(op, graph)
    return (
        ("state_zero_point", quantization(state).zero_point),
        ("output_zero_point", quantization(output).zero_point),
        *factor_fields("feature", feature_factor),
        *factor_fields("time", time_factor),
        ("feature_bias", Table("feature_bias", offsets.astype(np.int32), "for the input's zero point")),
    )


def svdf_factors(op: Svdf, graph: Graph) -> tuple[float, float]:
    """Of the feature and of the time sums.

    Source: PrepareSvdf in tensorflow/lite/micro/kernels/svdf_common.cc; releases before 2026 computed in float32.
    """
    tensors = (graph.tensors[i] for i in (*op.inputs[:3], op.inputs[4], op.output))
    data, feature, time, state, output = (quantization(tensor).scale for tensor in tensors)
    return data * feature / state, state * time / output


def factor_fields(name: str, factor: float) -> Fields:
    """A factor as multiplier and shift."""
    multiplier, shift = quantize_multiplier(factor)
    return ((f"{name}_multiplier", multiplier), (f"{name}_shift", shift))


def flat_table(name: str, tensor: Tensor) -> Table:
    """A constant tensor as it is."""
    return Table(name, tensor.array().reshape(-1), f"{name.replace('_', ' ')}, {tensor.label}", tensor.index)


def check_svdf(op: Svdf, subject: Subject) -> Iterator[Finding]:
    """Types of weights and state, constant weights, scales that fit each other."""
    graph = subject.graph
    data, feature, time, state = (graph.tensors[i] for i in (*op.inputs[:3], op.inputs[4]))
    bias = op.optional_input(3)
    if bias is None:
        what = "has no biases, without which TensorFlow Lite Micro crashes"
        yield subject.error("weights", what, RECONVERT_HINT)
        return
    if data.dtype is DType.FLOAT32:
        yield from check_activation(op.activation, subject)
        for tensor in (feature, time, graph.tensors[bias]):
            yield from check_constant(subject, tensor, DType.FLOAT32, "weights")
        yield from check_state(subject, state, {DType.FLOAT32})
        return
    problems = [*check_symmetric_weights(subject, feature), *check_symmetric_weights(subject, time, state.dtype)]
    problems += check_state(subject, state, {DType.INT8, DType.INT16})
    problems += check_constant(subject, graph.tensors[bias], DType.INT32, "biases")
    problems += check_single_scales(subject, (data, state, subject.output))
    problems += check_symmetric(subject)
    yield from problems
    if not problems:
        yield from _check_svdf_arithmetic(op, subject, graph.tensors[bias])


def _check_svdf_arithmetic(op: Svdf, subject: Subject, bias: Tensor) -> Iterator[Finding]:
    feature, time, state = (subject.input(position) for position in (1, 2, 4))
    yield from check_factors(subject, svdf_factors(op, subject.graph))
    yield from check_sums(subject, feature, None)
    product = quantization(state).scale * quantization(time).scale
    if bias.quantization is None or abs(bias.quantization.scale - product) >= _BIAS_TOLERANCE:
        yield subject.error("quantization", "has biases of another scale than its sums", RECONVERT_HINT, bias)


def check_state(subject: Subject, state: Tensor, dtypes: set[DType]) -> Iterator[Finding]:
    """A variable of one of these types."""
    if state.dtype not in dtypes or not state.is_variable:
        what = f"has no variable of {' or '.join(sorted(dtypes))} as its state ({state.label})"
        yield subject.error("unsupported-type", what, QUANTIZE_HINT, state)


ENTRIES: Mapping[str, Entry] = {
    "SVDF": Entry(lower_svdf, alike(INT8, FLOAT), check_svdf, limits="int8 has biases"),
}

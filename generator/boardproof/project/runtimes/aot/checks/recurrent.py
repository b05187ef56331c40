"""What must hold for recurrent layers that keep a state, beyond their types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.model.graph import Activation, DType
from boardproof.project.runtimes.aot.checks.findings import QUANTIZE_HINT, RECONVERT_HINT
from boardproof.project.runtimes.aot.checks.layers import (
    check_constant,
    check_single_scales,
    check_sums,
    check_symmetric_weights,
)
from boardproof.project.runtimes.aot.checks.operators import check_activation, check_factors, check_symmetric
from boardproof.project.runtimes.aot.lowering.recurrent import gate_factors, lstm_factors, svdf_factors, tanh_shift
from boardproof.project.runtimes.aot.lowering.sigmoid import checked_log2
from boardproof.project.runtimes.aot.operands import quantization

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boardproof.model.graph import Quantization, SequenceLstm, Svdf, Tensor
    from boardproof.model.preflight import Finding
    from boardproof.project.runtimes.aot.checks.findings import Subject

_MAX_TANH_SHIFT = 14
_BIAS_TOLERANCE = 1e-5
_UNUSED_LSTM_INPUTS = (9, 10, 11, 16, 17, 20, 21, 22, 23)


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
        yield from _check_state(subject, state, {DType.FLOAT32})
        return
    problems = [*check_symmetric_weights(subject, feature), *check_symmetric_weights(subject, time, state.dtype)]
    problems += _check_state(subject, state, {DType.INT8, DType.INT16})
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


def _check_state(subject: Subject, state: Tensor, dtypes: set[DType]) -> Iterator[Finding]:
    if state.dtype not in dtypes or not state.is_variable:
        what = f"has no variable of {' or '.join(sorted(dtypes))} as its state ({state.label})"
        yield subject.error("unsupported-type", what, QUANTIZE_HINT, state)


def check_lstm(op: SequenceLstm, subject: Subject) -> Iterator[Finding]:
    """An LSTM without extensions, int8 with an int16 cell, all weights constant, all factors in range."""
    graph = subject.graph
    data, hidden, cell = (graph.tensors[i] for i in (op.input, op.hidden_state, op.cell_state))
    problems: list[Finding] = []
    if any(op.optional_input(position) is not None for position in _UNUSED_LSTM_INPUTS):
        what = "has peephole connections, a projection or a normalization"
        problems.append(subject.error("unsupported-option", what, "Use a plain LSTM layer."))
    if op.activation is not Activation.TANH:
        what = f"has the activation {op.activation.name}, not TANH"
        problems.append(subject.error("unsupported-activation", what, "Use a plain LSTM layer."))
    problems += _check_state(subject, hidden, {DType.INT8})
    problems += _check_state(subject, cell, {DType.INT16})
    for index in (*op.input_weights, *op.recurrent_weights):
        problems += check_symmetric_weights(subject, graph.tensors[index])
    for index in op.biases:
        problems += check_constant(subject, graph.tensors[index], DType.INT32, "biases")
    problems += check_single_scales(subject, (data, hidden, cell, subject.output))
    yield from problems
    if not problems:
        yield from _check_lstm_arithmetic(op, subject)


def _differ(one: Quantization, other: Quantization) -> bool:
    return (one.scale, one.zero_point) != (other.scale, other.zero_point)


def _check_lstm_arithmetic(op: SequenceLstm, subject: Subject) -> Iterator[Finding]:
    graph = subject.graph
    data, hidden, cell = (graph.tensors[i] for i in (op.input, op.hidden_state, op.cell_state))
    yield from check_factors(subject, lstm_factors(hidden, cell))
    yield from check_factors(subject, gate_factors(graph, data, op.input_weights))
    yield from check_factors(subject, gate_factors(graph, hidden, op.recurrent_weights))
    for weights, bias in zip(op.input_weights, op.biases, strict=True):
        yield from check_sums(subject, graph.tensors[weights], graph.tensors[bias])
    for weights in op.recurrent_weights:
        yield from check_sums(subject, graph.tensors[weights], None)
    if _differ(quantization(hidden), quantization(subject.output)):
        what = "has an output of another scale than its state, which makes it wrong in TensorFlow Lite, too"
        yield subject.warning(
            "quantization", what, "Put a Dense layer between it and the layer that joins it to others."
        )
    scale, zero_point = quantization(cell).scale, quantization(cell).zero_point
    if not checked_log2(scale)[1] or abs(tanh_shift(cell)) > _MAX_TANH_SHIFT or zero_point:
        what = f"has a cell state of scale {scale:g} and zero point {zero_point}, not a power of two near 2^-12 and 0"
        yield subject.error("quantization", what, RECONVERT_HINT, cell)

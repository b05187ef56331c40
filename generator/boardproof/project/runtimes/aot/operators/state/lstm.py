"""UNIDIRECTIONAL_SEQUENCE_LSTM."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.fixed_point import quantize_multiplier
from boardproof.model.graph import Activation, DType
from boardproof.project.runtimes.aot.checks.findings import RECONVERT_HINT
from boardproof.project.runtimes.aot.checks.scales import check_factors
from boardproof.project.runtimes.aot.checks.weights import (
    check_constant,
    check_single_scales,
    check_sums,
    check_symmetric_weights,
)
from boardproof.project.runtimes.aot.entry import INT8, Entry, alike
from boardproof.project.runtimes.aot.operands import INT16_MAX, INT16_MIN, quantization, shape_text
from boardproof.project.runtimes.aot.operators.elementwise.sigmoid import checked_log2, sigmoid_table
from boardproof.project.runtimes.aot.operators.state.svdf import INT16_FRACTION_BITS, check_state, factor_fields
from boardproof.project.runtimes.aot.program import Params, Step, Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from boardproof.model.graph import Graph, Quantization, SequenceLstm, Tensor
    from boardproof.model.preflight import Finding
    from boardproof.project.runtimes.aot.checks.findings import Subject
    from boardproof.project.runtimes.aot.program import Fields


_GATE_SCALE = 2.0**-12
_FUNCTION_SCALE = 2.0**-15
_TANH_INTEGER_BITS = 3
_MAX_TANH_SHIFT = 14
_UNUSED_LSTM_INPUTS = (9, 10, 11, 16, 17, 20, 21, 22, 23)


def lower_lstm(op: SequenceLstm, graph: Graph) -> Step:
    """One nn_lstm_s8."""
    data, hidden, cell, output = (graph.tensors[i] for i in (op.input, op.hidden_state, op.cell_state, op.output))
    units, depth = output.shape[2], data.shape[2]
    batches, steps = data.shape[:2][:: -1 if op.time_major else 1]
    batch_stride, step_stride = (1, batches) if op.time_major else (steps, 1)
    forget, enter, leave = lstm_factors(hidden, cell)
    fields: Fields = (
        ("batches", batches),
        ("steps", steps),
        ("units", units),
        ("input_batch_stride", batch_stride * depth),
        ("input_step_stride", step_stride * depth),
        ("output_batch_stride", batch_stride * units),
        ("output_step_stride", step_stride * units),
        ("output_zero_point", quantization(hidden).zero_point),
        ("cell_clip", cell_clip(op, cell)),
        *factor_fields("forget", forget),
        *factor_fields("input", enter),
        *factor_fields("output", leave),
        *_weight_fields("of_input", graph, data, op.input_weights, op.biases),
        *_weight_fields("of_hidden", graph, hidden, op.recurrent_weights, ()),
        *_sigmoid_fields("gate_to_sigmoid", 0),
        *_sigmoid_fields("cell_to_tanh", tanh_shift(cell)),
    )
    return Step(
        operator=op.index,
        implements=(op.index,),
        kernel="nn_lstm_s8",
        header="nn_lstm.h",
        params=Params("nn_lstm_s8", fields),
        inputs=(op.input, op.hidden_state, op.cell_state),
        outputs=(op.output,),
        description=f"{shape_text(data)} -> {shape_text(output)}",
    )


def lstm_factors(hidden: Tensor, cell: Tensor) -> tuple[float, float, float]:
    """Of forget gate times cell, input gate times cell gate, and output gate times tanh.

    Source: PrepareGateParametersInteger in tensorflow/lite/micro/kernels/lstm_eval_common.cc.
    """
    square = _FUNCTION_SCALE * _FUNCTION_SCALE
    return _FUNCTION_SCALE, square / quantization(cell).scale, square / quantization(hidden).scale


def gate_factors(graph: Graph, source: Tensor, weights: Sequence[int]) -> list[float]:
    """Of each gate's products of its weights with the source, to 12 fractional bits."""
    scale = quantization(source).scale
    return [scale * quantization(graph.tensors[index]).scale / _GATE_SCALE for index in weights]


def cell_clip(op: SequenceLstm, cell: Tensor) -> int:
    """The largest magnitude of the cell, quantized; 0 for no limit."""
    clip = op.cell_clip / quantization(cell).scale
    return int(min(max(clip, INT16_MIN), INT16_MAX)) if op.cell_clip > 0 else 0


def tanh_shift(cell: Tensor) -> int:
    """How many bits the cell is finer than 12 fractional ones; negative: coarser."""
    return INT16_FRACTION_BITS + checked_log2(quantization(cell).scale)[0] - _TANH_INTEGER_BITS


def _weight_fields(name: str, graph: Graph, source: Tensor, weights: Sequence[int], biases: Sequence[int]) -> Fields:
    """A struct nn_lstm_weights: those of all gates side by side, the source's zero point folded into the biases."""
    by_gate = np.stack([graph.tensors[index].array() for index in weights], axis=-1)
    bias = -quantization(source).zero_point * by_gate.astype(np.int64).sum(axis=1)
    if biases:
        bias = bias + np.stack([graph.tensors[index].array() for index in biases], axis=-1)
    pairs = [quantize_multiplier(factor) for factor in gate_factors(graph, source, weights)]
    return (
        (f"{name}.size", by_gate.shape[1]),
        (f"{name}.weights", Table(f"{name}_weights", by_gate.reshape(-1), "weights [unit][input][gate]")),
        (f"{name}.bias", Table(f"{name}_bias", bias.astype(np.int32).reshape(-1), "biases [unit][gate]")),
        (f"{name}.multiplier", tuple(multiplier for multiplier, _ in pairs)),
        (f"{name}.shift", tuple(shift for _, shift in pairs)),
    )


def _sigmoid_fields(name: str, left_shift: int) -> Fields:
    """How many thirds of 1/4096 a unit is; see nn_sigmoid_s16."""
    table = Table("sigmoid", sigmoid_table(), "the logistic function of i / 24, 16 fractional bits")
    return (
        (f"{name}.count", 1),
        (f"{name}.multiplier", 3 << max(left_shift, 0)),
        (f"{name}.shift", max(-left_shift, 0)),
        (f"{name}.sigmoid", table),
    )


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
    problems += check_state(subject, hidden, {DType.INT8})
    problems += check_state(subject, cell, {DType.INT16})
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


ENTRIES: Mapping[str, Entry] = {
    "UNIDIRECTIONAL_SEQUENCE_LSTM": Entry(
        lower_lstm, alike(INT8), check_lstm, limits="no peephole, projection or normalization"
    ),
}

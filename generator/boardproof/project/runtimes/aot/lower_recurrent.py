"""Recurrent layers that keep a state: SVDF and UNIDIRECTIONAL_SEQUENCE_LSTM, int8."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.model.fixed_point import quantize_multiplier
from boardproof.model.graph import DType
from boardproof.project.runtimes.aot.operands import INT16_MAX, INT16_MIN, quantization, shape_text
from boardproof.project.runtimes.aot.program import Params, Step, Table
from boardproof.project.runtimes.aot.sigmoid import checked_log2, sigmoid_table

if TYPE_CHECKING:
    from boardproof.model.graph import Graph, SequenceLstm, Svdf, Tensor
    from boardproof.project.runtimes.aot.program import Value

    Fields = tuple[tuple[str, Value], ...]

GATES = ("input", "forget", "cell", "output")
"""In the order of the operator's inputs."""

_GATE_SCALE = 2.0**-12
_FUNCTION_SCALE = 2.0**-15
_TANH_INTEGER_BITS = 3
_INT16_FRACTION_BITS = 15


def lower_svdf(op: Svdf, graph: Graph) -> Step:
    """One nn_svdf_s8 or, with an int16 state, nn_svdf_s8_s16."""
    data, feature, time, state, output = (graph.tensors[i] for i in (*op.inputs[:3], op.inputs[4], op.output))
    bias = op.optional_input(3)
    feature_factor, time_factor = map(quantize_multiplier, svdf_factors(op, graph))
    fields: Fields = (
        ("batches", data.shape[0]),
        ("input_size", data.shape[1]),
        ("units", output.shape[1]),
        ("rank", op.rank),
        ("memory", time.shape[1]),
        ("input_zero_point", quantization(data).zero_point),
        ("state_zero_point", quantization(state).zero_point),
        ("output_zero_point", quantization(output).zero_point),
        ("feature_multiplier", feature_factor[0]),
        ("feature_shift", feature_factor[1]),
        ("time_multiplier", time_factor[0]),
        ("time_shift", time_factor[1]),
        ("feature_weights", _table("feature_weights", feature)),
        ("time_weights", _table("time_weights", time)),
        ("bias", None if bias is None else _table("bias", graph.tensors[bias])),
    )
    return Step(
        operator=op.index,
        implements=(op.index,),
        kernel="nn_svdf_s8" if state.dtype is DType.INT8 else "nn_svdf_s8_s16",
        header="nn_svdf.h",
        params=Params("nn_svdf_s8", fields),
        inputs=(op.input, op.inputs[4]),
        outputs=(op.output,),
        description=f"{shape_text(data)} -> {shape_text(output)}, rank {op.rank}, {time.shape[1]} inputs remembered",
    )


def svdf_factors(op: Svdf, graph: Graph) -> tuple[float, float]:
    """Of the feature and of the time sums.

    Source: PrepareSvdf in tensorflow/lite/micro/kernels/svdf_common.cc; releases before 2026 computed in float32.
    """
    tensors = (graph.tensors[i] for i in (*op.inputs[:3], op.inputs[4], op.output))
    data, feature, time, state, output = (quantization(tensor).scale for tensor in tensors)
    return data * feature / state, state * time / output


def lower_lstm(op: SequenceLstm, graph: Graph) -> Step:
    """One nn_lstm_s8."""
    data, hidden, cell, output = (graph.tensors[i] for i in (op.input, op.hidden_state, op.cell_state, op.output))
    units, depth = output.shape[2], data.shape[2]
    batches, steps = data.shape[:2][:: -1 if op.time_major else 1]
    batch_stride, step_stride = (1, batches) if op.time_major else (steps, 1)
    factors = lstm_factors(hidden, cell)
    fields: Fields = (
        ("batches", batches),
        ("steps", steps),
        ("input_size", depth),
        ("units", units),
        ("input_batch_stride", batch_stride * depth),
        ("input_step_stride", step_stride * depth),
        ("output_batch_stride", batch_stride * units),
        ("output_step_stride", step_stride * units),
        ("input_zero_point", quantization(data).zero_point),
        ("hidden_zero_point", quantization(hidden).zero_point),
        ("cell_clip", cell_clip(op, cell)),
        *(
            field
            for name, factor in zip(("forget", "input", "output"), factors, strict=True)
            for field in _factor_fields(name, factor)
        ),
        *(field for position, name in enumerate(GATES) for field in _gate_fields(op, graph, position, name)),
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


def gate_factors(op: SequenceLstm, graph: Graph, position: int) -> tuple[float, float]:
    """Of a gate's input and recurrent products, to 12 fractional bits."""
    data, hidden = graph.tensors[op.input], graph.tensors[op.hidden_state]
    pairs = ((data, op.input_weights[position]), (hidden, op.recurrent_weights[position]))
    of_input, of_hidden = (
        quantization(source).scale * quantization(graph.tensors[weights]).scale / _GATE_SCALE
        for source, weights in pairs
    )
    return of_input, of_hidden


def cell_clip(op: SequenceLstm, cell: Tensor) -> int:
    """The largest magnitude of the cell, quantized; 0 for no limit."""
    clip = op.cell_clip / quantization(cell).scale
    return int(min(max(clip, INT16_MIN), INT16_MAX)) if op.cell_clip > 0 else 0


def tanh_shift(cell: Tensor) -> int:
    """How many bits the cell is finer than 12 fractional ones; negative: coarser."""
    return _INT16_FRACTION_BITS + checked_log2(quantization(cell).scale)[0] - _TANH_INTEGER_BITS


def _gate_fields(op: SequenceLstm, graph: Graph, position: int, name: str) -> Fields:
    of_input, of_hidden = gate_factors(op, graph, position)
    tables = (
        ("input_weights", op.input_weights[position]),
        ("recurrent_weights", op.recurrent_weights[position]),
        ("bias", op.biases[position]),
    )
    return (
        *((f"{name}_gate.{field}", _table(f"{name}_{field}", graph.tensors[tensor])) for field, tensor in tables),
        *_factor_fields(f"{name}_gate.input", of_input),
        *_factor_fields(f"{name}_gate.recurrent", of_hidden),
    )


def _factor_fields(name: str, factor: float) -> Fields:
    multiplier, shift = quantize_multiplier(factor)
    return ((f"{name}_multiplier", multiplier), (f"{name}_shift", shift))


def _sigmoid_fields(name: str, left_shift: int) -> Fields:
    """How many thirds of 1/4096 a unit is; see nn_sigmoid_s16."""
    table = Table("sigmoid", sigmoid_table(), "the logistic function of i / 24, 16 fractional bits")
    return (
        (f"{name}.count", 1),
        (f"{name}.multiplier", 3 << max(left_shift, 0)),
        (f"{name}.shift", max(-left_shift, 0)),
        (f"{name}.sigmoid", table),
    )


def _table(name: str, tensor: Tensor) -> Table:
    return Table(name, tensor.array().reshape(-1), f"{name.replace('_', ' ')}, {tensor.label}", tensor.index)

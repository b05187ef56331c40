"""Recurrent layers that keep a state: SVDF and UNIDIRECTIONAL_SEQUENCE_LSTM."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.fixed_point import quantize_multiplier
from boardproof.model.graph import Activation, DType
from boardproof.project.runtimes.aot.lowering.sigmoid import checked_log2, sigmoid_table
from boardproof.project.runtimes.aot.operands import INT16_MAX, INT16_MIN, plain_range, quantization, shape_text
from boardproof.project.runtimes.aot.program import Params, Step, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from boardproof.model.graph import Graph, SequenceLstm, Svdf, Tensor
    from boardproof.project.runtimes.aot.program import Value

    Fields = tuple[tuple[str, Value], ...]

_GATE_SCALE = 2.0**-12
_FUNCTION_SCALE = 2.0**-15
_TANH_INTEGER_BITS = 3
_INT16_FRACTION_BITS = 15


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
        ("feature_weights", _table("feature_weights", feature)),
        ("time_weights", _table("time_weights", time)),
        ("bias", None if bias is None else _table("bias", graph.tensors[bias])),
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
        *_factor_fields("feature", feature_factor),
        *_factor_fields("time", time_factor),
        ("feature_bias", Table("feature_bias", offsets.astype(np.int32), "for the input's zero point")),
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
        *_factor_fields("forget", forget),
        *_factor_fields("input", enter),
        *_factor_fields("output", leave),
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
    return _INT16_FRACTION_BITS + checked_log2(quantization(cell).scale)[0] - _TANH_INTEGER_BITS


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

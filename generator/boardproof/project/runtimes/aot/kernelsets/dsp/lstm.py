"""UNIDIRECTIONAL_SEQUENCE_LSTM to nn_lstm_s8_dsp: its four gates are the outputs of a dense layer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.fixed_point import quantize_multiplier
from boardproof.project.runtimes.aot.kernelsets.dsp.pack import UNIT, Linear, dense_stream, fits, lanes_fit, scaled_bias
from boardproof.project.runtimes.aot.operands import INT8_MAX, INT8_MIN, quantization
from boardproof.project.runtimes.aot.operators.state.lstm import (
    gate_factors,
    lower_lstm,
    lstm_factors,
    tanh_shift,
)
from boardproof.project.runtimes.aot.program import Params, Step, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from boardproof.model.graph import Graph, SequenceLstm, Tensor
    from boardproof.project.runtimes.aot.program import Fields

_SAME = ("batches", "steps", "units", "output_zero_point", "cell_clip")
_SAME_ENDS = ("_stride",)
_LARGEST_GATE_SHIFT = 7
"""With which twice a sum of a gate, below 2^23, stays below 2^31."""


def choose_lstm(op: SequenceLstm, graph: Graph) -> Step | None:
    """The step; None where a sum can be too large, weights do not fit their lanes, or a factor is too large."""
    data, hidden, cell = (graph.tensors[i] for i in (op.input, op.hidden_state, op.cell_state))
    of_input = _linear(graph, data, op.input_weights, op.biases)
    of_hidden = _linear(graph, hidden, op.recurrent_weights, ())
    products = lstm_factors(hidden, cell)
    input_gates = gate_factors(graph, data, op.input_weights)
    hidden_gates = gate_factors(graph, hidden, op.recurrent_weights)
    is_known = all(fits(layer) and lanes_fit(layer.weights) for layer in (of_input, of_hidden))
    gates = (*input_gates, *hidden_gates)
    if not is_known or _largest_shift(products) >= 0 or _largest_shift(gates) > _LARGEST_GATE_SHIFT:
        return None
    portable = lower_lstm(op, graph)
    shift, units = tanh_shift(cell), of_hidden.weights.shape[1]
    fields: Fields = (
        *((n, v) for n, v in portable.params.fields if n in _SAME or n.endswith(_SAME_ENDS)),
        *(
            (f"{name}.{member}", values[0])
            for name, factor in zip(("forget", "input", "output"), products, strict=True)
            for member, values in _factor_members([factor])
        ),
        *_gate_fields("of_input", of_input, input_gates),
        *_gate_fields("of_hidden", of_hidden, hidden_gates),
        ("tanh_multiplier", 3 << max(shift, 0)),
        ("tanh_shift", max(-shift, 0)),
        ("sigmoid", next(v for n, v in portable.params.fields if n == "cell_to_tanh.sigmoid")),
    )
    largest = max(layer.weights.shape[1] for layer in (of_input, of_hidden))
    return replace(
        portable,
        kernel="nn_lstm_s8_dsp",
        header="nn_lstm_dsp.h",
        params=Params("nn_lstm_s8_dsp", fields),
        scratch_bytes=40 * units + 8 * -(-largest // UNIT),
    )


def _largest_shift(factors: Sequence[float]) -> int:
    return max(quantize_multiplier(factor)[1] for factor in factors)


def _linear(graph: Graph, source: Tensor, weights: Sequence[int], biases: Sequence[int]) -> Linear:
    """The gates of a unit side by side: rows in the order [unit][gate]."""
    by_gate = np.stack([graph.tensors[index].array() for index in weights], axis=1)
    rows = by_gate.reshape(-1, by_gate.shape[2]).astype(np.int8)
    bias = np.zeros(len(rows), np.int64)
    if biases:
        bias = np.stack([graph.tensors[index].array().astype(np.int64) for index in biases], axis=1).reshape(-1)
    unused = np.zeros_like(bias)
    return Linear(rows, bias, unused, unused, quantization(source).zero_point, 0, (INT8_MIN, INT8_MAX))


def _gate_fields(name: str, layer: Linear, factors: Sequence[float]) -> Fields:
    stream = dense_stream(layer.weights, scaled_bias(layer))
    return (
        (f"{name}.size", layer.weights.shape[1]),
        (f"{name}.stream", Table(f"{name}_stream", stream, "biases and weights, four gates at a time")),
        *((f"{name}.{member}", values) for member, values in _factor_members(factors)),
    )


def _factor_members(factors: Sequence[float]) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """The members of struct nn_lstm_factor_dsp, of all factors."""
    pairs = [quantize_multiplier(factor) for factor in factors]
    return (
        ("multiplier", tuple(multiplier for multiplier, _ in pairs)),
        ("shift", tuple(-shift for _, shift in pairs)),
    )

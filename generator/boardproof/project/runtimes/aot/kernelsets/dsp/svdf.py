"""SVDF of int8 to the kernels of nn_svdf_dsp.h: its filters are the outputs of a dense layer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.fixed_point import quantize_multiplier
from boardproof.model.graph import DType
from boardproof.project.runtimes.aot.kernelsets.dsp.pack import (
    DENSE_ROWS,
    UNIT,
    Linear,
    dense_stream,
    fits,
    lanes_fit,
    scaled_bias,
    words,
)
from boardproof.project.runtimes.aot.operands import INT8_MAX, INT8_MIN, quantization
from boardproof.project.runtimes.aot.operators.state.svdf import lower_svdf, svdf_factors
from boardproof.project.runtimes.aot.program import Params, Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from boardproof.model.graph import Graph, Svdf
    from boardproof.project.runtimes.aot.program import Fields, Step


def choose_svdf(op: Svdf, graph: Graph) -> Step | None:
    """The step; None for floats, and where a filter's sum can be too large or weights do not fit their lanes."""
    data, weights = graph.tensors[op.input], graph.tensors[op.inputs[1]]
    if data.dtype is not DType.INT8:
        return None
    filters = _filters(op, graph)
    if not (fits(filters) and lanes_fit(filters.weights)):
        return None
    portable = lower_svdf(op, graph)
    stream = dense_stream(filters.weights, scaled_bias(filters))
    own: Fields = (
        ("feature_stream", Table("feature_stream", stream, f"biases and weights, {weights.label}", weights.index)),
        ("bias", Table("bias", _biases(op, graph), "biases, with what the state's zero point contributes")),
    )
    replaced = {"feature_weights", "feature_bias", "bias"}
    fields = (*((name, value) for name, value in portable.params.fields if name not in replaced), *own)
    rows = -(-len(filters.bias) // DENSE_ROWS) * DENSE_ROWS
    return replace(
        portable,
        kernel=f"{portable.kernel}_dsp",
        header="nn_svdf_dsp.h",
        params=Params("nn_svdf_s8_dsp", fields),
        scratch_bytes=8 * -(-data.shape[1] // UNIT) + 4 * rows,
    )


def _filters(op: Svdf, graph: Graph) -> Linear:
    """The filters of the newest input; their rescaling is not the dense layer's."""
    data, weights = graph.tensors[op.input], graph.tensors[op.inputs[1]].array().astype(np.int8)
    multiplier, shift = quantize_multiplier(svdf_factors(op, graph)[0])
    return Linear(
        weights=weights,
        bias=np.zeros(len(weights), np.int64),
        multiplier=np.full(len(weights), multiplier, np.int64),
        shift=np.full(len(weights), shift, np.int64),
        input_zero_point=quantization(data).zero_point,
        output_zero_point=0,
        activation=(INT8_MIN, INT8_MAX),
    )


def _biases(op: Svdf, graph: Graph) -> NDArray[np.int32]:
    """int32 [units], without the bits that do not fit: the sums lose them, too."""
    time, state = graph.tensors[op.inputs[2]], graph.tensors[op.inputs[4]]
    index, units = op.optional_input(3), graph.tensors[op.output].shape[1]
    own = np.zeros(units, np.int64) if index is None else graph.tensors[index].array().astype(np.int64).reshape(-1)
    of_state = quantization(state).zero_point * time.array().astype(np.int64).reshape(units, -1).sum(axis=1)
    return words(own - of_state).view(np.int32)

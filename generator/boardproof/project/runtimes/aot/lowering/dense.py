"""FULLY_CONNECTED: weights are constants, or computed, as where TensorFlow writes a product of matrices so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.model.fixed_point import quantize_multiplier
from boardproof.model.graph import DType
from boardproof.project.runtimes.aot.lowering.conv import bias_table, lower_fully_connected
from boardproof.project.runtimes.aot.operands import (
    SUFFIXES,
    activation_range,
    activation_text,
    convolution_factors,
    plain_range,
    quantization,
    shape_text,
)
from boardproof.project.runtimes.aot.program import Params, Step

if TYPE_CHECKING:
    from boardproof.model.graph import FullyConnected, Graph, Tensor
    from boardproof.project.runtimes.aot.program import Value

    Fields = tuple[tuple[str, Value], ...]


def lower_dense(op: FullyConnected, graph: Graph) -> Step:
    """One nn_fully_connected, or one nn_dense_product."""
    data, weights, output = (graph.tensors[i] for i in (*op.inputs[:2], op.output))
    if weights.is_constant:
        return lower_fully_connected(op, graph)
    units, depth = weights.shape
    bias = op.optional_input(2)
    fields: Fields = (
        ("rows", data.elements // depth),
        ("depth", depth),
        ("units", units),
        *_arithmetic_fields(op, data, weights, output),
        ("bias", None if bias is None else bias_table(graph.tensors[bias])),
    )
    kernel = f"nn_dense_product_{SUFFIXES[data.dtype]}"
    text = f"{shape_text(data)} * {shape_text(weights)} -> {shape_text(output)}" + activation_text(op.activation)
    return Step(
        operator=op.index,
        implements=(op.index,),
        kernel=kernel,
        header="nn_dense_product.h",
        params=Params(kernel, fields),
        inputs=op.inputs[:2],
        outputs=(op.output,),
        description=text,
    )


def _arithmetic_fields(op: FullyConnected, data: Tensor, weights: Tensor, output: Tensor) -> Fields:
    if data.dtype is DType.FLOAT32:
        low, high = plain_range(op.activation, data.dtype)
        return (("activation_min", low), ("activation_max", high))
    multiplier, shift = quantize_multiplier(convolution_factors(data, weights, output)[0])
    limits = activation_range(op.activation, output)
    return (
        ("data_zero_point", quantization(data).zero_point),
        ("weights_zero_point", quantization(weights).zero_point),
        ("output_zero_point", quantization(output).zero_point),
        ("multiplier", multiplier),
        ("shift", shift),
        ("activation_min", limits[0]),
        ("activation_max", limits[1]),
    )

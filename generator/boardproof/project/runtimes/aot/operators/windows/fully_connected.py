"""FULLY_CONNECTED: weights are constants, or computed, as where TensorFlow writes a product of matrices so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.fixed_point import INT32_MAX, quantize_multiplier
from boardproof.model.graph import DType
from boardproof.project.runtimes.aot.checks.findings import QUANTIZE_HINT, TFLM_HINT
from boardproof.project.runtimes.aot.checks.scales import check_activation, check_factors
from boardproof.project.runtimes.aot.checks.weights import check_constant, check_single_scales
from boardproof.project.runtimes.aot.entry import FLOAT, INT8, INT16, Entry, alike
from boardproof.project.runtimes.aot.operands import (
    SUFFIXES,
    activation_range,
    activation_text,
    convolution_factors,
    flow_text,
    plain_range,
    quantization,
    shape_text,
)
from boardproof.project.runtimes.aot.operators.windows.convolution import (
    bias_table,
    check_weights,
    layer_step,
    weight_fields,
)
from boardproof.project.runtimes.aot.overlap import safe_offset
from boardproof.project.runtimes.aot.program import Params, Step

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from boardproof.model.graph import FullyConnected, Graph, Tensor
    from boardproof.model.preflight import Finding
    from boardproof.project.runtimes.aot.checks.findings import Subject
    from boardproof.project.runtimes.aot.program import Fields


_LARGEST_PRODUCT = 255 * 255
_BIAS_TYPES = {DType.INT8: DType.INT32, DType.FLOAT32: DType.FLOAT32}


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


def lower_fully_connected(op: FullyConnected, graph: Graph) -> Step:
    """One nn_fully_connected."""
    data, weights, output = (graph.tensors[i] for i in (*op.inputs[:2], op.output))
    units, depth = weights.shape
    batches = data.elements // depth
    fields: Fields = (
        ("batches", batches),
        ("input_size", depth),
        ("output_size", units),
        *weight_fields(op, graph),
    )
    rows = np.arange(batches)
    offset = safe_offset(rows * depth, (rows + 1) * units, reads_first=False)
    return layer_step(op, data, Params("nn_fully_connected", fields), offset, flow_text(data, output))


def check_dense(op: FullyConnected, subject: Subject) -> Iterator[Finding]:
    """Constant weights as a convolution's; computed ones of the data's type."""
    data, weights = subject.input(0), subject.input(1)
    if weights.is_constant:
        yield from check_weights(op, subject)
        return
    yield from check_activation(op.activation, subject)
    if data.dtype is DType.INT16:
        yield subject.error("weights", f"has weights that are computed ({weights.label})", TFLM_HINT, weights)
        return
    if weights.dtype is not data.dtype:
        what = f"has {weights.dtype} weights ({weights.label}) for {data.dtype} data"
        yield subject.error("unsupported-type", what, QUANTIZE_HINT, weights)
        return
    bias = op.optional_input(2)
    problems: list[Finding] = []
    if bias is not None:
        problems += check_constant(subject, subject.graph.tensors[bias], _BIAS_TYPES[data.dtype], "biases")
    if data.dtype is DType.INT8:
        problems += check_single_scales(subject, (weights,))
    yield from problems
    if not problems and data.dtype is DType.INT8:
        yield from check_factors(subject, convolution_factors(data, weights, subject.output))
        yield from _check_products(op, subject)


def _check_products(op: FullyConnected, subject: Subject) -> Iterator[Finding]:
    """No sum of products and biases leaves 32 bits."""
    bias = op.optional_input(2)
    biases = np.zeros(1, np.int64) if bias is None else subject.graph.tensors[bias].array().astype(np.int64)
    if subject.input(1).shape[1] * _LARGEST_PRODUCT + int(np.abs(biases).max(initial=0)) > INT32_MAX:
        what = "can overflow its 32-bit sum with the largest inputs"
        yield subject.error("accumulator-overflow", what, "Multiply smaller matrices.")


_DENSE = "biases are constants, with int16 weights too; int16 has int64 biases; no sum can overflow"

ENTRIES: Mapping[str, Entry] = {
    "FULLY_CONNECTED": Entry(lower_dense, alike(INT8, INT16, FLOAT), check_dense, limits=_DENSE),
}

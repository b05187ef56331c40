"""TRANSPOSE_CONV."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.graph import DType
from boardproof.project.runtimes.aot.checks.scales import MAX_SHIFTS, check_activation, check_factors, check_symmetric
from boardproof.project.runtimes.aot.checks.weights import (
    check_constant,
    check_single_scales,
    check_sums,
    check_symmetric_weights,
)
from boardproof.project.runtimes.aot.entry import FLOAT, INT8, INT16, INT32, Entry, Types
from boardproof.project.runtimes.aot.operands import (
    activation_range,
    activation_text,
    convolution_factors,
    flow_text,
    plain_range,
    quantization,
    requant_fields,
    requant_int16_fields,
)
from boardproof.project.runtimes.aot.operators.windows.convolution import bias_table, window_fields, window_text
from boardproof.project.runtimes.aot.overlap import padding_before, pixelwise_offset
from boardproof.project.runtimes.aot.program import InPlace, Step, Table
from boardproof.project.runtimes.aot.steps import kernel_step, typed_params

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from boardproof.model.graph import Graph, Tensor, TransposeConv
    from boardproof.model.preflight import Finding
    from boardproof.project.runtimes.aot.checks.findings import Subject
    from boardproof.project.runtimes.aot.program import Fields


_BIAS_TYPES = {DType.INT8: DType.INT32, DType.INT16: DType.INT64, DType.FLOAT32: DType.FLOAT32}


def lower_transpose_conv(op: TransposeConv, graph: Graph) -> Step:
    """One nn_transpose_conv."""
    weights, data, output = (graph.tensors[i] for i in (op.inputs[1], op.input, op.output))
    kernel = (weights.shape[1], weights.shape[2])
    bias = op.optional_input(3)
    fields: Fields = (
        *window_fields(output, data, kernel, op.window),
        ("batches", data.shape[0]),
        ("input_channels", data.shape[3]),
        ("output_channels", output.shape[3]),
        *_rescaling_fields(op, data, weights, output),
        ("weights", Table("weights", weights.array().reshape(-1), f"weights, {weights.label}", weights.index)),
        ("bias", None if bias is None else bias_table(graph.tensors[bias])),
    )
    offset = pixelwise_offset(_first_uses(op, data.shape, output.shape, kernel), output.shape[3])
    text = f"{flow_text(data, output)}, {window_text(kernel, op.window)}" + activation_text(op.activation)
    in_place = InPlace(0, offset * data.dtype.size_bytes)
    return kernel_step(
        op, "nn_transpose_conv.h", typed_params("nn_transpose_conv", data, fields), (op.input,), text, in_place
    )


def _rescaling_fields(op: TransposeConv, data: Tensor, weights: Tensor, output: Tensor) -> Fields:
    if data.dtype is DType.FLOAT32:
        low, high = plain_range(op.activation, data.dtype)
        return (("activation_min", low), ("activation_max", high))
    factors, limits = convolution_factors(data, weights, output), activation_range(op.activation, output)
    if data.dtype is DType.INT16:
        return requant_int16_fields(factors, limits)
    return (
        ("input_zero_point", quantization(data).zero_point),
        ("output_zero_point", quantization(output).zero_point),
        ("activation_min", limits[0]),
        ("activation_max", limits[1]),
        *requant_fields(factors),
    )


def _first_uses(
    op: TransposeConv, data: Sequence[int], output: Sequence[int], kernel: tuple[int, int]
) -> NDArray[np.int64]:
    """For each output pixel, in order: the index of the first input element that it, or a pixel after it, reads."""
    pads = padding_before((output[1], output[2]), kernel, op.window)
    rows, columns = (
        np.array(-(-(np.arange(count) + pad - k + 1) // stride)).clip(0, size)
        for count, pad, k, stride, size in zip(output[1:3], pads, kernel, op.window.stride, data[1:3], strict=True)
    )
    batch = np.arange(data[0])[:, None, None] * data[1]
    elements: NDArray[np.int64] = ((batch + rows[:, None]) * data[2] + columns) * data[3]
    return elements.reshape(-1)


def check_transpose_conv(op: TransposeConv, subject: Subject) -> Iterator[Finding]:
    """Weights and biases as for a convolution. A computed shape is not looked at: the output tensor has one."""
    yield from check_activation(op.activation, subject)
    weights, data, bias = subject.input(1), subject.input(2), op.optional_input(3)
    biases = None if bias is None else subject.graph.tensors[bias]
    problems: list[Finding] = []
    if biases is not None:
        problems += check_constant(subject, biases, _BIAS_TYPES[data.dtype], "biases")
    if data.dtype is DType.FLOAT32:
        problems += check_constant(subject, weights, DType.FLOAT32, "weights")
    else:
        problems += check_symmetric_weights(subject, weights, axis=0)
        problems += check_single_scales(subject, (data, subject.output))
        problems += check_symmetric(subject)
    yield from problems
    if not problems and data.dtype is not DType.FLOAT32:
        factors = convolution_factors(data, weights, subject.output)
        yield from check_factors(subject, factors, MAX_SHIFTS[data.dtype])
        yield from check_sums(subject, weights, biases, data.dtype)


ENTRIES: Mapping[str, Entry] = {
    "TRANSPOSE_CONV": Entry(
        lower_transpose_conv,
        (
            Types((INT32, INT8, INT8), INT8),
            Types((INT32, INT8, INT16), INT16),
            Types((INT32, FLOAT, FLOAT), FLOAT),
        ),
        check_transpose_conv,
        needs_scales=False,
        limits="weights and biases (int64 for int16) are constants, and no sum can overflow",
    ),
}

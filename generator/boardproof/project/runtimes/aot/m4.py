"""Specialised kernels for cores with the DSP extension (Armv7E-M): which operator can have which.

An offer is made only where the kernel is proved to give the portable kernel's result: see pack.py and rescale.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.fixed_point import quantize_multiplier
from boardproof.model.graph import Add, AveragePool2D, Conv2D, DepthwiseConv2D, DType, FullyConnected, MaxPool2D
from boardproof.project.runtimes.aot.lower_conv import window_fields, window_text
from boardproof.project.runtimes.aot.lower_pool import lower_pool
from boardproof.project.runtimes.aot.m4_add import linear_addition
from boardproof.project.runtimes.aot.operands import (
    activation_range,
    activation_text,
    convolution_factors,
    dense_factors,
    flow_text,
    quantization,
    shape_text,
)
from boardproof.project.runtimes.aot.overlap import first_reads, padding_before, safe_offset
from boardproof.project.runtimes.aot.pack import UNIT, Linear, pack_dense, pack_depthwise3, pack_gemm
from boardproof.project.runtimes.aot.program import InPlace, Params, Step, Table

if TYPE_CHECKING:
    from boardproof.model.graph import Graph, SupportedOperator, Tensor
    from boardproof.project.runtimes.aot.program import Value

PIXELS = 4
"""Output pixels of a block: NN_GEMM_PIXELS."""

MAX_AVERAGED = 256
"""Elements whose sum fits in 16 bits."""


def choose_m4(op: SupportedOperator, graph: Graph) -> Step | None:
    """The step with a kernel for the DSP extension; None where there is none for this operator."""
    match op:
        case Conv2D():
            return conv2d(op, graph)
        case DepthwiseConv2D():
            return depthwise3(op, graph)
        case FullyConnected():
            return fully_connected(op, graph)
        case Add():
            return add(op, graph)
        case AveragePool2D() | MaxPool2D():
            return pool(op, graph)
        case _:
            return None


def conv2d(op: Conv2D, graph: Graph) -> Step | None:
    """One nn_conv2d_s8_m4, for one image and one group of channels."""
    data, weights, output = (graph.tensors[i] for i in (*op.inputs[:2], op.output))
    if data.shape[0] != 1 or data.shape[3] != weights.shape[3] or not _is_int8(data, weights):
        return None
    gemm = pack_gemm(_linear(op, graph, weights.array().reshape(weights.shape[0], -1)))
    if gemm is None:
        return None
    kernel, channels = (weights.shape[1], weights.shape[2]), weights.shape[0]
    fields: tuple[tuple[str, Value], ...] = (
        *window_fields(data, output, kernel, op.window),
        ("input_channels", data.shape[3]),
        ("output_channels", channels),
        ("input_zero_point", quantization(data).zero_point),
        ("gemm.stream", Table("stream", gemm.stream, f"biases, weights, factors, {weights.label}", weights.index)),
        ("gemm.units", gemm.units),
        ("gemm.pairs", gemm.pairs),
        ("gemm.round", gemm.round),
        ("gemm.shift", gemm.shift),
    )
    pixels = output.shape[1] * output.shape[2]
    gathered = UNIT * gemm.units if data.shape[3] % UNIT else 0
    tile = 2 * PIXELS * gemm.pairs if pixels % PIXELS or channels % 2 else 0
    reads = first_reads(data.shape, kernel, op.window)
    ends = np.minimum(np.arange(1, -(-pixels // PIXELS) + 1) * PIXELS, pixels) * channels
    offset = safe_offset(np.minimum.reduceat(reads, np.arange(0, pixels, PIXELS)), ends, reads_first=True)
    return Step(
        operator=op.index,
        implements=(op.index,),
        kernel="nn_conv2d_s8_m4",
        header="nn_conv2d_m4.h",
        params=Params("nn_conv2d_s8_m4", fields),
        inputs=(op.input,),
        outputs=(op.output,),
        scratch_bytes=2 * PIXELS * UNIT * gemm.units + gathered + tile,
        in_place=(InPlace(0, offset),),
        description=f"{flow_text(data, output)}, {window_text(kernel, op.window)}{activation_text(op.activation)}",
    )


def depthwise3(op: DepthwiseConv2D, graph: Graph) -> Step | None:
    """One nn_depthwise3_s8_m4: 3x3, stride 1 or 2, channels divisible by 4."""
    data, weights, output = (graph.tensors[i] for i in (*op.inputs[:2], op.output))
    pads = padding_before((data.shape[1], data.shape[2]), (3, 3), op.window)
    if (
        weights.shape[1:3] != (3, 3)
        or op.window.stride not in {(1, 1), (2, 2)}
        or op.window.dilation != (1, 1)
        or op.depth_multiplier != 1
        or data.shape[0] != 1
        or data.shape[3] % UNIT
        or max(pads) > 1
        or not _is_int8(data, weights)
    ):
        return None
    rows, columns = ((data.shape[axis], output.shape[axis], pads[axis - 1]) for axis in (1, 2))
    along_columns = _line_cost(output.shape[1], output.shape[2]) < _line_cost(output.shape[2], output.shape[1])
    packed = pack_depthwise3(_linear(op, graph, weights.array().reshape(9, -1).T), transpose=along_columns)
    if packed is None:
        return None
    channels = data.shape[3]
    row_axis = (*rows, data.shape[2] * channels, output.shape[2] * channels)
    column_axis = (*columns, channels, channels)
    line, across = (row_axis, column_axis) if along_columns else (column_axis, row_axis)
    fields: tuple[tuple[str, Value], ...] = (
        *_axis_fields("line", line),
        *_axis_fields("across", across),
        ("channels", channels),
        ("stride", op.window.stride[0]),
        ("input_zero_point", quantization(data).zero_point),
        ("one_sided", int(packed.one_sided)),
        ("round", packed.round),
        ("stream", Table("stream", packed.stream, f"biases, factors, weights, {weights.label}", weights.index)),
    )
    words = -(-line[1] // 2) * op.window.stride[0] + 1
    return Step(
        operator=op.index,
        implements=(op.index,),
        kernel="nn_depthwise3_s8_m4",
        header="nn_depthwise_m4.h",
        params=Params("nn_depthwise3_s8_m4", fields),
        inputs=(op.input,),
        outputs=(op.output,),
        scratch_bytes=48 * words + 160,
        in_place=(InPlace(0),) if data.shape == output.shape else (),
        description=f"{flow_text(data, output)}, {window_text((3, 3), op.window)}{activation_text(op.activation)}",
    )


def fully_connected(op: FullyConnected, graph: Graph) -> Step | None:
    """One nn_fully_connected_s8_m4."""
    data, weights, output = (graph.tensors[i] for i in (*op.inputs[:2], op.output))
    if not _is_int8(data, weights):
        return None
    packed = pack_dense(_linear(op, graph, weights.array()))
    if packed is None:
        return None
    size, depth = weights.shape
    batches = np.arange(data.elements // depth)
    fields: tuple[tuple[str, Value], ...] = (
        ("batches", batches.size),
        ("input_size", depth),
        ("output_size", size),
        ("stream", Table("stream", packed.stream, f"biases and weights, {weights.label}", weights.index)),
        ("multiplier", packed.multiplier),
        ("shift", packed.shift),
        ("round", packed.round),
        ("one_sided", int(packed.one_sided)),
    )
    return Step(
        operator=op.index,
        implements=(op.index,),
        kernel="nn_fully_connected_s8_m4",
        header="nn_fully_connected_m4.h",
        params=Params("nn_fully_connected_s8_m4", fields),
        inputs=(op.input,),
        outputs=(op.output,),
        scratch_bytes=8 * -(-depth // UNIT),
        in_place=(InPlace(0, safe_offset(batches * depth, (batches + 1) * size, reads_first=True)),),
        description=flow_text(data, output) + activation_text(op.activation),
    )


def add(op: Add, graph: Graph) -> Step | None:
    """One nn_add_s8_m4, for two inputs of one shape."""
    first, second, output = (graph.tensors[i] for i in (*op.inputs[:2], op.output))
    if first.shape != second.shape or output.dtype is not DType.INT8:
        return None
    found = linear_addition(first, second, output, activation_range(op.activation, output))
    if found is None:
        return None
    fields: tuple[tuple[str, Value], ...] = (
        ("count", output.elements),
        ("factor1", found.factor1),
        ("factor2", found.factor2),
        ("constant", found.constant),
        ("shift", found.shift),
    )
    return Step(
        operator=op.index,
        implements=(op.index,),
        kernel="nn_add_s8_m4",
        header="nn_add_m4.h",
        params=Params("nn_add_s8_m4", fields),
        inputs=op.inputs[:2],
        outputs=(op.output,),
        in_place=(InPlace(0), InPlace(1)),
        description=f"{shape_text(first)} + {shape_text(second)}" + activation_text(op.activation),
    )


def pool(op: AveragePool2D | MaxPool2D, graph: Graph) -> Step | None:
    """The portable pool's step with the other kernel, for channels divisible by 4."""
    data, output = graph.tensors[op.input], graph.tensors[op.output]
    is_average = isinstance(op, AveragePool2D)
    averaged = op.filter_size[0] * op.filter_size[1]
    if data.shape[3] % UNIT or data.dtype is not DType.INT8 or (is_average and averaged > MAX_AVERAGED):
        return None
    portable = lower_pool(op, graph)
    reads = first_reads(data.shape, op.filter_size, op.window)[:, None] + np.arange(0, data.shape[3], UNIT)
    offset = safe_offset(reads.reshape(-1), np.arange(1, reads.size + 1) * UNIT, reads_first=True)
    return Step(
        operator=op.index,
        implements=(op.index,),
        kernel=portable.kernel + "_m4",
        header="nn_pool_m4.h",
        params=portable.params,
        inputs=(op.input,),
        outputs=(op.output,),
        in_place=(InPlace(0, offset),),
        description=portable.description,
    )


def _is_int8(data: Tensor, weights: Tensor) -> bool:
    return data.dtype is DType.INT8 and weights.dtype is DType.INT8


def _linear(op: Conv2D | DepthwiseConv2D | FullyConnected, graph: Graph, weights: np.ndarray) -> Linear:
    """The layer as a matrix; `weights`: int8 [channels, inputs]."""
    data, filters, output = (graph.tensors[i] for i in (*op.inputs[:2], op.output))
    bias = op.optional_input(2)
    factors = dense_factors if isinstance(op, FullyConnected) else convolution_factors
    pairs = np.array([quantize_multiplier(factor) for factor in factors(data, filters, output)], np.int64)
    multiplier, shift = np.broadcast_to(pairs, (weights.shape[0], 2)).T
    return Linear(
        weights=weights.astype(np.int8),
        bias=np.zeros(weights.shape[0], np.int64) if bias is None else graph.tensors[bias].array().astype(np.int64),
        multiplier=multiplier,
        shift=shift,
        input_zero_point=quantization(data).zero_point,
        output_zero_point=quantization(output).zero_point,
        activation=activation_range(op.activation, output),
    )


def _line_cost(line: int, across: int) -> int:
    """Pairs of outputs computed, and about two pairs' time to begin a line."""
    return across * (-(-line // 2) + 2)


def _axis_fields(name: str, axis: tuple[int, ...]) -> tuple[tuple[str, int], ...]:
    members = ("input_size", "output_size", "pad", "input_step", "output_step")
    return tuple((f"{name}.{member}", value) for member, value in zip(members, axis, strict=True))

"""Specialised kernels for cores with the DSP extension (Armv7E-M): which operator can have which.

An offer is made only where the kernel is proved to give the portable kernel's result: see pack.py, rescale.py and
m4_add.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.graph import (
    AveragePool2D,
    Binary,
    BinaryFunction,
    Conv2D,
    DepthwiseConv2D,
    DType,
    FullyConnected,
    MaxPool2D,
)
from boardproof.project.runtimes.aot.lower_pool import lower_pool
from boardproof.project.runtimes.aot.m4_add import linear_addition
from boardproof.project.runtimes.aot.m4_conv import choose_convolution
from boardproof.project.runtimes.aot.m4_depthwise import choose_depthwise
from boardproof.project.runtimes.aot.m4_linear import is_int8, linear_layer
from boardproof.project.runtimes.aot.operands import (
    INT8_MAX,
    INT8_MIN,
    activation_range,
    activation_text,
    flow_text,
    shape_text,
)
from boardproof.project.runtimes.aot.overlap import first_reads, safe_offset
from boardproof.project.runtimes.aot.pack import UNIT, pack_dense
from boardproof.project.runtimes.aot.program import InPlace, Params, Step, Table

if TYPE_CHECKING:
    from boardproof.model.graph import Graph, Operator
    from boardproof.project.runtimes.aot.m4_add import LinearAddition
    from boardproof.project.runtimes.aot.program import Value

WITH_ADD = {
    "nn_conv2d_rows_s8_m4": "nn_conv2d_rows_add_s8_m4",
    "nn_pointwise_s8_m4": "nn_pointwise_add_s8_m4",
}
"""Convolutions that can have an addition after them."""

MAX_AVERAGED = 256
"""Elements whose sum fits in 16 bits."""


def choose_m4(op: Operator, graph: Graph) -> Step | None:
    """The step with a kernel for the DSP extension; None where there is none for this operator."""
    match op:
        case Conv2D():
            return choose_convolution(op, graph)
        case DepthwiseConv2D():
            return choose_depthwise(op, graph)
        case FullyConnected():
            return fully_connected(op, graph)
        case Binary(function=BinaryFunction.ADD):
            return add(op, graph)
        case AveragePool2D() | MaxPool2D():
            return pool(op, graph)
        case _:
            return None


def fully_connected(op: FullyConnected, graph: Graph) -> Step | None:
    """One nn_fully_connected_s8_m4."""
    data, weights, output = (graph.tensors[i] for i in (*op.inputs[:2], op.output))
    if not is_int8(data, weights):
        return None
    packed = pack_dense(linear_layer(op, graph, weights.array()))
    if packed is None:
        return None
    low, high = activation_range(op.activation, output)
    size, depth = weights.shape
    batches = np.arange(data.elements // depth)
    fields: tuple[tuple[str, Value], ...] = (
        ("batches", batches.size),
        ("input_size", depth),
        ("output_size", size),
        ("activation_min", low),
        ("activation_max", high),
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


def add(op: Binary, graph: Graph) -> Step | None:
    """One nn_add_s8_m4 for two inputs of one shape, or part of the convolution that comes just before."""
    first, second, output = (graph.tensors[i] for i in (*op.inputs[:2], op.output))
    if first.shape != second.shape or output.dtype is not DType.INT8:
        return None
    found = linear_addition(first, second, output, activation_range(op.activation, output))
    if found is None:
        return None
    return with_convolution(op, graph, found) or addition(op, graph, found)


def addition(op: Binary, graph: Graph, found: LinearAddition) -> Step:
    """One nn_add_s8_m4."""
    first, output = graph.tensors[op.input], graph.tensors[op.output]
    return Step(
        operator=op.index,
        implements=(op.index,),
        kernel="nn_add_s8_m4",
        header="nn_add_m4.h",
        params=Params("nn_add_s8_m4", found.fields(output.elements)),
        inputs=op.inputs[:2],
        outputs=(op.output,),
        in_place=(InPlace(0), InPlace(1)),
        description=f"{shape_text(first)} + {shape_text(first)}" + activation_text(op.activation),
    )


def with_convolution(op: Binary, graph: Graph, found: LinearAddition) -> Step | None:
    """The kernel of the convolution just before the addition, with it; None if nothing fits."""
    position = graph.operators.index(op)
    before = graph.operators[position - 1] if position else None
    if not isinstance(before, Conv2D) or before.output not in op.inputs or op.inputs[0] == op.inputs[1]:
        return None
    others = [o for o in graph.operators if o is not op and before.output in o.inputs]
    convolution = choose_convolution(before, graph, with_tile=True)
    clamped = activation_range(before.activation, graph.tensors[before.output]) != (INT8_MIN, INT8_MAX)
    if clamped or others or before.output in graph.outputs or convolution is None or convolution.kernel not in WITH_ADD:
        return None
    kernel, summand = WITH_ADD[convolution.kernel], op.inputs.index(before.output)
    channels = graph.tensors[op.output].shape[-1]
    fields = (
        *((f"conv.{name}", value) for name, value in convolution.params.fields),
        *((f"add.{name}", value) for name, value in found.ordered(summand).fields(channels)),
    )
    return Step(
        operator=op.index,
        implements=(before.index, op.index),
        kernel=kernel,
        header=convolution.header,
        params=Params(kernel, fields),
        inputs=(before.input, op.inputs[1 - summand]),
        outputs=(op.output,),
        scratch_bytes=convolution.scratch_bytes,
        in_place=(*convolution.in_place, InPlace(1)),
        description=f"{convolution.description}, + {shape_text(graph.tensors[op.output])}"
        + activation_text(op.activation),
    )


def pool(op: AveragePool2D | MaxPool2D, graph: Graph) -> Step | None:
    """The portable pool's step with the other kernel, for channels divisible by 4."""
    data = graph.tensors[op.input]
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

"""Specialised kernels for cores with the DSP extension (Armv7E-M): which operator can have which.

An offer is made only where the kernel is proved to give the portable kernel's result: see pack.py, rescale.py and
m4_add.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.graph import Add, AveragePool2D, Conv2D, DepthwiseConv2D, DType, FullyConnected, MaxPool2D
from boardproof.project.runtimes.aot.lower_pool import lower_pool
from boardproof.project.runtimes.aot.m4_add import linear_addition
from boardproof.project.runtimes.aot.m4_conv import choose_convolution
from boardproof.project.runtimes.aot.m4_depthwise import choose_depthwise
from boardproof.project.runtimes.aot.m4_linear import is_int8, linear_layer
from boardproof.project.runtimes.aot.operands import activation_range, activation_text, flow_text, shape_text
from boardproof.project.runtimes.aot.overlap import first_reads, safe_offset
from boardproof.project.runtimes.aot.pack import UNIT, pack_dense
from boardproof.project.runtimes.aot.program import InPlace, Params, Step, Table

if TYPE_CHECKING:
    from boardproof.model.graph import Graph, SupportedOperator
    from boardproof.project.runtimes.aot.program import Value

MAX_AVERAGED = 256
"""Elements whose sum fits in 16 bits."""


def choose_m4(op: SupportedOperator, graph: Graph) -> Step | None:
    """The step with a kernel for the DSP extension; None where there is none for this operator."""
    match op:
        case Conv2D():
            return choose_convolution(op, graph)
        case DepthwiseConv2D():
            return choose_depthwise(op, graph)
        case FullyConnected():
            return fully_connected(op, graph)
        case Add():
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

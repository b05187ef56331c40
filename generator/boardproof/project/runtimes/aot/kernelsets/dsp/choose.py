"""Specialised kernels for cores with the DSP extension (Armv7E-M): which operator can have which.

An offer is made only where the kernel is proved to give the portable kernel's result: see pack.py, rescale.py and
add.py.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from boardproof.model.graph import (
    AveragePool2D,
    BatchMatMul,
    Binary,
    BinaryFunction,
    Conv2D,
    DepthwiseConv2D,
    DType,
    FullyConnected,
    MaxPool2D,
    Prelu,
    Reduce,
    Reduction,
    SequenceLstm,
    Svdf,
    TransposeConv,
)
from boardproof.model.operators.signal import (
    SignalEnergy,
    SignalFftAutoScale,
    SignalFilterBank,
    SignalRfft,
    SignalWindow,
)
from boardproof.project.runtimes.aot.kernelsets.dsp.add import LinearAddition, linear_addition, table_addition
from boardproof.project.runtimes.aot.kernelsets.dsp.any_window import any_depthwise
from boardproof.project.runtimes.aot.kernelsets.dsp.conv import choose_convolution
from boardproof.project.runtimes.aot.kernelsets.dsp.dense import choose_dense
from boardproof.project.runtimes.aot.kernelsets.dsp.int16 import (
    choose_add_s16,
    choose_convolution_s16,
    choose_dense_s16,
    choose_depthwise_s16,
    is_int16,
)
from boardproof.project.runtimes.aot.kernelsets.dsp.lstm import choose_lstm
from boardproof.project.runtimes.aot.kernelsets.dsp.pack import UNIT
from boardproof.project.runtimes.aot.kernelsets.dsp.pairs import choose_pairs
from boardproof.project.runtimes.aot.kernelsets.dsp.pools import pixel_maxima, pixel_sums, pool, run_sums
from boardproof.project.runtimes.aot.kernelsets.dsp.products import choose_product
from boardproof.project.runtimes.aot.kernelsets.dsp.rearranged import (
    fastest_convolution,
    fastest_depthwise,
    grouped,
)
from boardproof.project.runtimes.aot.kernelsets.dsp.signal import choose_signal
from boardproof.project.runtimes.aot.kernelsets.dsp.svdf import choose_svdf
from boardproof.project.runtimes.aot.kernelsets.dsp.transpose_conv import choose_transpose_conv
from boardproof.project.runtimes.aot.operands import (
    INT8_MAX,
    INT8_MIN,
    activation_range,
    activation_text,
    shape_text,
)
from boardproof.project.runtimes.aot.program import InPlace, Params, Step, Table

if TYPE_CHECKING:
    from boardproof.model.graph import Graph, Operator
    from boardproof.project.runtimes.aot.kernelsets.types import Tuning

WITH_ADD = {
    "nn_conv2d_rows_s8_dsp": "nn_conv2d_rows_add_s8_dsp",
    "nn_pointwise_s8_dsp": "nn_pointwise_add_s8_dsp",
    "nn_winograd_s8_dsp": "nn_winograd_add_s8_dsp",
}
"""Convolutions that can have an addition after them."""

ADDED_TICKS = 10
"""Instructions of an addition in a convolution that has its own estimate, for each output."""


def choose_dsp(op: Operator, graph: Graph, tuning: Tuning) -> Step | None:
    """The step with a kernel for the DSP extension; None where there is none for this operator."""
    step: Step | None = None
    match op:
        case Conv2D() | DepthwiseConv2D() | FullyConnected() | TransposeConv() | BatchMatMul():
            step = choose_products(op, graph, tuning)
        case Binary() | Prelu():
            step = pair(op, graph, tuning)
        case SequenceLstm():
            step = choose_lstm(op, graph)
        case Svdf():
            step = choose_svdf(op, graph)
        case AveragePool2D() | MaxPool2D():
            step = pool(op, graph)
        case Reduce(function=Reduction.MEAN | Reduction.SUM):
            step = pixel_sums(op, graph) or run_sums(op, graph)
        case Reduce(function=Reduction.REDUCE_MAX):
            step = pixel_maxima(op, graph)
        case SignalEnergy() | SignalFftAutoScale() | SignalFilterBank() | SignalRfft() | SignalWindow():
            step = choose_signal(op, graph)
        case _:
            pass
    return step


def choose_products(
    op: Conv2D | DepthwiseConv2D | FullyConnected | TransposeConv | BatchMatMul, graph: Graph, tuning: Tuning
) -> Step | None:
    """The same for an operator that is multiply-accumulates."""
    match op:
        case Conv2D() | DepthwiseConv2D() | FullyConnected() if is_int16(op, graph):
            return choose_int16(op, graph)
        case Conv2D():
            return fastest_convolution(op, graph, tuning) or grouped(op, graph, tuning)
        case DepthwiseConv2D():
            found = any_depthwise(op, graph) if has_one_window(op, graph) else None
            return found or fastest_depthwise(op, graph, tuning)
        case FullyConnected():
            return choose_dense(op, graph) or choose_product(op, graph)
        case TransposeConv():
            return choose_transpose_conv(op, graph, tuning)
        case BatchMatMul():
            return choose_product(op, graph)


def has_one_window(op: DepthwiseConv2D, graph: Graph) -> bool:
    """Whether there is nothing to share unpacked inputs with, as in networks that take one more step of a stream."""
    height, width, channels = graph.tensors[op.output].shape[1:]
    return height == width == op.depth_multiplier == 1 and channels % UNIT == 0


def choose_int16(op: Conv2D | DepthwiseConv2D | FullyConnected, graph: Graph) -> Step | None:
    """The same for a layer of int16 activations."""
    match op:
        case Conv2D():
            return choose_convolution_s16(op, graph)
        case DepthwiseConv2D():
            return choose_depthwise_s16(op, graph)
        case FullyConnected():
            return choose_dense_s16(op, graph)


def pair(op: Binary | Prelu, graph: Graph, tuning: Tuning) -> Step | None:
    """The same for arithmetic of two tensors."""
    if isinstance(op, Binary) and op.function is BinaryFunction.ADD:
        return add(op, graph, tuning) or choose_pairs(op, graph)
    return choose_pairs(op, graph)


def add(op: Binary, graph: Graph, tuning: Tuning) -> Step | None:
    """One nn_add_s8_dsp for two inputs of one shape, or part of the convolution that comes just before."""
    first, second, output = (graph.tensors[i] for i in (*op.inputs[:2], op.output))
    if output.dtype is DType.INT16:
        return choose_add_s16(op, graph)
    if first.shape != second.shape or output.dtype is not DType.INT8:
        return None
    found = linear_addition(first, second, output, activation_range(op.activation, output))
    if found is None:
        return addition_by_table(op, graph)
    return with_convolution(op, graph, found, tuning) or addition(op, graph, found)


def addition(op: Binary, graph: Graph, found: LinearAddition) -> Step:
    """One nn_add_s8_dsp."""
    first, output = graph.tensors[op.input], graph.tensors[op.output]
    return Step(
        operator=op.index,
        implements=(op.index,),
        kernel="nn_add_s8_dsp",
        header="nn_add_dsp.h",
        params=Params("nn_add_s8_dsp", found.fields(output.elements)),
        inputs=op.inputs[:2],
        outputs=(op.output,),
        in_place=(InPlace(0), InPlace(1)),
        description=f"{shape_text(first)} + {shape_text(first)}" + activation_text(op.activation),
    )


def addition_by_table(op: Binary, graph: Graph) -> Step | None:
    """One nn_add_table_s8_dsp."""
    first, second, output = (graph.tensors[i] for i in (*op.inputs[:2], op.output))
    found = table_addition(first, second, output)
    if found is None:
        return None
    low, high = activation_range(op.activation, output)
    looked_up = (first, second)[found.first]
    fields = (
        ("count", output.elements),
        ("activation_min", low),
        ("activation_max", high),
        ("table", Table("table", found.table, f"{looked_up.label}, rescaled")),
        ("multiplier", found.multiplier),
        ("shift", found.shift),
        ("round", found.round),
    )
    step = addition(op, graph, LinearAddition(0, 0, 0, 0, (low, high)))
    kernel = "nn_add_table_s8_dsp"
    inputs = (op.inputs[found.first], op.inputs[1 - found.first])
    return replace(step, kernel=kernel, params=Params(kernel, fields), inputs=inputs)


def with_convolution(op: Binary, graph: Graph, found: LinearAddition, tuning: Tuning) -> Step | None:
    """The kernel of the convolution just before the addition, with it; None if nothing fits."""
    position = graph.operators.index(op)
    before = graph.operators[position - 1] if position else None
    if not isinstance(before, Conv2D) or before.output not in op.inputs or op.inputs[0] == op.inputs[1]:
        return None
    others = [o for o in graph.operators if o is not op and before.output in o.inputs]
    convolution = choose_convolution(before, graph, tuning, with_tile=True)
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
        ticks=None
        if convolution.ticks is None
        else convolution.ticks + ADDED_TICKS * graph.tensors[op.output].elements,
    )

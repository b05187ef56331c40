"""CONV_2D to the _m4 convolutions: which of the four, and its parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from boardproof.project.runtimes.aot.lower_conv import window_fields, window_text
from boardproof.project.runtimes.aot.m4_linear import is_int8, linear_layer
from boardproof.project.runtimes.aot.operands import activation_text, flow_text, quantization
from boardproof.project.runtimes.aot.overlap import first_reads, safe_offset
from boardproof.project.runtimes.aot.pack import UNIT, pack_gemm
from boardproof.project.runtimes.aot.program import InPlace, Params, Step, Table

if TYPE_CHECKING:
    from boardproof.model.graph import Conv2D, Graph
    from boardproof.project.runtimes.aot.pack import Gemm
    from boardproof.project.runtimes.aot.program import Value

PIXELS = 4
"""Output pixels of a block: NN_GEMM_PIXELS."""

ROWS_SCRATCH_BYTES = 3072
"""What a convolution may take for unpacked rows without looking at the rest of the network."""

ROWS_WASTE = 1 / 12
"""Largest part of computed pixels that may be thrown away for having unpacked rows."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A convolution's sizes, in elements."""

    data: tuple[int, ...]
    output: tuple[int, ...]
    kernel: tuple[int, int]
    stride: tuple[int, int]
    dilation: tuple[int, int]

    @property
    def channels(self) -> tuple[int, int]:
        """Input and output channels."""
        return self.data[3], self.output[3]

    @property
    def pixels(self) -> int:
        """Output pixels."""
        return self.output[1] * self.output[2]


def choose_convolution(op: Conv2D, graph: Graph) -> Step | None:
    """The step with the kernel for its window; None for several images or groups, or if it cannot be packed."""
    data, weights, output = (graph.tensors[i] for i in (*op.inputs[:2], op.output))
    if data.shape[0] != 1 or data.shape[3] != weights.shape[3] or not is_int8(data, weights):
        return None
    shape = Shape(data.shape, output.shape, (weights.shape[1], weights.shape[2]), op.window.stride, op.window.dilation)
    whole_units = shape.channels[0] % UNIT == 0
    columns = strip_columns(shape, ROWS_SCRATCH_BYTES + slack_bytes(op, graph))
    if not whole_units and shape.dilation != (1, 1):
        return None
    order = (0, 2, 1, 3) if whole_units and columns else (0, 1, 2, 3)
    gemm = pack_gemm(linear_layer(op, graph, weights.array().transpose(order).reshape(weights.shape[0], -1)))
    if gemm is None:
        return None
    if whole_units and shape.kernel == shape.stride == (1, 1):
        return pointwise(op, graph, shape, gemm)
    if not whole_units:
        return narrow(op, graph, shape, gemm)
    return rows(op, graph, shape, gemm, columns) if columns else windows(op, graph, shape, gemm)


def pointwise(op: Conv2D, graph: Graph, shape: Shape, gemm: Gemm) -> Step:
    """nn_pointwise_s8_m4: no windows at all."""
    fields = (("pixels", shape.pixels), *_channel_fields(shape))
    reads = np.arange(0, shape.pixels, PIXELS) * shape.channels[0]
    tile = _tile_bytes(gemm, shape, PIXELS)
    return _step(op, graph, "nn_pointwise_s8_m4", (*fields, *_gemm_fields(op, graph, gemm)), gemm, tile, reads)


def windows(op: Conv2D, graph: Graph, shape: Shape, gemm: Gemm) -> Step:
    """nn_conv2d_s8_m4: every window unpacked by itself."""
    data = graph.tensors[op.input]
    firsts = first_reads(data.shape, shape.kernel, op.window)
    reads = np.minimum.reduceat(firsts, np.arange(0, shape.pixels, PIXELS))
    fields = _window_fields(op, graph, shape, gemm)
    return _step(op, graph, "nn_conv2d_s8_m4", fields, gemm, _tile_bytes(gemm, shape, PIXELS), reads)


def narrow(op: Conv2D, graph: Graph, shape: Shape, gemm: Gemm) -> Step:
    """nn_conv2d_narrow_s8_m4: few channels."""
    columns = (shape.output[2] - 1) * shape.stride[1] + shape.kernel[1]
    row_bytes = -(-(columns * shape.channels[0] + 4) // 4) * 4
    extra = 4 * gemm.units + 4 + shape.kernel[0] * row_bytes + _tile_bytes(gemm, shape, PIXELS)
    fields = _window_fields(op, graph, shape, gemm)
    return _step(op, graph, "nn_conv2d_narrow_s8_m4", fields, gemm, extra, None)


def rows(op: Conv2D, graph: Graph, shape: Shape, gemm: Gemm, columns: int) -> Step:
    """nn_conv2d_rows_s8_m4: rows unpacked once for all the windows that cover them."""
    fields = _window_fields(op, graph, shape, gemm, ("columns", columns))
    extra = strip_bytes(shape, columns) - 2 * PIXELS * UNIT * gemm.units
    tile = 2 * PIXELS * gemm.pairs if shape.output[2] % (PIXELS * columns) or shape.channels[1] % 2 else 0
    return _step(op, graph, "nn_conv2d_rows_s8_m4", fields, gemm, extra + tile, None)


def strip_columns(shape: Shape, budget_bytes: int) -> int:
    """Output columns of each pixel of a strip for nn_conv2d_rows_s8_m4; 0 if another kernel serves better.

    The largest that fits the budget and wastes little; windows must overlap for rows to be worth keeping.
    """
    overlap = any(k > s for k, s in zip(shape.kernel, shape.stride, strict=True))
    fits = all(k >= s for k, s in zip(shape.kernel, shape.stride, strict=True))
    if not (overlap and fits and shape.dilation == (1, 1)):
        return 0
    width = shape.output[2]
    for columns in range(-(-width // PIXELS), 0, -1):
        computed = -(-width // (PIXELS * columns)) * PIXELS * columns
        if strip_bytes(shape, columns) <= budget_bytes and computed - width <= ROWS_WASTE * width:
            return columns
    return 0


def strip_bytes(shape: Shape, columns: int) -> int:
    """The block of nn_conv2d_rows_s8_m4."""
    input_columns = (columns - 1) * shape.stride[1] + shape.kernel[1]
    return 2 * PIXELS * shape.channels[0] * shape.kernel[0] * input_columns


def slack_bytes(op: Conv2D, graph: Graph) -> int:
    """By how much activations alive at this operator stay below the most that are alive at any."""
    alive = _alive_bytes(graph)
    return max(alive) - alive[graph.operators.index(op)]


def _alive_bytes(graph: Graph) -> list[int]:
    """For each operator, the size of all run-time tensors that exist while it runs; no sharing."""
    count = len(graph.operators)
    uses = {t: [-1] for t in graph.inputs} | {}
    for position, op in enumerate(graph.operators):
        for tensor in (*op.inputs, *op.outputs):
            if tensor >= 0 and not graph.tensors[tensor].is_constant:
                uses.setdefault(tensor, []).append(position)
    for tensor in graph.outputs:
        uses.setdefault(tensor, []).append(count)
    return [
        sum(graph.tensors[t].size_bytes for t, when in uses.items() if min(when) <= position <= max(when))
        for position in range(count)
    ]


def _channel_fields(shape: Shape) -> tuple[tuple[str, Value], ...]:
    return (("input_channels", shape.channels[0]), ("output_channels", shape.channels[1]))


def _window_fields(
    op: Conv2D, graph: Graph, shape: Shape, gemm: Gemm, *more: tuple[str, Value]
) -> tuple[tuple[str, Value], ...]:
    data, output = graph.tensors[op.input], graph.tensors[op.output]
    return (
        *window_fields(data, output, shape.kernel, op.window),
        *_channel_fields(shape),
        ("input_zero_point", quantization(data).zero_point),
        *more,
        *_gemm_fields(op, graph, gemm),
    )


def _gemm_fields(op: Conv2D, graph: Graph, gemm: Gemm) -> tuple[tuple[str, Value], ...]:
    weights = graph.tensors[op.inputs[1]]
    stream = Table("stream", gemm.stream, f"biases, weights, factors, {weights.label}", weights.index)
    return (
        ("gemm.stream", stream),
        ("gemm.units", gemm.units),
        ("gemm.pairs", gemm.pairs),
        ("gemm.round", gemm.round),
        ("gemm.shift", gemm.shift),
    )


def _tile_bytes(gemm: Gemm, shape: Shape, block: int) -> int:
    """Room for outputs of blocks that are not full, if there are any."""
    return 2 * PIXELS * gemm.pairs if shape.pixels % block or shape.channels[1] % 2 else 0


def _step(
    op: Conv2D,
    graph: Graph,
    kernel: str,
    fields: tuple[tuple[str, Value], ...],
    gemm: Gemm,
    extra_bytes: int,
    reads: np.ndarray[tuple[int], np.dtype[np.int64]] | None,
) -> Step:
    """`reads`: the first byte each block of pixels reads, if a block's output may overwrite input."""
    data, weights, output = (graph.tensors[i] for i in (*op.inputs[:2], op.output))
    in_place: tuple[InPlace, ...] = ()
    if reads is not None:
        pixels = output.shape[1] * output.shape[2]
        ends = np.minimum((np.arange(reads.size) + 1) * PIXELS, pixels) * output.shape[3]
        in_place = (InPlace(0, safe_offset(reads, ends, reads_first=True)),)
    text = f"{flow_text(data, output)}, {window_text((weights.shape[1], weights.shape[2]), op.window)}"
    return Step(
        operator=op.index,
        implements=(op.index,),
        kernel=kernel,
        header="nn_conv2d_m4.h",
        params=Params(kernel, fields),
        inputs=(op.input,),
        outputs=(op.output,),
        scratch_bytes=2 * PIXELS * UNIT * gemm.units + extra_bytes,
        in_place=in_place,
        description=text + activation_text(op.activation),
    )

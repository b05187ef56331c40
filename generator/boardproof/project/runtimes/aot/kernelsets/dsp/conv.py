"""CONV_2D to the _dsp convolutions: which of the five, and its parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.macs import macs
from boardproof.project.runtimes.aot.kernelsets.dsp.costs import COSTS
from boardproof.project.runtimes.aot.kernelsets.dsp.dense import choose_dense
from boardproof.project.runtimes.aot.kernelsets.dsp.linear import is_int8, linear_layer
from boardproof.project.runtimes.aot.kernelsets.dsp.pack import (
    UNIT,
    Gemm,
    pack_gemm,
)
from boardproof.project.runtimes.aot.kernelsets.dsp.winograd import fastest_winograd
from boardproof.project.runtimes.aot.operands import (
    activation_range,
    activation_text,
    flow_text,
    quantization,
)
from boardproof.project.runtimes.aot.operators.windows.convolution import window_fields, window_text
from boardproof.project.runtimes.aot.overlap import (
    first_reads,
    padding_before,
    places_inside,
    safe_offset,
)
from boardproof.project.runtimes.aot.program import InPlace, Params, Step, Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from boardproof.model.graph import Conv2D, DepthwiseConv2D, Graph
    from boardproof.project.runtimes.aot.kernelsets.types import Tuning
    from boardproof.project.runtimes.aot.program import Value

    Fields = tuple[tuple[str, Value], ...]
    Progress = tuple[NDArray[np.int64], NDArray[np.int64]]

PIXELS = 4
"""Output pixels of a block: NN_GEMM_PIXELS."""

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


@dataclass(frozen=True, slots=True)
class Layer:
    """A convolution on its way to a step."""

    op: Conv2D
    graph: Graph
    shape: Shape
    gemm: Gemm
    with_tile: bool = False

    @property
    def block_bytes(self) -> int:
        """Four windows, unpacked."""
        return 2 * PIXELS * UNIT * self.gemm.units

    @property
    def block_ends(self) -> NDArray[np.int64]:
        """Where each block of outputs ends, in bytes."""
        ends = np.minimum(np.arange(PIXELS, self.shape.pixels + PIXELS, PIXELS), self.shape.pixels)
        return ends * self.shape.channels[1]

    @property
    def row_progress(self) -> Progress:
        """For each output row, the first byte of the input that it is the first to read, and where it ends."""
        top = padding_before((self.shape.data[1], self.shape.data[2]), self.shape.kernel, self.op.window)[0]
        row = np.arange(self.shape.output[1])
        known = np.where(row > 0, (row - 1) * self.shape.stride[0] - top + self.shape.kernel[0], 0)
        reads = known.clip(0, self.shape.data[1]) * self.shape.data[2] * self.shape.data[3]
        return reads, (row + 1) * self.shape.output[2] * self.shape.output[3]

    @property
    def row_rereads(self) -> Progress:
        """As `row_progress`, for a kernel that reads all rows of a window again for each output row."""
        top = padding_before((self.shape.data[1], self.shape.data[2]), self.shape.kernel, self.op.window)[0]
        row = np.arange(self.shape.output[1])
        reads = (row * self.shape.stride[0] - top).clip(0) * self.shape.data[2] * self.shape.data[3]
        return reads, (row + 1) * self.shape.output[2] * self.shape.output[3]

    @property
    def channel_fields(self) -> Fields:
        """The members about channels and what they may hold."""
        low, high = activation_range(self.op.activation, self.graph.tensors[self.op.output])
        return (
            ("input_channels", self.shape.channels[0]),
            ("output_channels", self.shape.channels[1]),
            ("activation_min", low),
            ("activation_max", high),
        )

    @property
    def gemm_fields(self) -> Fields:
        """The `gemm` member."""
        weights = self.graph.tensors[self.op.inputs[1]]
        stream = Table("stream", self.gemm.stream, f"biases, weights, factors, {weights.label}", weights.index)
        return (
            ("gemm.stream", stream),
            ("gemm.units", self.gemm.units),
            ("gemm.pairs", self.gemm.pairs),
            ("gemm.round", self.gemm.round),
            ("gemm.shift", self.gemm.shift),
        )

    def window_fields(self, *more: tuple[str, Value]) -> Fields:
        """All members of a kernel with a window."""
        data, output = self.graph.tensors[self.op.input], self.graph.tensors[self.op.output]
        return (
            *window_fields(data, output, self.shape.kernel, self.op.window),
            *self.channel_fields,
            ("input_zero_point", quantization(data).zero_point),
            *more,
            *self.gemm_fields,
        )

    def tile_bytes(self, pixels: int) -> int:
        """Room for outputs that do not come in blocks of `pixels` and pairs, if there are any."""
        needed = self.with_tile or pixels % PIXELS or self.shape.channels[1] % 2
        return 2 * PIXELS * self.gemm.pairs if needed else 0

    def ticks(self, per_unit: float, per_block: int, blocks: int | None = None) -> int:
        """Instructions, about; fitted to what QEMU counts.

        Args:
            per_unit: Of laying out four pixels' windows, for each unit of one.
            per_block: Of whatever else there is for each block.
            blocks: How many there are, if not as few as there can be.
        """
        pair = 23 * self.gemm.units + (65 if self.gemm.round else 45)
        detour = 47 * self.shape.channels[1] if self.shape.channels[1] % 2 else 0
        count = -(-self.shape.pixels // PIXELS) if blocks is None else blocks
        return round(100 + count * (self.gemm.pairs * pair + per_unit * self.gemm.units + per_block + detour))

    def step(
        self, kernel: str, fields: Fields, scratch_bytes: int, progress: Progress | None, ticks: int | None = None
    ) -> Step:
        """The step. `progress`: what `safe_offset` takes; None if the output must not overlap the input."""
        data, output = self.graph.tensors[self.op.input], self.graph.tensors[self.op.output]
        text = f"{flow_text(data, output)}, {window_text(self.shape.kernel, self.op.window)}"
        return Step(
            operator=self.op.index,
            implements=(self.op.index,),
            kernel=kernel,
            header="nn_conv2d_dsp.h",
            params=Params(kernel, fields),
            inputs=(self.op.input,),
            outputs=(self.op.output,),
            scratch_bytes=scratch_bytes,
            in_place=() if progress is None else (InPlace(0, safe_offset(*progress, reads_first=True)),),
            description=text + activation_text(self.op.activation),
            ticks=ticks,
        )


def choose_convolution(op: Conv2D, graph: Graph, tuning: Tuning, *, with_tile: bool = False) -> Step | None:
    """The step with the fastest kernel for its window; None for several images or groups, or if none can be packed.

    `with_tile`: the step's scratch memory has the tile in any case, for the kernel with an addition.
    """
    data, weights, output = (graph.tensors[i] for i in (*op.inputs[:2], op.output))
    shape = Shape(data.shape, output.shape, (weights.shape[1], weights.shape[2]), op.window.stride, op.window.dilation)
    if data.shape[3] != weights.shape[3] or not is_int8(data, weights):
        return None
    if shape.output[:3] == data.shape[:3] and shape.kernel == (1, 1) and shape.channels[1] == 1 and not with_tile:
        return choose_dense(op, graph)
    if data.shape[0] != 1:
        return None
    if shape.channels[0] % UNIT and shape.dilation != (1, 1):
        return None
    whole_image = shape.pixels == 1 and shape.kernel == data.shape[1:3] and not with_tile
    size = (data.shape[1], data.shape[2])
    if whole_image and shape.dilation == (1, 1) and padding_before(size, shape.kernel, op.window) == (0, 0):
        return choose_dense(op, graph)
    direct = _with_window(op, graph, shape, with_tile, tuning)
    winograd = fastest_winograd(op, graph, tuning)
    return winograd if winograd and is_faster(winograd, direct, op, graph) else direct


def _with_window(op: Conv2D, graph: Graph, shape: Shape, with_tile: bool, tuning: Tuning) -> Step | None:
    weights = graph.tensors[op.inputs[1]]
    whole_units = shape.channels[0] % UNIT == 0
    columns = strip_columns(shape, tuning.rows_scratch_bytes) if whole_units else 0
    by_column = columns or not whole_units
    order = (0, 2, 1, 3) if by_column else (0, 1, 2, 3)
    gemm = pack_gemm(linear_layer(op, graph, weights.array().transpose(order).reshape(weights.shape[0], -1)))
    if gemm is None:
        return None
    layer = Layer(op, graph, shape, gemm, with_tile)
    if columns:
        return rows(layer, columns)
    if not whole_units:
        return narrow(layer)
    return pointwise(layer) if shape.kernel == shape.stride == (1, 1) else windows(layer)


def is_faster(step: Step, other: Step | None, op: Conv2D | DepthwiseConv2D, graph: Graph) -> bool:
    """Whether a step with its own estimate takes fewer instructions than another; no other is a portable kernel."""
    if other is None or other.kernel not in COSTS:
        return True
    cost = COSTS[other.kernel]
    outputs = graph.tensors[op.output].elements
    if other.ticks is not None:
        return (step.ticks or 0) < other.ticks
    return (step.ticks or 0) < cost.call + cost.per_work * macs(graph, op) + cost.per_output * outputs


def pointwise(layer: Layer) -> Step:
    """nn_pointwise_s8_dsp: no windows at all."""
    fields = (("pixels", layer.shape.pixels), *layer.channel_fields, *layer.gemm_fields)
    reads = np.arange(0, layer.shape.pixels, PIXELS) * layer.shape.channels[0]
    tile = layer.tile_bytes(layer.shape.pixels)
    progress = (reads, layer.block_ends)
    return layer.step("nn_pointwise_s8_dsp", fields, layer.block_bytes + tile, progress, layer.ticks(31, 60))


def windows(layer: Layer) -> Step:
    """nn_conv2d_s8_dsp: every window unpacked by itself."""
    shape = layer.shape
    firsts = first_reads(shape.data, shape.kernel, layer.op.window)
    reads = np.minimum.reduceat(firsts, np.arange(0, shape.pixels, PIXELS))
    scratch_bytes = layer.block_bytes + layer.tile_bytes(shape.pixels)
    inside = places_inside((shape.data[1], shape.data[2]), shape.kernel, layer.op.window)[0] * shape.output[2]
    row = 37 + (0 if shape.dilation[1] == 1 else 23 * shape.kernel[1])
    pixel = 67 + 7.2 * layer.gemm.units + row * shape.kernel[0]
    ticks = layer.ticks(0, 0) + round(shape.pixels * pixel + 39 * inside)
    return layer.step("nn_conv2d_s8_dsp", layer.window_fields(), scratch_bytes, (reads, layer.block_ends), ticks)


def narrow(layer: Layer) -> Step:
    """nn_conv2d_narrow_s8_dsp: few channels."""
    shape = layer.shape
    columns = (shape.output[2] - 1) * shape.stride[1] + shape.kernel[1]
    columns_bytes = -(-(columns * shape.kernel[0] * shape.channels[0] + UNIT - 1) // UNIT) * UNIT
    scratch_bytes = layer.block_bytes + columns_bytes + layer.tile_bytes(shape.pixels)
    blocks = layer.ticks(28.6, 95) if shape.output[2] % PIXELS == 0 else layer.ticks(32.7, 145)
    pixel = {1: 5.4, 2: 5.0, 3: 9.9}.get(shape.channels[0], 5.8 + 3.7 * shape.channels[0])
    row = 21 + shape.kernel[0] * (29 + pixel * min(columns, shape.data[2]))
    ticks = blocks + round(shape.output[1] * row)
    return layer.step("nn_conv2d_narrow_s8_dsp", layer.window_fields(), scratch_bytes, layer.row_rereads, ticks)


def rows(layer: Layer, columns: int) -> Step:
    """nn_conv2d_rows_s8_dsp: rows unpacked once for all the windows that cover them."""
    width = layer.shape.output[2]
    scratch_bytes = strip_bytes(layer.shape, columns) + layer.tile_bytes(
        width // columns if width % columns == 0 else 1
    )
    progress = layer.row_progress if width <= PIXELS * columns else None
    strips = -(-width // (PIXELS * columns))
    ticks = layer.ticks(0, 77, layer.shape.output[1] * columns * strips) + strips * strip_ticks(layer.shape, columns)
    fields = layer.window_fields(("columns", columns))
    return layer.step("nn_conv2d_rows_s8_dsp", fields, scratch_bytes, progress, ticks)


def strip_columns(shape: Shape, rows_scratch_bytes: int) -> int:
    """Output columns of each pixel of a strip for nn_conv2d_rows_s8_dsp; 0 if another kernel serves better.

    The largest that fits the budget and wastes little; windows must overlap for rows to be worth keeping.
    """
    overlap = any(k > s for k, s in zip(shape.kernel, shape.stride, strict=True))
    fits = all(k >= s for k, s in zip(shape.kernel, shape.stride, strict=True))
    if not (overlap and fits and shape.dilation == (1, 1)):
        return 0
    budget_bytes = max(rows_scratch_bytes, strip_bytes(shape, 1))
    width = shape.output[2]
    for columns in range(-(-width // PIXELS), 0, -1):
        computed = -(-width // (PIXELS * columns)) * PIXELS * columns
        if strip_bytes(shape, columns) <= budget_bytes and computed - width <= ROWS_WASTE * width:
            return columns
    return 0


def strip_ticks(shape: Shape, columns: int) -> int:
    """Instructions of unpacking and moving all rows of a strip, about; fitted to what QEMU counts."""
    height, depth = shape.kernel[0], shape.channels[0]
    input_columns = (columns - 1) * shape.stride[1] + shape.kernel[1]
    loaded = height + (shape.output[1] - 1) * shape.stride[0]
    kept = max(height - shape.stride[0], 0)
    load, keep = 65 + input_columns * (99 + 8.6 * depth), 137 + input_columns * (20 + 2.3 * depth * kept)
    return round(loaded * load + shape.output[1] * keep)


def strip_bytes(shape: Shape, columns: int) -> int:
    """The block of nn_conv2d_rows_s8_dsp."""
    input_columns = (columns - 1) * shape.stride[1] + shape.kernel[1]
    return 2 * PIXELS * shape.channels[0] * shape.kernel[0] * input_columns

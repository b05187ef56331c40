"""DEPTHWISE_CONV_2D to the kernels of nn_depthwise_dsp.h and nn_depthwise_plane_dsp.h."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from boardproof.project.runtimes.aot.kernelsets.dsp.linear import is_int8, linear_layer
from boardproof.project.runtimes.aot.kernelsets.dsp.pack import UNIT
from boardproof.project.runtimes.aot.kernelsets.dsp.pack_depthwise import pack_lines, pack_plane
from boardproof.project.runtimes.aot.operands import activation_range, activation_text, flow_text, quantization
from boardproof.project.runtimes.aot.operators.windows.convolution import window_text
from boardproof.project.runtimes.aot.overlap import padding_before
from boardproof.project.runtimes.aot.program import InPlace, Params, Step, Table

if TYPE_CHECKING:
    from boardproof.model.graph import DepthwiseConv2D, Graph, Tensor
    from boardproof.project.runtimes.aot.kernelsets.dsp.pack import Linear
    from boardproof.project.runtimes.aot.kernelsets.dsp.pack_depthwise import Depthwise
    from boardproof.project.runtimes.aot.program import Value


LINES = {
    ((1, 1), True): "nn_depthwise3_s8_dsp",
    ((1, 1), False): "nn_depthwise3_two_sided_s8_dsp",
    ((2, 2), True): "nn_depthwise3_stride2_s8_dsp",
    ((2, 2), False): "nn_depthwise3_stride2_two_sided_s8_dsp",
}
"""By stride and by whether rescaling is one-sided."""

PLANES = {
    (True, True): "nn_depthwise_plane3_s8_dsp",
    (True, False): "nn_depthwise_plane3_two_sided_s8_dsp",
    (False, True): "nn_depthwise_plane_s8_dsp",
    (False, False): "nn_depthwise_plane_two_sided_s8_dsp",
}
"""By whether the kernel is 3x3, and by whether rescaling is one-sided."""

PIXEL_BYTES = 8
"""Of four channels, unpacked."""

GROUP_BYTES = 48
"""Biases and factors of four channels, beside their weights."""

BAND_BYTES = 2048
"""What unpacked rows may take, if the windows of one row of outputs take no more."""

LARGEST_BAND_BYTES = 12_288
"""What they may take at all."""


PLANE_GAIN = 0.9
"""A plane is unpacked where that takes less than this part of what lines take, which need less memory."""


@dataclass(frozen=True, slots=True)
class _Layer:
    """Sizes as (rows, columns)."""

    op: DepthwiseConv2D
    data: Tensor
    weights: Tensor
    output: Tensor
    kernel: tuple[int, int]
    pads: tuple[int, int]

    @property
    def input_size(self) -> tuple[int, int]:
        return self.data.shape[1], self.data.shape[2]

    @property
    def output_size(self) -> tuple[int, int]:
        return self.output.shape[1], self.output.shape[2]

    @property
    def phase_size(self) -> tuple[int, int]:
        """Of the outputs that are a dilation apart: all of them where there is none."""
        (rows, columns), (height, width) = self.output_size, self.op.window.dilation
        return -(-rows // height), -(-columns // width)

    @property
    def channels(self) -> int:
        """That come out."""
        return self.output.shape[3]

    def table(self, packed: Depthwise) -> Table:
        return Table("stream", packed.stream, f"biases, factors, weights, {self.weights.label}", self.weights.index)

    def common_fields(self, packed: Depthwise) -> tuple[tuple[str, Value], ...]:
        low, high = activation_range(self.op.activation, self.output)
        return (
            ("input_zero_point", quantization(self.data).zero_point),
            ("activation_min", low),
            ("activation_max", high),
            ("round", packed.round),
            ("stream", self.table(packed)),
        )

    def step(self, kernel: str, header: str, params: Params, scratch_bytes: int, *, in_place: bool) -> Step:
        window = window_text(self.kernel, self.op.window)
        return Step(
            operator=self.op.index,
            implements=(self.op.index,),
            kernel=kernel,
            header=header,
            params=params,
            inputs=(self.op.input,),
            outputs=(self.op.output,),
            scratch_bytes=scratch_bytes,
            in_place=(InPlace(0),) if in_place and (self.channels % UNIT == 0 or self.channels < UNIT) else (),
            description=f"{flow_text(self.data, self.output)}, {window}{activation_text(self.op.activation)}",
        )


def choose_depthwise(op: DepthwiseConv2D, graph: Graph) -> Step | None:
    """The step for one image."""
    data, weights, output = (graph.tensors[i] for i in (*op.inputs[:2], op.output))
    if data.shape[0] != 1 or not is_int8(data, weights):
        return None
    kernel = (weights.shape[1], weights.shape[2])
    layer = _Layer(op, data, weights, output, kernel, padding_before((data.shape[1], data.shape[2]), kernel, op.window))
    if layer.channels < UNIT:
        return _lines(layer, graph) if _can_be_lines(layer) else None
    plane = _Band.of(layer)
    if _can_be_lines(layer) and not (plane and _plane_cost(layer, plane) < PLANE_GAIN * _lines_cost(layer)):
        return _lines(layer, graph) or (_plane(layer, plane, graph) if plane else None)
    return _plane(layer, plane, graph) if plane else None


def _in_fours(linear: Linear) -> Linear:
    """Channels as they are computed: in fours, of which the last may be some of those before, or the last one again."""
    count = len(linear.bias)
    starts = [*range(0, count - UNIT, UNIT), max(count - UNIT, 0)]
    order = np.concatenate([np.arange(start, start + UNIT) for start in starts]).clip(max=count - 1)
    rows = ("weights", "bias", "multiplier", "shift")
    return replace(linear, **{name: getattr(linear, name)[order] for name in rows})


def _can_be_lines(layer: _Layer) -> bool:
    window = layer.op.window
    return (
        layer.kernel == (3, 3)
        and layer.op.depth_multiplier == 1
        and window.dilation == (1, 1)
        and window.stride in {stride for stride, _ in LINES}
        and max(layer.pads) <= 1
    )


def _lines(layer: _Layer, graph: Graph) -> Step | None:
    output_size, stride = layer.output_size, layer.op.window.stride[0]
    along_columns = _line_cost(*output_size) < _line_cost(*reversed(output_size))
    linear = _in_fours(linear_layer(layer.op, graph, layer.weights.array().reshape(9, -1).T))
    packed = pack_lines(linear, transpose=along_columns)
    if packed is None:
        return None
    rows, columns = zip(layer.input_size, output_size, layer.pads, strict=True)
    row_axis = (*rows, layer.input_size[1] * layer.channels, output_size[1] * layer.channels)
    column_axis = (*columns, layer.channels, layer.channels)
    line, across = (row_axis, column_axis) if along_columns else (column_axis, row_axis)
    fields: tuple[tuple[str, Value], ...] = (
        *_axis_fields("line", line),
        *_axis_fields("across", across),
        ("channels", layer.channels),
        ("stride", stride),
        ("one_sided", int(packed.one_sided)),
        *layer.common_fields(packed),
    )
    step = layer.step(
        LINES[layer.op.window.stride, packed.one_sided],
        "nn_depthwise_dsp.h",
        Params("nn_depthwise3_s8_dsp", fields),
        scratch_bytes=48 * (-(-line[1] // 2) * stride + 1) + 160,
        in_place=layer.data.shape == layer.output.shape,
    )
    if layer.channels >= UNIT:
        return step
    few = step.kernel.replace("depthwise3", "depthwise3_few")
    return replace(step, kernel=few, ticks=_few_ticks(layer, across[:2], line[:2], packed.one_sided))


def _few_ticks(layer: _Layer, across: tuple[int, ...], line: tuple[int, ...], one_sided: bool) -> int:
    """Instructions, about, for input and output sizes; fitted to what QEMU counts."""
    pair = (29 if layer.op.window.stride == (1, 1) else 32) + (0 if one_sided else 5)
    outputs = across[1] * (100 + layer.channels * (25 + pair * -(-line[1] // 2)))
    pixels = 16 if layer.channels == 1 else 25
    return 600 + outputs + across[0] * (65 + pixels * -(-line[0] // 2))


def _line_cost(line: int, across: int) -> int:
    """Pairs of outputs computed, and about two pairs' time to begin a line."""
    return across * (-(-line // 2) + 2)


def _axis_fields(name: str, axis: tuple[int, ...]) -> tuple[tuple[str, int], ...]:
    members = ("input_size", "output_size", "pad", "input_step", "output_step")
    return tuple((f"{name}.{member}", value) for member, value in zip(members, axis, strict=True))


@dataclass(frozen=True, slots=True)
class _Band:
    """Rows of outputs computed from one filling of the band, and what their windows cover."""

    outputs: int
    height: int
    width: int
    scratch_bytes: int

    @classmethod
    def of(cls, layer: _Layer) -> _Band | None:
        """The largest within BAND_BYTES, else of one row; None when that takes too much, or windows skip rows."""
        window = layer.op.window
        rows, columns = layer.kernel
        if not _has_phases(layer) or window.stride[0] > rows:
            return None
        output_rows, output_columns = layer.phase_size
        width = (output_columns - 1) * window.stride[1] + columns
        most = (BAND_BYTES // (PIXEL_BYTES * width) - rows) // window.stride[0] + 1
        outputs = min(output_rows, max(most, 1))
        height = (outputs - 1) * window.stride[0] + rows
        size = PIXEL_BYTES * (height * width + layer.kernel[0] * layer.kernel[1]) + GROUP_BYTES
        return cls(outputs, height, width, size) if size <= LARGEST_BAND_BYTES else None


def _has_phases(layer: _Layer) -> bool:
    """Whether there is no dilation, or one that nn_depthwise_dilated_s8_dsp takes."""
    height, width = layer.op.window.dilation
    is_simple = layer.op.window.stride == (1, 1) and layer.op.depth_multiplier == 1
    divides = height * layer.input_size[1] % width == 0 or layer.input_size[0] == 1
    return (height, width) == (1, 1) or (is_simple and divides)


def _plane(layer: _Layer, band: _Band, graph: Graph) -> Step | None:
    taps = layer.kernel[0] * layer.kernel[1]
    packed = pack_plane(_in_fours(linear_layer(layer.op, graph, layer.weights.array().reshape(taps, -1).T)))
    window, pads, multiplier = layer.op.window, layer.pads, layer.op.depth_multiplier
    if packed is None or (packed.mixed and (window.dilation != (1, 1) or multiplier > 1)):
        return None
    fields: tuple[tuple[str, Value], ...] = (
        *_sizes("input", layer.input_size),
        *_sizes("output", layer.output_size),
        ("channels", layer.channels),
        *_sizes("kernel", layer.kernel),
        *_sizes("stride", window.stride),
        ("band", band.outputs),
        ("band_height", band.height),
        ("band_width", band.width),
        ("copy_width", min(layer.input_size[1], band.width - pads[1])),
        ("pad_top", pads[0]),
        ("pad_left", pads[1]),
        *layer.common_fields(packed),
    )
    kernel, params = PLANES[layer.kernel == (3, 3), packed.one_sided], Params("nn_depthwise_plane_s8_dsp", fields)
    if packed.mixed:
        kernel = kernel.replace("two_sided", "mixed")
    if multiplier > 1:
        kernel = kernel.replace("plane", "repeated")
        of_plane = tuple((f"plane.{name}", value) for name, value in fields)
        params = Params("nn_depthwise_repeated_s8_dsp", (*of_plane, ("multiplier", multiplier)))
    shrinks = all(o <= i for o, i in zip(layer.output_size, layer.input_size, strict=True))
    in_place = shrinks and multiplier == 1
    if window.dilation != (1, 1):
        kernel = kernel.replace("plane", "dilated")
        of_plane = tuple((f"plane.{name}", value) for name, value in fields)
        params = Params("nn_depthwise_dilated_s8_dsp", (*of_plane, *_sizes("dilation", window.dilation)))
        in_place = layer.output_size == layer.input_size and not any(
            pad % dilation for pad, dilation in zip(pads, window.dilation, strict=True)
        )
    step = layer.step(kernel, "nn_depthwise_plane_dsp.h", params, scratch_bytes=band.scratch_bytes, in_place=in_place)
    is_usual = window.dilation == (1, 1) and not packed.mixed
    return step if is_usual else replace(step, ticks=_plane_ticks(layer, band, packed))


def _plane_ticks(layer: _Layer, band: _Band, packed: Depthwise) -> int:
    """Instructions of all phases, about; fitted to what QEMU counts."""
    (rows, columns), (kernel_rows, kernel_columns) = layer.output_size, layer.kernel
    taps, groups = kernel_rows * kernel_columns, -(-layer.channels // UNIT)
    row_phases, column_phases = (min(d, n) for d, n in zip(layer.op.window.dilation, layer.output_size, strict=True))
    window = 52 if layer.kernel == (3, 3) else 5.9 * taps + 7.3 * kernel_rows
    rescaling = 28 if packed.one_sided else 71 if packed.mixed else 42
    output = window + rescaling + 7 * layer.op.window.stride[0] * layer.op.window.stride[1]
    phase = 261 + 3.9 * band.height * band.width + groups * (160 + 10.7 * taps)
    return round(row_phases * column_phases * phase + groups * rows * (51 * column_phases + output * columns))


def _sizes(name: str, size: tuple[int, int]) -> tuple[tuple[str, int], ...]:
    return ((f"{name}_height", size[0]), (f"{name}_width", size[1]))


def _lines_cost(layer: _Layer) -> float:
    """Instructions of a channel, about; fitted to what QEMU counts."""
    rows, columns = zip(layer.output_size, layer.input_size, strict=True)
    along_columns = _line_cost(*layer.output_size) < _line_cost(*reversed(layer.output_size))
    (line, line_input), (across, across_input) = (rows, columns) if along_columns else (columns, rows)
    pair = 29 if layer.op.window.stride == (1, 1) else 32
    return across * (25 + pair * (-(-line // 2))) + across_input * (8 + 5 * (-(-line_input // 2))) + 200


def _plane_cost(layer: _Layer, band: _Band) -> float:
    """As `_lines_cost`, of kernels of 3x3."""
    inputs, outputs = (size[0] * size[1] for size in (layer.input_size, layer.output_size))
    overlap = max(band.height - band.outputs * layer.op.window.stride[0], 0) * band.width
    cleared = 6 * band.height * band.width / layer.channels
    rows = 2.5 * layer.output_size[0] + 3 * layer.input_size[0]
    copied = 2 * overlap * ((layer.output_size[0] - 1) // band.outputs)
    return 20.5 * outputs + 2.0 * inputs + rows + copied + cleared + 30

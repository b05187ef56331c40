"""Pools of int8, and sums and maxima over pixels, to the kernels of nn_pool_dsp.h and nn_sum_dsp.h."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.graph import AveragePool2D, DType, MaxPool2D
from boardproof.model.shapes.axes import reduced_axes
from boardproof.project.runtimes.aot.kernelsets.dsp.pack import UNIT
from boardproof.project.runtimes.aot.operands import INT8_MAX, INT8_MIN
from boardproof.project.runtimes.aot.operators.axes.reduce import lower_reduce, merged_axes
from boardproof.project.runtimes.aot.operators.windows.pool import lower_pool
from boardproof.project.runtimes.aot.overlap import first_reads, safe_offset
from boardproof.project.runtimes.aot.program import InPlace, Params, Step

if TYPE_CHECKING:
    from boardproof.model.graph import Graph, Reduce

QUARTERS = "nn_average_pool2x2_s8_dsp"
"""Averages of four."""

MAXIMA = "nn_max_pool2d_s8_dsp"

MAX_AVERAGED = 256
"""Elements whose sum fits in 16 bits."""


def pixel_sums(op: Reduce, graph: Graph) -> Step | None:
    """One nn_sum_s8_dsp, for a mean or sum over pixels of at least 4 channels."""
    pixels = _pixels(op, graph)
    if pixels is None or pixels[2] < UNIT:
        return None
    portable = lower_reduce(op, graph)
    fields = (
        *zip(("outer", "size", "channels"), pixels, strict=True),
        *(field for field in portable.params.fields if not field[0].startswith("axes.")),
    )
    return replace(
        portable,
        kernel="nn_sum_s8_dsp",
        header="nn_sum_dsp.h",
        params=Params("nn_sum_s8_dsp", fields),
        in_place=portable.in_place if pixels[2] % UNIT == 0 else (),
    )


def pixel_maxima(op: Reduce, graph: Graph) -> Step | None:
    """One nn_max_pool2d_s8_dsp with whole images as windows, for a maximum over pixels of at least 4 channels."""
    pixels = _pixels(op, graph)
    if pixels is None or pixels[2] < UNIT:
        return None
    outer, size, channels = pixels
    ones = ("output_height", "output_width", "stride_height", "stride_width", "dilation_height", "dilation_width")
    fields = (
        *((f"window.{name}", 1) for name in ("input_height", "kernel_height", *ones)),
        *((f"window.{name}", size) for name in ("input_width", "kernel_width")),
        *((f"window.{name}", 0) for name in ("pad_top", "pad_left")),
        ("batches", outer),
        ("channels", channels),
        ("activation_min", INT8_MIN),
        ("activation_max", INT8_MAX),
    )
    return replace(
        lower_reduce(op, graph),
        kernel=MAXIMA,
        header="nn_pool_dsp.h",
        params=Params("nn_pool2d_s8", fields),
        ticks=_max_ticks(outer, size, channels),
    )


def _pixels(op: Reduce, graph: Graph) -> tuple[int, int, int] | None:
    """Images, pixels and channels where neighbouring axes before the channels of int8 data are reduced; else None."""
    data = graph.tensors[op.input]
    kept, reduced = merged_axes(data.shape, reduced_axes(data, graph.tensors[op.inputs[1]]))
    channels, size = kept[-1][0], reduced[-1][0]
    others = {kept[0], *reduced[:-1]}
    adjacent = kept[-1][1] == 1 and reduced[-1][1] == channels and kept[-2][1] in {0, size * channels}
    if data.dtype is not DType.INT8 or not adjacent or others != {(1, 0)}:
        return None
    return kept[-2][0], size, channels


def run_sums(op: Reduce, graph: Graph) -> Step | None:
    """One nn_sum_runs_s8_dsp, for a mean or sum of neighbours: the last axis is reduced."""
    data = graph.tensors[op.input]
    kept, reduced = merged_axes(data.shape, reduced_axes(data, graph.tensors[op.inputs[1]]))
    size, stride = reduced[-1]
    if data.dtype is not DType.INT8 or stride != 1 or size < UNIT or kept[0][0] > 1 or reduced[0][0] > 1:
        return None
    return replace(lower_reduce(op, graph), kernel="nn_sum_runs_s8_dsp", header="nn_sum_dsp.h")


def _are_quarters(op: AveragePool2D | MaxPool2D, graph: Graph) -> bool:
    """Whether every window is 2x2, and inside the image."""
    sizes = zip(graph.tensors[op.input].shape[1:3], graph.tensors[op.output].shape[1:3], op.window.stride, strict=True)
    return op.filter_size == (2, 2) and all((outputs - 1) * stride + 2 <= inputs for inputs, outputs, stride in sizes)


def pool(op: AveragePool2D | MaxPool2D, graph: Graph) -> Step | None:
    """The portable pool's step with another kernel, which takes four channels at a time."""
    data = graph.tensors[op.input]
    channels, is_average = data.shape[3], isinstance(op, AveragePool2D)
    averaged = op.filter_size[0] * op.filter_size[1] if is_average else 1
    if data.dtype is not DType.INT8 or channels < UNIT or averaged > MAX_AVERAGED:
        return None
    portable = lower_pool(op, graph)
    reads = first_reads(data.shape, op.filter_size, op.window)
    begins = np.arange(reads.size) * channels
    offset = min(safe_offset(reads, begins, reads_first=False), safe_offset(reads, begins + channels, reads_first=True))
    has_twice = is_average and channels % UNIT > 0
    pixels, area = reads.size, op.filter_size[0] * op.filter_size[1]
    return Step(
        operator=op.index,
        implements=(op.index,),
        kernel=QUARTERS if is_average and not has_twice and _are_quarters(op, graph) else portable.kernel + "_dsp",
        header="nn_pool_dsp.h",
        params=portable.params,
        inputs=(op.input,),
        outputs=(op.output,),
        in_place=() if has_twice else (InPlace(0, offset),),
        description=portable.description,
        ticks=None if is_average else _max_ticks(pixels, area, channels),
    )


def _max_ticks(pixels: int, area: int, channels: int) -> int:
    """Instructions of MAXIMA, about; fitted to what QEMU counts."""
    return round(pixels * (90 + area * (25 + 1.6 * (channels - channels % UNIT) + 7 * (channels % UNIT))))

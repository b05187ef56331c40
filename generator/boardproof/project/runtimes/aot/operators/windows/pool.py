"""AVERAGE_POOL_2D and MAX_POOL_2D."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.graph import AveragePool2D, DType
from boardproof.project.runtimes.aot.checks.findings import RECONVERT_HINT
from boardproof.project.runtimes.aot.checks.scales import check_activation
from boardproof.project.runtimes.aot.entry import FLOAT, INT8, INT16, Entry, alike
from boardproof.project.runtimes.aot.operands import (
    SUFFIXES,
    activation_range,
    activation_text,
    flow_text,
    plain_range,
    quantization,
)
from boardproof.project.runtimes.aot.operators.windows.convolution import window_fields, window_text
from boardproof.project.runtimes.aot.overlap import channelwise_offset, first_reads
from boardproof.project.runtimes.aot.program import InPlace, Params, Step

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from boardproof.model.graph import Graph, MaxPool2D, Pool2D, Tensor
    from boardproof.model.preflight import Finding
    from boardproof.project.runtimes.aot.checks.findings import Subject


_POOL_SCALE_TOLERANCE = 1e-6

_LARGEST_AVERAGES = {DType.INT8: 2**23, DType.INT16: 2**15}
"""How many elements the sums of nn_pool.h have room for."""


def lower_pool(op: AveragePool2D | MaxPool2D, graph: Graph) -> Step:
    """One nn_average_pool2d or nn_max_pool2d, by the type of the data."""
    data, output = graph.tensors[op.input], graph.tensors[op.output]
    kernel = "nn_average_pool2d" if isinstance(op, AveragePool2D) else "nn_max_pool2d"
    is_float = data.dtype is DType.FLOAT32
    low, high = plain_range(op.activation, data.dtype) if is_float else activation_range(op.activation, output)
    offset = channelwise_offset(first_reads(data.shape, op.filter_size, op.window), data.shape[3])
    fields = (
        *window_fields(data, output, op.filter_size, op.window),
        ("batches", data.shape[0]),
        ("channels", data.shape[3]),
        ("activation_min", low),
        ("activation_max", high),
    )
    return Step(
        operator=op.index,
        implements=(op.index,),
        kernel=f"{kernel}_{SUFFIXES[data.dtype]}",
        header="nn_pool.h",
        params=Params(f"nn_pool2d_{SUFFIXES[data.dtype]}", fields),
        inputs=(op.input,),
        outputs=(op.output,),
        in_place=(InPlace(0, offset * data.dtype.size_bytes),),
        description=f"{flow_text(data, output)}, {window_text(op.filter_size, op.window)}"
        + activation_text(op.activation),
        ticks=_int8_ticks(op, data, output) if data.dtype is DType.INT8 else None,
    )


def _int8_ticks(op: AveragePool2D | MaxPool2D, data: Tensor, output: Tensor) -> int:
    """Instructions, within 2 % of what QEMU counts on ten windows of 1 to 32 channels."""
    channels, (rows, columns) = data.shape[3], op.filter_size
    each = 37 + 5 * rows * columns if isinstance(op, AveragePool2D) else 27 + 7 * rows * columns
    return round(output.elements // channels * (45 + channels * (each + 7.6 * rows)))


def check_pool(op: Pool2D, subject: Subject) -> Iterator[Finding]:
    """TFLM's pools copy quantized values, so both sides must mean the same by them."""
    yield from check_activation(op.activation, subject)
    if subject.input(0).dtype is DType.FLOAT32:
        return
    source, target = quantization(subject.input(0)), quantization(subject.output)
    close = abs(np.float32(source.scale) - np.float32(target.scale)) <= _POOL_SCALE_TOLERANCE
    if not close or source.zero_point != target.zero_point:
        yield subject.error("quantization", "must have one quantization for input and output", RECONVERT_HINT)
    if isinstance(op, AveragePool2D):
        yield from _check_average(op, subject)


def _check_average(op: AveragePool2D, subject: Subject) -> Iterator[Finding]:
    """Windows whose sum fits in int32; only what is inside the image counts."""
    height, width = map(min, op.filter_size, subject.input(0).shape[1:3])
    most = _LARGEST_AVERAGES[subject.input(0).dtype]
    if height * width > most:
        what = f"averages {height}x{width} elements, which can overflow their 32-bit sum: at most {most:,} fit"
        yield subject.error("accumulator-overflow", what, "Pool in two steps.")


ENTRIES: Mapping[str, Entry] = {
    "AVERAGE_POOL_2D": Entry(
        lower_pool, alike(INT8, INT16, FLOAT), check_pool, limits="int16: up to 32,768 elements in a window"
    ),
    "MAX_POOL_2D": Entry(lower_pool, alike(INT8, INT16, FLOAT), check_pool),
}

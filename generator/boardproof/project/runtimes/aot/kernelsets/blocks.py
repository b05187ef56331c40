"""What the kernel sets' convolutions of any window have in common: four pixels at a time, laid out piece by piece."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boardproof.project.runtimes.aot.operators.windows.convolution import window_fields
from boardproof.project.runtimes.aot.overlap import first_reads, safe_offset
from boardproof.project.runtimes.aot.program import InPlace

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from boardproof.model.graph import Conv2D, DepthwiseConv2D, Graph
    from boardproof.project.runtimes.aot.program import Fields, Table

PIXELS = 4
"""Of a block."""

DEPTHWISE_GROUP = 4
"""Outputs that a depthwise convolution computes together."""


def runs_of(op: Conv2D, graph: Graph) -> tuple[int, int]:
    """How many pieces of neighbours in memory a row of a window is, and how many elements each."""
    weights = graph.tensors[op.inputs[1]]
    columns, depth = weights.shape[2:]
    is_whole = graph.tensors[op.input].shape[3] == depth and op.window.dilation[1] == 1
    return (1, columns * depth) if is_whole else (columns, depth)


def block_fields(op: Conv2D, graph: Graph) -> Fields:
    """The members about shapes, with those of `runs_of`."""
    data, weights, output = (graph.tensors[i] for i in (*op.inputs[:2], op.output))
    runs, run = runs_of(op, graph)
    return (
        *window_fields(data, output, (weights.shape[1], weights.shape[2]), op.window),
        ("batches", data.shape[0]),
        ("input_channels", data.shape[3]),
        ("output_channels", output.shape[3]),
        ("groups", data.shape[3] // weights.shape[3]),
        ("runs", runs),
        ("run", run),
    )


def in_fours(outputs: int) -> NDArray[np.int64]:
    """At least four outputs, four at a time: the last ones with some of those before."""
    firsts = np.minimum(np.arange(0, outputs, DEPTHWISE_GROUP), outputs - DEPTHWISE_GROUP)
    return (firsts[:, None] + np.arange(DEPTHWISE_GROUP)).reshape(-1)


def depthwise_fields(op: DepthwiseConv2D, graph: Graph, stream: Table, *, vector: bool) -> Fields:
    """The `shape` member of depthwise convolutions of any window and multiplier."""
    data, weights, output = (graph.tensors[i] for i in (*op.inputs[:2], op.output))
    fields: Fields = (
        *window_fields(data, output, (weights.shape[1], weights.shape[2]), op.window),
        ("batches", data.shape[0]),
        ("input_channels", data.shape[3]),
        ("multiplier", op.depth_multiplier),
        ("vector", int(vector)),
        ("stream", stream),
    )
    return tuple((f"shape.{name}", value) for name, value in fields)


def blockwise(op: Conv2D, graph: Graph) -> tuple[InPlace, ...]:
    """How the output may overlap the input, of one image and one group: a block is read before it is written."""
    data, weights, output = (graph.tensors[i] for i in (*op.inputs[:2], op.output))
    if data.shape[0] > 1 or data.shape[3] != weights.shape[3]:
        return ()
    pixels = output.shape[1] * output.shape[2]
    firsts = first_reads(data.shape, (weights.shape[1], weights.shape[2]), op.window)
    reads = np.minimum.reduceat(firsts, np.arange(0, pixels, PIXELS))
    ends = np.minimum(np.arange(PIXELS, pixels + PIXELS, PIXELS), pixels) * output.shape[3]
    return (InPlace(0, safe_offset(reads, ends, reads_first=True) * data.dtype.size_bytes),)

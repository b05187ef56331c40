"""Pools to portable kernels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.model.graph import AveragePool2D, DType
from boardproof.project.runtimes.aot.lowering.conv import window_fields, window_text
from boardproof.project.runtimes.aot.operands import SUFFIXES, activation_range, activation_text, flow_text, plain_range
from boardproof.project.runtimes.aot.overlap import channelwise_offset, first_reads
from boardproof.project.runtimes.aot.program import InPlace, Params, Step

if TYPE_CHECKING:
    from boardproof.model.graph import Graph, MaxPool2D


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
    )

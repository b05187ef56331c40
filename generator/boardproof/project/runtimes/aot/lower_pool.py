"""Pools and reductions to portable kernels."""

from __future__ import annotations

from itertools import groupby
from math import prod
from typing import TYPE_CHECKING

from boardproof.model.fixed_point import quantize_multiplier
from boardproof.model.graph import AveragePool2D
from boardproof.model.shapes import constant_ints
from boardproof.project.runtimes.aot.lower_conv import window_fields, window_text
from boardproof.project.runtimes.aot.operands import activation_range, activation_text, flow_text, quantization
from boardproof.project.runtimes.aot.overlap import channelwise_offset, first_reads
from boardproof.project.runtimes.aot.program import InPlace, Params, Step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from boardproof.model.graph import Graph, MaxPool2D, Reduce, Tensor

REDUCE_AXES = 3
"""Kept and reduced axes each, after merging neighbours: NN_REDUCE_AXES in nn_pool.h. Enough for rank 6."""


def lower_pool(op: AveragePool2D | MaxPool2D, graph: Graph) -> Step:
    """One nn_average_pool2d_s8 or nn_max_pool2d_s8."""
    data, output = graph.tensors[op.input], graph.tensors[op.output]
    kernel = "nn_average_pool2d_s8" if isinstance(op, AveragePool2D) else "nn_max_pool2d_s8"
    low, high = activation_range(op.activation, output)
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
        kernel=kernel,
        header="nn_pool.h",
        params=Params("nn_pool2d_s8", fields),
        inputs=(op.input,),
        outputs=(op.output,),
        in_place=(InPlace(0, offset),),
        description=f"{flow_text(data, output)}, {window_text(op.filter_size, op.window)}"
        + activation_text(op.activation),
    )


def lower_mean(op: Reduce, graph: Graph) -> Step:
    """One nn_mean_s8."""
    data, output = graph.tensors[op.input], graph.tensors[op.output]
    axes = reduced_axes(data, graph.tensors[op.inputs[1]])
    kept, reduced = merged_axes(data.shape, axes)
    count = prod(data.shape[axis] for axis in axes)
    multiplier, shift = mean_factor(quantization(data).scale / quantization(output).scale, count)
    fields = (
        ("kept", tuple(size for size, _ in kept)),
        ("kept_stride", tuple(stride for _, stride in kept)),
        ("reduced", tuple(size for size, _ in reduced)),
        ("reduced_stride", tuple(stride for _, stride in reduced)),
        ("sum_offset", -quantization(data).zero_point * count),
        ("multiplier", multiplier),
        ("shift", shift),
        ("output_zero_point", quantization(output).zero_point),
    )
    return Step(
        operator=op.index,
        implements=(op.index,),
        kernel="nn_mean_s8",
        header="nn_pool.h",
        params=Params("nn_mean_s8", fields),
        inputs=(op.input,),
        outputs=(op.output,),
        in_place=(InPlace(0),),
        description=f"{flow_text(data, output)}, over axes {', '.join(map(str, axes)) or 'none'}",
    )


def reduced_axes(data: Tensor, axes: Tensor) -> tuple[int, ...]:
    """The axes of a reduction, sorted, counted from 0, each once."""
    return tuple(sorted({axis % len(data.shape) for axis in constant_ints(axes) or ()}))


def merged_axes(
    shape: Sequence[int], axes: Sequence[int]
) -> tuple[tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]]:
    """Kept and reduced axes as (size, stride in elements), neighbours of a kind merged, REDUCE_AXES of each.

    Axes of size 1 belong to either kind, so they are left out; missing axes are (1, 0), at the front.
    """
    sized = [(axis in axes, axis) for axis, size in enumerate(shape) if size > 1]
    found: dict[bool, list[tuple[int, int]]] = {False: [], True: []}
    for is_reduced, group in groupby(sized, key=lambda pair: pair[0]):
        members = [axis for _, axis in group]
        found[is_reduced].append((prod(shape[a] for a in members), prod(shape[members[-1] + 1 :])))
    kept, reduced = (tuple([(1, 0)] * (REDUCE_AXES - len(found[kind])) + found[kind]) for kind in (False, True))
    return kept, reduced


def mean_factor(real: float, count: int) -> tuple[int, int]:
    """(multiplier, shift) of a rescaling that also divides by `count`.

    Source: QuantizedMeanOrSum in tensorflow/lite/kernels/internal/reference/reduce.h: the division is by an integer,
    after as many left shifts as keep the multiplier in 31 bits.
    """
    multiplier, shift = quantize_multiplier(real)
    extra = min(count.bit_length() - 1, 32, 31 + shift)
    return (multiplier << extra) // count, shift - extra

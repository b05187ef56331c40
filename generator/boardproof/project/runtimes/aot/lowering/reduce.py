"""Reductions along axes to portable kernels, and where along an axis the largest or smallest is."""

from __future__ import annotations

from itertools import groupby
from math import prod
from typing import TYPE_CHECKING

from boardproof.model.fixed_point import quantize_multiplier
from boardproof.model.graph import DType, Reduction
from boardproof.model.shapes.graph import constant_ints
from boardproof.project.runtimes.aot.operands import SUFFIXES, flow_text, quantization
from boardproof.project.runtimes.aot.program import InPlace, Params, Step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from boardproof.model.graph import ArgExtremum, Graph, Reduce, Tensor
    from boardproof.project.runtimes.aot.program import Value

    Fields = tuple[tuple[str, Value], ...]

REDUCE_AXES = 3
"""Kept and reduced axes each, after merging neighbours: NN_REDUCE_AXES in nn_reduce.h. Enough for rank 6."""


def lower_reduce(op: Reduce, graph: Graph) -> Step:
    """One kernel of nn_reduce.h; a mean is a sum that is scaled, or divided, by the number of elements."""
    data, output = graph.tensors[op.input], graph.tensors[op.output]
    axes = reduced_axes(data, graph.tensors[op.inputs[1]])
    count = prod(data.shape[axis] for axis in axes)
    suffix = SUFFIXES[data.dtype]
    if op.function in {Reduction.REDUCE_ALL, Reduction.REDUCE_MAX, Reduction.REDUCE_MIN}:
        kernel, struct, fields = f"nn_{op.name.lower()}_{suffix}", "nn_reduce", _no_fields()
    elif data.dtype is DType.FLOAT32:
        divisor = float(count if op.function is Reduction.MEAN else 1)
        kernel, struct, fields = "nn_sum_f32", "nn_sum_f32", (("divisor", divisor),)
    else:
        kernel, struct, fields = f"nn_sum_{suffix}", "nn_sum_quantized", _sum_fields(op, data, output, count)
    return Step(
        operator=op.index,
        implements=(op.index,),
        kernel=kernel,
        header="nn_reduce.h",
        params=Params(struct, (*_axes_fields(data.shape, axes), *fields)),
        inputs=(op.input,),
        outputs=(op.output,),
        in_place=(InPlace(0),),
        description=f"{flow_text(data, output)}, over axes {', '.join(map(str, axes)) or 'none'}",
    )


def _no_fields() -> Fields:
    return ()


def _sum_fields(op: Reduce, data: Tensor, output: Tensor, count: int) -> Fields:
    scale = quantization(data).scale / quantization(output).scale
    multiplier, shift = mean_factor(scale, count) if op.function is Reduction.MEAN else quantize_multiplier(scale)
    return (
        ("sum_offset", -quantization(data).zero_point * count),
        ("multiplier", multiplier),
        ("shift", shift),
        ("output_zero_point", quantization(output).zero_point),
    )


def _axes_fields(shape: Sequence[int], axes: Sequence[int]) -> Fields:
    kept, reduced = merged_axes(shape, axes)
    return (
        ("axes.kept", tuple(size for size, _ in kept)),
        ("axes.kept_stride", tuple(stride for _, stride in kept)),
        ("axes.reduced", tuple(size for size, _ in reduced)),
        ("axes.reduced_stride", tuple(stride for _, stride in reduced)),
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


def lower_arg_extremum(op: ArgExtremum, graph: Graph) -> Step:
    """One nn_arg_max or nn_arg_min."""
    data, output = graph.tensors[op.input], graph.tensors[op.output]
    (axis,) = constant_ints(graph.tensors[op.inputs[1]]) or (0,)
    axis %= len(data.shape)
    fields = (
        ("outer", prod(data.shape[:axis])),
        ("size", data.shape[axis]),
        ("inner", prod(data.shape[axis + 1 :])),
    )
    return Step(
        operator=op.index,
        implements=(op.index,),
        kernel=f"nn_{op.name.lower()}_{SUFFIXES[data.dtype]}",
        header="nn_reduce.h",
        params=Params("nn_arg", fields),
        inputs=(op.input,),
        outputs=(op.output,),
        description=f"{flow_text(data, output)}, along axis {axis}",
    )

"""MEAN, SUM, REDUCE_ALL, REDUCE_MAX and REDUCE_MIN; ARG_MAX and ARG_MIN."""

from __future__ import annotations

from itertools import groupby
from math import prod
from typing import TYPE_CHECKING

from boardproof.model.fixed_point import mean_factor, quantize_multiplier
from boardproof.model.graph import DType, Reduction
from boardproof.model.shapes.axes import reduced_axes
from boardproof.model.shapes.graph import constant_ints
from boardproof.project.runtimes.aot.checks.findings import RECONVERT_HINT, TFLM_HINT
from boardproof.project.runtimes.aot.checks.scales import check_factors, check_symmetric
from boardproof.project.runtimes.aot.entry import BOOL, FLOAT, INT8, INT16, INT32, Entry, Types
from boardproof.project.runtimes.aot.operands import SUFFIXES, flow_text, quantization
from boardproof.project.runtimes.aot.program import InPlace, Params, Step

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from boardproof.model.graph import ArgExtremum, Graph, Reduce, Tensor
    from boardproof.model.preflight import Finding
    from boardproof.project.runtimes.aot.checks.findings import Subject
    from boardproof.project.runtimes.aot.program import Fields


REDUCE_AXES = 3
"""Kept and reduced axes each, after merging neighbours: NN_REDUCE_AXES in nn_reduce.h. Enough for rank 6."""

MAX_SUM_ELEMENTS = {DType.INT8: 2**23, DType.INT16: 2**16 - 1}
"""Elements whose sum surely fits in int32, zero points included."""


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
    multiplier, shift = sum_factor(op, data, output, count)
    return (
        ("sum_offset", -quantization(data).zero_point * count),
        ("multiplier", multiplier),
        ("shift", shift),
        ("output_zero_point", quantization(output).zero_point),
    )


def sum_factor(op: Reduce, data: Tensor, output: Tensor, count: int) -> tuple[int, int]:
    """(multiplier, shift) of a quantized MEAN or SUM over `count` elements."""
    scale = quantization(data).scale / quantization(output).scale
    return mean_factor(scale, count) if op.function is Reduction.MEAN else quantize_multiplier(scale)


def _axes_fields(shape: Sequence[int], axes: Sequence[int]) -> Fields:
    kept, reduced = merged_axes(shape, axes)
    return (
        ("axes.kept", tuple(size for size, _ in kept)),
        ("axes.kept_stride", tuple(stride for _, stride in kept)),
        ("axes.reduced", tuple(size for size, _ in reduced)),
        ("axes.reduced_stride", tuple(stride for _, stride in reduced)),
    )


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


def check_reduce(op: Reduce, subject: Subject) -> Iterator[Finding]:
    """Constant axes, and sums that fit."""
    yield from _check_constant(subject, 1, "axes")
    data, output = subject.input(0), subject.output
    if data.dtype in {DType.BOOL, DType.FLOAT32} or not subject.input(1).is_constant:
        return
    if op.function in {Reduction.REDUCE_MAX, Reduction.REDUCE_MIN}:
        if meaning(data) != meaning(output):
            yield subject.error("quantization", "must have one quantization for input and output", RECONVERT_HINT)
        return
    yield from check_symmetric(subject)
    limit = MAX_SUM_ELEMENTS[data.dtype]
    if prod(data.shape[axis] for axis in reduced_axes(data, subject.input(1))) > limit:
        what = f"sums more than {limit} elements"
        yield subject.error("accumulator-overflow", what, "Reduce in two layers.")
    yield from check_factors(subject, [quantization(data).scale / quantization(output).scale])


def check_arg_extremum(op: ArgExtremum, subject: Subject) -> Iterator[Finding]:  # noqa: ARG001 one signature for all
    """A constant axis."""
    yield from _check_constant(subject, 1, "an axis")


def _check_constant(subject: Subject, position: int, what: str) -> Iterator[Finding]:
    """An input that must be known now."""
    tensor = subject.input(position)
    if not tensor.is_constant:
        verb = "is" if what.startswith("an ") else "are"
        yield subject.error("dynamic-shape", f"has {what} that {verb} computed ({tensor.label})", TFLM_HINT, tensor)


def meaning(tensor: Tensor) -> tuple[float, int]:
    """Scale and zero point."""
    return quantization(tensor).scale, quantization(tensor).zero_point


_ARG = Entry(
    lower_arg_extremum,
    tuple(Types((dtype, INT32), INT32) for dtype in (INT8, FLOAT)),
    check_arg_extremum,
    needs_scales=False,
    limits="the axis is a constant",
)


def _reduce(*dtypes: DType) -> Entry:
    types = tuple(Types((dtype, INT32), dtype) for dtype in dtypes)
    return Entry(lower_reduce, types, check_reduce, limits="the axes are constants")


ENTRIES: Mapping[str, Entry] = {
    "ARG_MAX": _ARG,
    "ARG_MIN": _ARG,
    "MEAN": _reduce(INT8, INT16, FLOAT),
    "REDUCE_ALL": _reduce(BOOL),
    "REDUCE_MAX": _reduce(INT8, FLOAT),
    "REDUCE_MIN": _reduce(INT8, FLOAT),
    "SUM": _reduce(INT8, INT16, FLOAT),
}

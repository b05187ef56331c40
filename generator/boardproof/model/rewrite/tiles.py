"""Operators that stand for the same values in another way: TILE, choices between two tensors, slices of many axes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from boardproof.model.rewrite.editing import TYPES, inputs_of
from boardproof.model.rewrite.rewrite import SLICE_AXES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from boardproof.model.rewrite.editing import Editor

MOST_JOINED = 10
"""Inputs of a CONCATENATION: TensorFlow Lite Micro's, which has no GATHER of int16."""

_NUMPY: dict[int, Any] = {kind: dtype for dtype, kind in TYPES.items()}


def rewrite_tiles(editor: Editor) -> set[str]:
    """Repetition becomes GATHER with constant indices, one for each axis that is repeated; SELECT becomes SELECT_V2.

    Both move the same values. A choice between integers becomes arithmetic. Returns the names of what was replaced.
    """
    replaced = set()
    operators = []
    for operator in editor.graph.operators:
        made = _REWRITES.get(editor.name(operator), _nothing)(editor, operator)
        if made:
            replaced.add(editor.name(operator))
        operators += made or [operator]
    editor.graph.operators = operators
    return replaced


def _nothing(_editor: Editor, _operator: Any) -> list[Any]:  # noqa: ANN401 the schema's objects, here and below
    return []


def _tile(editor: Editor, operator: Any) -> list[Any]:  # noqa: ANN401
    """Along each repeated axis a GATHER, or copies joined; nothing where the repeats are computed."""
    data, repeats = inputs_of(operator)
    counts = editor.constant(repeats)
    if counts is None:
        return []
    target = int(operator.outputs[0])
    like, name = editor.graph.tensors[target], editor.text(target)
    shape = list(editor.shape(data))
    axes = [axis for axis, count in enumerate(counts.tolist()) if count != 1]
    made = []
    for axis in axes:
        size = shape[axis]
        shape[axis] = size * int(counts[axis])
        if axis == axes[-1]:
            output = target
        else:
            output = len(editor.graph.tensors)
            editor.graph.tensors.append(
                schema.TensorT(
                    name=f"{name}/axis{axis}",
                    shape=np.array(shape, np.int32),
                    type=like.type,
                    quantization=like.quantization,
                    buffer=0,
                )
            )
        if like.type == schema.TensorType.INT16 and counts[axis] <= MOST_JOINED:
            joins = schema.ConcatenationOptionsT(axis=axis)
            made.append(editor.operator("CONCATENATION", [data] * int(counts[axis]), output, joins))
        else:
            repeated = np.resize(np.arange(size, dtype=np.int32), shape[axis])
            indices = editor.add_constant(f"{name}/indices{axis}", repeated)
            made.append(editor.operator("GATHER", [data, indices], output, schema.GatherOptionsT(axis=axis)))
        data = output
    return made


def _select(editor: Editor, operator: Any) -> list[Any]:  # noqa: ANN401
    """The same choice by the operator that boards have, where all three have one shape."""
    inputs, output = inputs_of(operator), int(operator.outputs[0])
    if {editor.shape(tensor) for tensor in inputs} != {editor.shape(output)}:
        return []
    if editor.graph.tensors[output].type == schema.TensorType.INT32:
        return _arithmetic_choice(editor, inputs, output)
    if editor.name(operator) == "SELECT_V2":
        return []
    return [editor.operator("SELECT_V2", inputs, output, schema.SelectV2OptionsT())]


def _arithmetic_choice(editor: Editor, inputs: list[int], output: int) -> list[Any]:
    """Integers, which boards do not choose between: b + c * (a - b) is a where c is 1, and b where it is 0."""
    chosen, first, second = inputs
    shape, name = editor.shape(output), editor.text(output)
    number, difference, product = (
        editor.add_tensor(f"{name}/{part}", shape, np.dtype(np.int32)) for part in ("chosen", "difference", "product")
    )
    cast = schema.CastOptionsT(inDataType=schema.TensorType.BOOL, outDataType=schema.TensorType.INT32)
    return [
        editor.operator("CAST", [chosen], number, cast),
        editor.operator("SUB", [first, second], difference, schema.SubOptionsT()),
        editor.operator("MUL", [number, difference], product, schema.MulOptionsT()),
        editor.operator("ADD", [second, product], output, schema.AddOptionsT()),
    ]


def _unpack(editor: Editor, operator: Any) -> list[Any]:  # noqa: ANN401
    """Slices, where a mask of booleans is taken apart, for which boards have no UNPACK."""
    data = inputs_of(operator)[0]
    if editor.graph.tensors[data].type != schema.TensorType.BOOL:
        return []
    rank, axis = len(editor.shape(data)), operator.builtinOptions.axis
    axis, name = axis % rank, editor.text(data)
    everything = (1 << rank) - 1 - (1 << axis)
    strides = editor.add_constant(f"{name}/strides", np.ones(rank, np.int32))
    made = []
    for position, output in enumerate(int(tensor) for tensor in operator.outputs):
        bounds = np.zeros((2, rank), np.int32)
        bounds[:, axis] = position, position + 1
        begin, end = (editor.add_constant(f"{name}/{position}", bound) for bound in bounds)
        options = schema.StridedSliceOptionsT(beginMask=everything, endMask=everything, shrinkAxisMask=1 << axis)
        made.append(editor.operator("STRIDED_SLICE", [data, begin, end, strides], output, options))
    return made


def _slice(editor: Editor, operator: Any) -> list[Any]:  # noqa: ANN401
    """A slice of more axes than boards have, as one of fewer: what is taken whole is part of the axis before it."""
    data, *bounds = inputs_of(operator)
    options, shape, output = operator.builtinOptions, editor.shape(data), int(operator.outputs[0])
    numbers = [editor.constant(bound) for bound in bounds]
    found = [number.tolist() for number in numbers if number is not None]
    if len(shape) <= SLICE_AXES or len(found) < len(numbers) or options.ellipsisMask or options.newAxisMask:
        return []
    axes: list[tuple[int, int, int, int]] = []
    for axis, (size, *ends) in enumerate(zip(shape, *found, strict=True)):
        first, last, step = _taken(size, ends, options, 1 << axis)
        if step < 1:
            return []
        if axes and (first, last, step) == (0, size, 1) and axes[-1][3] == 1:
            before, start, stop, _ = axes.pop()
            axes.append((before * size, start * size, stop * size, 1))
        else:
            axes.append((size, first, last, step))
    if len(axes) > SLICE_AXES:
        return []
    return _in_fewer_axes(editor, data, output, np.array(axes, np.int32).T)


def _taken(size: int, ends: list[int], options: Any, bit: int) -> tuple[int, int, int]:  # noqa: ANN401
    """From where to where an axis is taken, and in which steps; `ends`: as the operator says it."""
    begin, end, stride = ends
    if options.shrinkAxisMask & bit:
        return begin % size, begin % size + 1, 1
    first, last = None if options.beginMask & bit else begin, None if options.endMask & bit else end
    return slice(first, last, stride).indices(size)


def _in_fewer_axes(editor: Editor, data: int, output: int, axes: NDArray[np.int32]) -> list[Any]:
    """The slice of the tensor in another shape; `axes`: [size, first, last, step; axes]."""
    sizes, *bounds = axes
    tensor, name = editor.graph.tensors[data], editor.text(output)
    dtype: np.dtype[Any] = _NUMPY[tensor.type]
    taken = tuple(len(range(first, last, step)) for first, last, step in np.array(bounds).T.tolist())
    seen = editor.add_tensor(f"{name}/axes", tuple(sizes.tolist()), dtype, tensor.quantization)
    cut = editor.add_tensor(f"{name}/slice", taken, dtype, tensor.quantization)
    shapes = [
        editor.add_constant(f"{name}/shape", np.array(shape, np.int32)) for shape in (sizes, editor.shape(output))
    ]
    limits = [editor.add_constant(f"{name}/bound", np.array(bound, np.int32)) for bound in bounds]
    return [
        editor.operator("RESHAPE", [data, shapes[0]], seen, schema.ReshapeOptionsT(newShape=sizes)),
        editor.operator("STRIDED_SLICE", [seen, *limits], cut, schema.StridedSliceOptionsT()),
        editor.operator("RESHAPE", [cut, shapes[1]], output, schema.ReshapeOptionsT(newShape=editor.shape(output))),
    ]


_REWRITES = {"STRIDED_SLICE": _slice, "UNPACK": _unpack, "SELECT": _select, "SELECT_V2": _select, "TILE": _tile}

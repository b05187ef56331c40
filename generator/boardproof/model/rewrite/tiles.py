"""Operators that stand for the same values in another way: TILE, the choice between two tensors, masks taken apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from boardproof.model.rewrite.editing import inputs_of

if TYPE_CHECKING:
    from boardproof.model.rewrite.editing import Editor


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
    """GATHERs along the repeated axes; nothing where the repeats are computed."""
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
        indices = editor.add_constant(f"{name}/indices{axis}", np.resize(np.arange(size, dtype=np.int32), shape[axis]))
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


_REWRITES = {"UNPACK": _unpack, "SELECT": _select, "SELECT_V2": _select, "TILE": _tile}

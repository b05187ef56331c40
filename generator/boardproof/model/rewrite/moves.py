"""Operators that only move values, which the converter left in float, move the integers instead.

It leaves them so where it saw no value of an output, because nothing takes it: the first step of an unrolled LSTM has
nothing to forget, and so SPLIT stays in float, between DEQUANTIZE and QUANTIZE. And between a function that has no int8
form, such as ELU, and a CONCATENATION.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from boardproof.model.rewrite.editing import inputs_of

if TYPE_CHECKING:
    from boardproof.model.rewrite.editing import Editor

MOVES = {
    "EXPAND_DIMS": 0,
    "RESHAPE": 0,
    "SLICE": 0,
    "SPLIT": 1,
    "SPLIT_V": 0,
    "SQUEEZE": 0,
    "STRIDED_SLICE": 0,
    "TRANSPOSE": 0,
    "UNPACK": 0,
}
"""Which of an operator's inputs is moved."""

PICKS = {name: position for name, position in MOVES.items() if not name.startswith("SPLIT") and name != "UNPACK"} | {
    "MAX_POOL_2D": 0,
    "REDUCE_MAX": 0,
}
"""Those of one output that is made of values of that input, moved or the largest of some."""

_INTEGERS: dict[int, type[np.signedinteger[Any]]] = {schema.TensorType.INT8: np.int8, schema.TensorType.INT16: np.int16}


def quantize_early(editor: Editor) -> bool:
    """Lets operators that pick values take what was quantized, in place of quantizing what they pick. Whether any do.

    The same integers: rounding keeps the order of values.
    """
    changed = False
    for operator in reversed([*editor.graph.operators]):
        position = PICKS.get(editor.name(operator))
        if position is None:
            continue
        source, output = int(operator.inputs[position]), int(operator.outputs[0])
        if editor.graph.tensors[source].type != schema.TensorType.FLOAT32 or not _only_quantized(editor, output):
            continue
        takers = _takers(editor, output)
        results = [editor.graph.tensors[int(taker.outputs[0])] for taker in takers]
        kinds = {(one.type, float(one.quantization.scale[0]), int(one.quantization.zeroPoint[0])) for one in results}
        if len(kinds) == 1 and results[0].type in _INTEGERS:
            _quantize_before(editor, operator, position, takers)
            changed = True
    return changed


def _quantize_before(editor: Editor, operator: Any, position: int, takers: list[Any]) -> None:  # noqa: ANN401
    """A QUANTIZE comes before the operator; those behind it then have nothing left to change."""
    source, output = int(operator.inputs[position]), int(operator.outputs[0])
    moved = editor.graph.tensors[int(takers[0].outputs[0])]
    name = f"{editor.text(source)}/quantized"
    early = editor.add_tensor(name, editor.shape(source), np.dtype(_INTEGERS[moved.type]), moved.quantization)
    before = editor.operator("QUANTIZE", [source], early, schema.QuantizeOptionsT())
    operator.inputs[position] = early
    editor.graph.tensors[output].type = moved.type
    editor.graph.tensors[output].quantization = moved.quantization
    editor.graph.operators.insert(editor.graph.operators.index(operator), before)


def move_integers(editor: Editor) -> bool:
    """Lets such operators take the int8 tensor itself. Whether there were any."""
    sources = {
        int(operator.outputs[0]): inputs_of(operator)[0]
        for operator in editor.graph.operators
        if editor.name(operator) == "DEQUANTIZE"
    }
    moved = False
    for operator in editor.graph.operators:
        position = MOVES.get(editor.name(operator))
        if position is None or int(operator.inputs[position]) not in sources:
            continue
        outputs = [int(tensor) for tensor in operator.outputs]
        if all(_only_quantized(editor, tensor) for tensor in outputs):
            operator.inputs[position] = sources[int(operator.inputs[position])]
            source = editor.graph.tensors[int(operator.inputs[position])]
            for tensor in outputs:
                editor.graph.tensors[tensor].type = source.type
                editor.graph.tensors[tensor].quantization = source.quantization
            moved = True
    return moved


def _only_quantized(editor: Editor, tensor: int) -> bool:
    """Whether a float tensor is taken by nothing but QUANTIZE, which requantizes integers as well."""
    if editor.graph.tensors[tensor].type != schema.TensorType.FLOAT32 or tensor in {*map(int, editor.graph.outputs)}:
        return False
    return all(editor.name(taker) == "QUANTIZE" for taker in _takers(editor, tensor))


def _takers(editor: Editor, tensor: int) -> list[Any]:
    return [operator for operator in editor.graph.operators if tensor in inputs_of(operator)]

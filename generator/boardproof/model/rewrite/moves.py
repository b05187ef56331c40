"""Operators that only move values, which the converter left in float, move the integers instead.

It does so where it saw no value of an output, because nothing takes it: the first step of an unrolled LSTM has nothing
to forget, and so SPLIT stays in float, between DEQUANTIZE and QUANTIZE.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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

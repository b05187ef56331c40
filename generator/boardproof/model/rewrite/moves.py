"""Operators that only move values, which the converter left in float, move the integers instead.

It leaves them so where it saw no value of an output, because nothing takes it: the first step of an unrolled LSTM has
nothing to forget, and so SPLIT stays in float, between DEQUANTIZE and QUANTIZE. And beside a function that has no int8
form, such as ELU: what picks of its values, or joins them to others.
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

AVERAGES = frozenset({"AVERAGE_POOL_2D", "RESIZE_BILINEAR"})
"""Those of one scale for what they take and give, whose outputs are new values."""

_INTEGERS: dict[int, type[np.signedinteger[Any]]] = {schema.TensorType.INT8: np.int8, schema.TensorType.INT16: np.int16}


def quantize_early(editor: Editor, *, averages: bool = False) -> bool:
    """Lets operators that pick values take what was quantized, in place of quantizing what they pick. Whether any do.

    The same integers: rounding keeps the order of values.

    Args:
        editor: The model.
        averages: Those that average as well, whose outputs have the range of what they take.
    """
    changed = False
    for operator in reversed([*editor.graph.operators]):
        positions = _picked(editor, operator) or ((0,) if averages and editor.name(operator) in AVERAGES else ())
        if not positions:
            continue
        output = int(operator.outputs[0])
        types = {editor.graph.tensors[int(operator.inputs[position])].type for position in positions}
        if types != {schema.TensorType.FLOAT32} or not _only_quantized(editor, output):
            continue
        takers = _takers(editor, output)
        results = [editor.graph.tensors[int(taker.outputs[0])] for taker in takers]
        kinds = {(one.type, float(one.quantization.scale[0]), int(one.quantization.zeroPoint[0])) for one in results}
        if len(kinds) == 1 and results[0].type in _INTEGERS:
            for position in positions:
                _quantize_before(editor, operator, position, results[0])
            editor.graph.tensors[output].type = results[0].type
            editor.graph.tensors[output].quantization = results[0].quantization
            changed = True
    return changed


def _picked(editor: Editor, operator: Any) -> tuple[int, ...]:  # noqa: ANN401
    """The positions of the inputs whose values an operator gives on."""
    if editor.name(operator) == "CONCATENATION":
        return tuple(range(len(operator.inputs)))
    position = PICKS.get(editor.name(operator))
    return () if position is None else (position,)


def _quantize_before(editor: Editor, operator: Any, position: int, moved: Any) -> None:  # noqa: ANN401
    """A QUANTIZE comes before the operator, from the integers where there are some; one behind changes nothing then."""
    source = int(operator.inputs[position])
    makers = (maker for maker in editor.graph.operators if source in map(int, maker.outputs))
    maker = next((maker for maker in makers if editor.name(maker) == "DEQUANTIZE"), None)
    name = f"{editor.text(source)}/quantized"
    early = editor.add_tensor(name, editor.shape(source), np.dtype(_INTEGERS[moved.type]), moved.quantization)
    taken = source if maker is None else int(maker.inputs[0])
    before = editor.operator("QUANTIZE", [taken], early, schema.QuantizeOptionsT())
    operator.inputs[position] = early
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

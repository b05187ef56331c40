"""Inputs of whole numbers that a model casts to floats: the quantized input takes the same values itself.

The converter leaves an input that is declared as bytes, integers or booleans as it is, and casts it on the board, which
has no integer kernels for that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ai_edge_litert import schema_py_generated as schema

from boardproof.model.rewrite.editing import inputs_of

if TYPE_CHECKING:
    from boardproof.model.rewrite.editing import Editor

_WHOLE = frozenset(
    getattr(schema.TensorType, name) for name in ("BOOL", "INT16", "INT32", "INT64", "INT8", "UINT8", "UINT32")
)


def take_integers(editor: Editor) -> tuple[str, ...]:
    """Makes what QUANTIZE computes of such an input the input, under its name; gives the inputs' names."""
    taken = []
    for position, given in enumerate(map(int, editor.graph.inputs)):
        found = _quantized(editor, given)
        if found is None:
            continue
        taken.append(editor.text(given))
        editor.graph.tensors[found].name = editor.graph.tensors[given].name
        editor.graph.inputs[position] = found
        _remove_maker(editor, found)
        for signature in editor.model.signatureDefs or ():
            for port in signature.inputs or ():
                if port.tensorIndex == given and signature.subgraphIndex == 0:
                    port.tensorIndex = found
    return tuple(taken)


def _quantized(editor: Editor, given: int) -> int | None:
    """The one tensor that an input becomes by CAST and QUANTIZE, if it is used in no other way."""
    if editor.graph.tensors[given].type not in _WHOLE:
        return None
    cast = _only_taker(editor, given, "CAST")
    if cast is None or editor.graph.tensors[int(cast.outputs[0])].type != schema.TensorType.FLOAT32:
        return None
    quantize = _only_taker(editor, int(cast.outputs[0]), "QUANTIZE")
    return None if quantize is None else int(quantize.outputs[0])


def _only_taker(editor: Editor, tensor: int, name: str) -> Any:  # noqa: ANN401 the schema's object
    """The operator that reads a tensor, if it is the only one and has this name, and the tensor is no output."""
    takers = [operator for operator in editor.graph.operators if tensor in inputs_of(operator)]
    if len(takers) != 1 or editor.name(takers[0]) != name or tensor in {*map(int, editor.graph.outputs)}:
        return None
    return takers[0]


def _remove_maker(editor: Editor, tensor: int) -> None:
    editor.graph.operators = [
        operator for operator in editor.graph.operators if operator.outputs is None or tensor not in operator.outputs
    ]

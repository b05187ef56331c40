"""Weights stored in float16 or int8 beside float activations become float32: then boards run the model, in float32."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from boardproof.model.rewrite.editing import inputs_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from boardproof.model.rewrite.editing import Editor

_PACKED = frozenset({schema.TensorType.FLOAT16, schema.TensorType.INT8})


def unpack_weights(editor: Editor) -> set[str]:
    """Replaces packed constants where floats are computed; gives how they were stored: "float16", "int8"."""
    unpacked: dict[int, int] = {}
    found: set[str] = set()
    kept = []
    for operator in editor.graph.operators:
        if editor.name(operator) == "DEQUANTIZE" and _is_packed(editor, inputs_of(operator)[0]):
            source, target = inputs_of(operator)[0], int(operator.outputs[0])
            found.add(_storage(editor, source))
            _set_constant(editor, target, _real(editor, source))
            continue
        kept.append(operator)
        if _computes_floats(editor, operator):
            for position, tensor in enumerate(operator.inputs):
                if tensor >= 0 and _is_packed(editor, int(tensor)):
                    found.add(_storage(editor, int(tensor)))
                    operator.inputs[position] = _unpacked(editor, int(tensor), unpacked)
    editor.graph.operators = kept
    return found


def _computes_floats(editor: Editor, operator: Any) -> bool:  # noqa: ANN401 the schema's object
    """Whether an operator takes floats that are computed and gives floats: beside them, integers are packed floats."""
    tensors = [*inputs_of(operator)[:1], *(int(t) for t in (() if operator.outputs is None else operator.outputs))]
    return bool(tensors) and all(editor.graph.tensors[t].type == schema.TensorType.FLOAT32 for t in tensors)


def _is_packed(editor: Editor, tensor: int) -> bool:
    found = editor.graph.tensors[tensor]
    if found.type not in _PACKED or editor.constant(tensor) is None:
        return False
    quantized = found.quantization is not None and found.quantization.scale is not None
    return bool(quantized or found.type == schema.TensorType.FLOAT16)


def _storage(editor: Editor, tensor: int) -> str:
    return "int8" if editor.graph.tensors[tensor].type == schema.TensorType.INT8 else "float16"


def _real(editor: Editor, tensor: int) -> NDArray[np.float32]:
    """A packed constant's real values, in its shape: as TensorFlow Lite dequantizes it, in float32."""
    values = editor.constant(tensor)
    assert values is not None  # noqa: S101 _is_packed has seen to that
    if values.dtype == np.float16:
        return values.astype(np.float32)
    quantization = editor.graph.tensors[tensor].quantization
    scales = np.asarray(quantization.scale, np.float32)
    zero_points = np.asarray(quantization.zeroPoint if quantization.zeroPoint is not None else [0] * len(scales))
    shape = [1] * values.ndim
    if len(scales) > 1:
        shape[quantization.quantizedDimension] = len(scales)
    centred = values.astype(np.float32) - zero_points.astype(np.float32).reshape(shape)
    return centred * scales.reshape(shape)


def _unpacked(editor: Editor, tensor: int, known: dict[int, int]) -> int:
    if tensor not in known:
        known[tensor] = editor.add_constant(editor.text(tensor), _real(editor, tensor))
    return known[tensor]


def _set_constant(editor: Editor, tensor: int, values: NDArray[np.float32]) -> None:
    """Gives a tensor that was computed its value."""
    other = editor.add_constant("", values)
    editor.graph.tensors[tensor].buffer = editor.graph.tensors[other].buffer
    del editor.graph.tensors[other]

"""Operators whose output the converter gives a scale that no kernel computes with: a QUANTIZE behind makes it true.

An LSTM computes in the scale of its state, and what moves values leaves them in the scale of its input. The converter
knows that of RESHAPE, but not of REVERSE_V2, and gives an LSTM the scale of the CONCATENATION behind it. RELU6 without
a layer to be fused into is rescaled by LiteRT, and not by TensorFlow Lite Micro.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

if TYPE_CHECKING:
    from boardproof.model.rewrite.editing import Editor

COMPUTED_IN = {"RELU6": 0, "REVERSE_V2": 0, "UNIDIRECTIONAL_SEQUENCE_LSTM": 18}
"""Which input has the scale that an operator's output really has."""

_INTEGERS: dict[int, np.dtype[Any]] = {
    schema.TensorType.INT8: np.dtype(np.int8),
    schema.TensorType.INT16: np.dtype(np.int16),
}


def requantize_outputs(editor: Editor) -> bool:
    """Gives such outputs the scale in which they are computed, with a QUANTIZE to the converter's. Whether any is."""
    operators: list[Any] = []
    for operator in editor.graph.operators:
        operators.append(operator)
        position = COMPUTED_IN.get(editor.name(operator))
        if position is None:
            continue
        output = int(operator.outputs[0])
        meant, true = editor.graph.tensors[output], editor.graph.tensors[int(operator.inputs[position])]
        if true.type not in _INTEGERS or meant.type != true.type or _scale(meant) == _scale(true):
            continue
        name = f"{editor.text(output)}/computed"
        computed = editor.add_tensor(name, editor.shape(output), _INTEGERS[true.type], true.quantization)
        operator.outputs[0] = computed
        operators.append(editor.operator("QUANTIZE", [computed], output, schema.QuantizeOptionsT()))
    changed = len(operators) > len(editor.graph.operators)
    editor.graph.operators = operators
    return changed


def _scale(tensor: Any) -> tuple[float, int]:  # noqa: ANN401 the schema's object
    return float(tensor.quantization.scale[0]), int(tensor.quantization.zeroPoint[0])

"""LSTMs as one operator begin at zero with each sample, as Keras' do: the graph itself sets their states.

TensorFlow Lite keeps the state of a UNIDIRECTIONAL_SEQUENCE_LSTM from one inference to the next. It is a tensor,
though, that an operator may write. PAD by nothing copies zeros to it: int8 and int16, in TensorFlow Lite Micro and in
LiteRT, which copies a constant by RESHAPE, CONCATENATION or STRIDED_SLICE once only.
"""

from __future__ import annotations

from math import ceil, log2
from typing import TYPE_CHECKING, Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from boardproof.model.cell_ranges import GATES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from boardproof.model.cell_ranges import CellRange
    from boardproof.model.rewrite.editing import Editor

_STATES = (18, 19)
_DTYPES: dict[int, np.dtype[Any]] = {
    schema.TensorType.FLOAT32: np.dtype(np.float32),
    schema.TensorType.INT16: np.dtype(np.int16),
    schema.TensorType.INT8: np.dtype(np.int8),
}


def begin_afresh(editor: Editor) -> int:
    """Sets the states of all LSTMs to zero at the beginning of each inference. How many LSTMs there are."""
    found = [op for op in editor.graph.operators if editor.name(op) == "UNIDIRECTIONAL_SEQUENCE_LSTM"]
    states = [int(operator.inputs[position]) for operator in found for position in _STATES]
    editor.graph.operators = [*(_zeroed(editor, state) for state in states), *editor.graph.operators]
    return len(found)


def widen_states(editor: Editor, ranges: Sequence[CellRange]) -> None:
    """Gives states a scale that holds all steps: the calibrator saw the last one only.

    Of hidden states it saw all for the operator's last intermediate tensor: LiteRT computes with that scale, TensorFlow
    Lite Micro with the state's, and now they are one. Cells have the power of two that holds the largest in int16.
    """
    for operator in editor.graph.operators:
        if editor.name(operator) != "UNIDIRECTIONAL_SEQUENCE_LSTM":
            continue
        hidden, cell = (editor.graph.tensors[int(operator.inputs[position])] for position in _STATES)
        if operator.intermediates is not None and len(operator.intermediates):
            seen = editor.graph.tensors[int(operator.intermediates[-1])].quantization
            hidden.quantization = hidden.quantization if getattr(seen, "scale", None) is None else seen
        for found in ranges:
            if cell.type == schema.TensorType.INT16 and found.largest > 0 and _is_of(editor, operator, found):
                cell.quantization.scale[0] = max(cell.quantization.scale[0], 2.0 ** (ceil(log2(found.largest)) - 15))


def _is_of(editor: Editor, operator: Any, found: CellRange) -> bool:  # noqa: ANN401 the schema's object
    """Whether a quantized LSTM has these weights: none is further off than its step, which rounding explains."""
    for first, weights in zip((1, 1 + GATES), found.weights, strict=True):
        for gate, real in enumerate(weights):
            index = int(operator.inputs[first + gate])
            values, scale = editor.constant(index), float(editor.graph.tensors[index].quantization.scale[0])
            if values is None or values.shape != real.shape:
                return False
            if np.abs(values.astype(np.float64) * scale - real).max() > scale:
                return False
    return True


def _zeroed(editor: Editor, state: int) -> Any:  # noqa: ANN401 the schema's object
    tensor, shape = editor.graph.tensors[state], editor.shape(state)
    zero_points = getattr(tensor.quantization, "zeroPoint", None)
    zero = int(zero_points[0]) if zero_points is not None and len(zero_points) else 0
    values = np.full(shape, zero, _DTYPES[tensor.type])
    name = editor.text(state)
    zeros = editor.add_constant(f"{name}/zeros", values, tensor.quantization)
    nothing = editor.add_constant(f"{name}/nothing", np.zeros((len(shape), 2), np.int32))
    return editor.operator("PAD", [zeros, nothing], state, schema.PadOptionsT())

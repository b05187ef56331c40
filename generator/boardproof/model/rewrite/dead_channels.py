"""Channels whose weights are all zero, in int16x8: the converter gives them a scale of 0, and loses their bias."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from boardproof.model.rewrite.editing import Editor, inputs_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from boardproof.model.graph import Graph

PRODUCTS = {"CONV_2D": (0, 2), "DEPTHWISE_CONV_2D": (0, 2), "FULLY_CONNECTED": (0, 2), "TRANSPOSE_CONV": (2, 3)}
"""Operators with weights as their second input, and which inputs are the data and the bias."""


def give_scales(data: bytes, floats: Graph) -> bytes:
    """Gives such channels the layer's largest scale, and the bias of the float network in it.

    Args:
        data: A .tflite that was quantized just now; it may be more than the reader accepts.
        floats: The same network in float.
    """
    editor = Editor(data)
    twins = {floats.tensors[op.inputs[1]].name: op for op in floats.operators if op.name in PRODUCTS}
    changed = False
    for operator in editor.graph.operators:
        if editor.name(operator) not in PRODUCTS:
            continue
        position = PRODUCTS[editor.name(operator)][1]
        scales = [_scales(editor, operator, each) for each in (1, position)]
        if all((each > 0).all() for each in scales):  # a bias of zeros may be that of a dead layer, too
            continue
        weights = editor.graph.tensors[int(operator.inputs[1])].quantization
        alive = weights.scale > 0
        weights.scale = np.where(alive, weights.scale, weights.scale.max() or np.float32(1)).astype(np.float32)
        twin = twins.get(editor.text(int(operator.inputs[1])))
        real = None if twin is None or len(twin.inputs) <= position else floats.tensors[twin.inputs[position]].array()
        _rescale_bias(editor, operator, alive, real)
        changed = True
    if not changed:
        return data
    editor.drop_unused()  # a bias that others shared
    return editor.packed()


def _scales(editor: Editor, operator: Any, position: int) -> NDArray[np.float32]:  # noqa: ANN401
    """Of an input; none where it has none."""
    inputs = inputs_of(operator)
    tensor = inputs[position] if position < len(inputs) else -1
    found = None if tensor < 0 else editor.graph.tensors[tensor].quantization
    return np.ones(1, np.float32) if found is None or found.scale is None else np.asarray(found.scale, np.float32)


def _rescale_bias(editor: Editor, operator: Any, alive: NDArray[np.bool_], real: NDArray[np.generic] | None) -> None:  # noqa: ANN401
    """A bias of the layer's own, in the scale of its products; `real`: what it is in float, None for zeros."""
    data, position = PRODUCTS[editor.name(operator)]
    inputs = inputs_of(operator)
    if len(inputs) <= position or inputs[position] < 0:
        return
    values = editor.constant(inputs[position])
    if values is None:
        return
    scale = (
        editor.graph.tensors[inputs[data]].quantization.scale[0] * editor.graph.tensors[inputs[1]].quantization.scale
    )
    meant = np.zeros(len(scale)) if real is None else np.asarray(real, np.float64).reshape(-1) / scale
    quantization = schema.QuantizationParametersT(scale=scale, zeroPoint=np.zeros(len(scale), np.int64))
    name = f"{editor.text(inputs[position])}/rescaled"
    fitting = np.where(alive, values, np.rint(meant)).astype(values.dtype)
    operator.inputs[position] = editor.add_constant(name, fitting, quantization)

"""Weights of int8 become weights of int4, two to a byte, for the operators whose kernels take them."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from boardproof.model.rewrite.editing import inputs_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from boardproof.model.rewrite.editing import Editor

OPERATORS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
"""Those for which TensorFlow Lite Micro has kernels with int4 weights."""

_LARGEST = 7
"""Of a weight. -8 is left out, so that zero is in the middle, as for weights of int8."""
_CLIPPED = np.linspace(1.0, 0.5, 21)
"""Scales that are tried, relative to the one at which no weight is too large: often a smaller one is closer in all."""
_ROUNDING = 0.5 * _LARGEST / 127 + 1e-6
"""How far a weight of 15 values is from them after it was stored in int8."""


def pack_weights(editor: Editor, *, only_exact: bool = False) -> tuple[int, int]:
    """Stores weights in int4, each scale being the one with the least squared error, biases with the new scales.

    Args:
        editor: A full-integer network with int8 activations.
        only_exact: Leaves weights alone that are not of 15 values already, as those trained for int4 are.

    Returns:
        How many kernels were packed, of how many weighted operators with int8 kernels.
    """
    found = list(_weighted(editor))
    packed: dict[int, tuple[int, NDArray[np.float64]] | None] = {}
    for operator in found:
        tensor = int(operator.inputs[1])
        if tensor not in packed:
            packed[tensor] = _packed(editor, tensor, only_exact=only_exact)
        if (made := packed[tensor]) is not None:
            index, scales = made
            operator.inputs[1] = index
            _rescale_bias(editor, operator, scales)
    return sum(made is not None for made in packed.values()), len(packed)


def _weighted(editor: Editor) -> Iterator[Any]:
    """The operators with int8 activations and constant int8 kernels that nothing else reads."""
    int8 = schema.TensorType.INT8
    wanted, others = [], set[int]()
    for operator in editor.graph.operators:
        tensors = inputs_of(operator)
        is_wanted = editor.name(operator) in OPERATORS and all(
            editor.graph.tensors[t].type == int8 for t in tensors[:2]
        )
        if is_wanted and editor.constant(tensors[1]) is not None:
            wanted.append(operator)
        others.update(tensors[:1] if is_wanted else tensors)
    yield from (operator for operator in wanted if int(operator.inputs[1]) not in others)


def _packed(editor: Editor, tensor: int, *, only_exact: bool) -> tuple[int, NDArray[np.float64]] | None:
    """A new constant of int4, and its scales; None where weights are not of 15 values and have to be."""
    old = editor.graph.tensors[tensor]
    values = np.asarray(editor.constant(tensor), np.float64)
    axis = int(old.quantization.quantizedDimension) if len(old.quantization.scale) > 1 else None
    rows = values.reshape(1, -1) if axis is None else np.moveaxis(values, axis, 0).reshape(values.shape[axis], -1)
    factors, found = _quantized(rows)
    if only_exact and np.abs(rows / factors - found).max() > _ROUNDING:
        return None
    if axis is not None:
        moved = [values.shape[axis], *(size for i, size in enumerate(values.shape) if i != axis)]
        found = np.moveaxis(found.reshape(moved), 0, axis)
    scales = np.asarray(old.quantization.scale, np.float64) * factors[:, 0]
    quantization = copy(old.quantization)
    quantization.scale = scales.astype(np.float32)
    quantization.min = quantization.max = None
    return editor.add_int4(editor.text(tensor), found.reshape(values.shape).astype(np.int8), quantization), scales


def _quantized(rows: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rows of int8 weights in int4: what each row's scale is multiplied by, [rows, 1], and the weights, [rows, …]."""
    largest = np.maximum(np.abs(rows).max(axis=1, keepdims=True), 1.0)
    best = np.full_like(largest, np.inf)
    factors, weights = largest / _LARGEST, np.zeros_like(rows)
    for share in _CLIPPED:
        factor = largest / _LARGEST * share
        rounded = np.clip(np.rint(rows / factor), -_LARGEST, _LARGEST)
        error = ((rounded * factor - rows) ** 2).sum(axis=1, keepdims=True)
        better = error < best
        best, factors, weights = (
            np.where(better, new, old) for new, old in ((error, best), (factor, factors), (rounded, weights))
        )
    return factors, weights


def _rescale_bias(editor: Editor, operator: Any, scales: NDArray[np.float64]) -> None:  # noqa: ANN401 the schema's
    """The bias with the scale of the new products; a copy, since others may read the old one."""
    if len(operator.inputs) < 3 or (tensor := int(operator.inputs[2])) < 0:  # noqa: PLR2004 data, weights, bias
        return
    old = editor.graph.tensors[tensor]
    data = float(editor.graph.tensors[int(operator.inputs[0])].quantization.scale[0])
    before, after = np.asarray(old.quantization.scale, np.float64), data * scales
    values = np.rint(np.asarray(editor.constant(tensor), np.float64) * before / after).astype(np.int32)
    quantization = copy(old.quantization)
    quantization.scale = after.astype(np.float32)
    operator.inputs[2] = editor.add_constant(editor.text(tensor), values, quantization)

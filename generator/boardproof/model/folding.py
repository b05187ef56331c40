"""Computes what depends on constants only: the arithmetic on shapes that converters leave in a model, above all."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.graph import (
    Activation,
    Binary,
    BinaryFunction,
    BroadcastArgs,
    Cast,
    Concatenation,
    DType,
    Fill,
    Pack,
    PadV2,
    Shape,
    Unsupported,
    ZerosLike,
)
from boardproof.model.movement import MOVES, PARTS, data_position, moved
from boardproof.model.shapes.graph import check_fit, check_shapes
from boardproof.model.shapes.rules import constant_ints

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from boardproof.model.graph import Graph, Operator, Tensor

    Array = NDArray[Any]

MAX_GROWN_BYTES = 1024
"""Outputs larger than this and larger than their inputs are left to run time: they would cost more flash than code."""

_NUMBERS = frozenset({DType.INT8, DType.UINT8, DType.INT16, DType.INT32, DType.INT64, DType.FLOAT32, DType.BOOL})

_INTEGERS = frozenset({DType.INT32, DType.INT64})

_ARITHMETIC = {
    BinaryFunction.ADD: np.add,
    BinaryFunction.MAXIMUM: np.maximum,
    BinaryFunction.MINIMUM: np.minimum,
    BinaryFunction.MUL: np.multiply,
    BinaryFunction.SUB: np.subtract,
}
"""Of integers that mean themselves."""


def fold(graph: Graph) -> Graph:
    """The same graph with every tensor a constant that depends on constants only.

    The operators are all still there. One whose outputs are constants has nothing left to do.

    Raises:
        InputError: A parameter that had to be computed does not fit its operator.
    """
    folded = graph
    for operator in graph.operators:
        values = _outputs(operator, folded)
        if values is not None:
            tensors = list(folded.tensors)
            for index, value in zip(operator.outputs, values, strict=True):
                tensors[index] = replace(tensors[index], data=np.ascontiguousarray(value).tobytes())
            folded = replace(folded, tensors=tuple(tensors))
    if folded is not graph:
        check_shapes(folded)
    return folded


def is_folded(operator: Operator, graph: Graph) -> bool:
    """Whether nothing of an operator is left to do at run time."""
    return bool(operator.outputs) and all(graph.tensors[index].is_constant for index in operator.outputs)


def _outputs(operator: Operator, graph: Graph) -> tuple[Array, ...] | None:
    """The values of an operator's outputs; None unless they are known, and worth keeping."""
    inputs = [graph.tensors[index] for index in operator.inputs if index >= 0]
    outputs = [graph.tensors[index] for index in operator.outputs]
    if not _is_worth_it(inputs, outputs) or isinstance(operator, Unsupported):
        return None
    values: tuple[Array, ...] | None = None
    if isinstance(operator, Shape | ZerosLike):
        values = _from_shape(operator, inputs[0], outputs[0])
    elif all(tensor.is_constant for tensor in inputs):
        check_fit(graph, operator)  # its parameters may have been computed just now
        values = _computed(operator, graph, inputs, outputs)
    forms = None if values is None else [(value.shape, value.dtype) for value in values]
    return values if forms == [(tensor.shape, tensor.dtype.numpy) for tensor in outputs] else None


def _is_worth_it(inputs: list[Tensor], outputs: list[Tensor]) -> bool:
    sizes = [sum(tensor.size_bytes for tensor in tensors) for tensors in (inputs, outputs)]
    dynamic = any(axis > 0 for tensor in (*inputs, *outputs) for axis in tensor.dynamic_axes)
    numbers = all(tensor.dtype in _NUMBERS for tensor in (*inputs, *outputs))
    kept = any(tensor.is_variable for tensor in outputs)  # what begins there is no constant
    return bool(outputs) and numbers and not dynamic and not kept and sizes[1] <= max(sizes[0], MAX_GROWN_BYTES)


def _from_shape(operator: Shape | ZerosLike, data: Tensor, output: Tensor) -> tuple[Array, ...]:
    if isinstance(operator, ZerosLike):
        return (np.zeros(data.shape, output.dtype.numpy),)
    return (np.array(data.shape, output.dtype.numpy),)


def _computed(
    operator: Operator, graph: Graph, inputs: list[Tensor], outputs: list[Tensor]
) -> tuple[Array, ...] | None:
    values: tuple[Array, ...] | None = None
    match operator:
        case _ if type(operator) in MOVES or type(operator) in PARTS:
            array = inputs[data_position(operator)].array()
            fill = inputs[2].array().item() if isinstance(operator, PadV2) else _zero(outputs[0])
            values = moved(operator, graph, array, fill)
        case Concatenation(axis=axis, activation=Activation.NONE):
            values = (np.concatenate([tensor.array() for tensor in inputs], axis),)
        case Pack(axis=axis):
            values = (np.stack([tensor.array() for tensor in inputs], axis),)
        case Fill():
            values = (np.full(outputs[0].shape, inputs[1].array().reshape(())),)
        case BroadcastArgs():
            values = _broadcast_shape(inputs, outputs[0])
        case Cast() if {inputs[0].dtype, outputs[0].dtype} <= _INTEGERS:
            values = (inputs[0].array().astype(outputs[0].dtype.numpy),)
        case Binary(activation=Activation.NONE) if inputs[0].dtype in _INTEGERS and operator.function in _ARITHMETIC:
            with np.errstate(over="ignore"):
                values = (_ARITHMETIC[operator.function](inputs[0].array(), inputs[1].array()),)
    return values


def _broadcast_shape(inputs: list[Tensor], output: Tensor) -> tuple[Array, ...] | None:
    shapes = [tuple(constant_ints(tensor) or []) for tensor in inputs]
    try:
        return (np.array(np.broadcast_shapes(*shapes), output.dtype.numpy),)
    except ValueError:  # they do not broadcast
        return None


def _zero(tensor: Tensor) -> int:
    """What PAD fills in."""
    return tensor.quantization.zero_point if tensor.dtype is DType.INT8 and tensor.quantization else 0

"""What operators that work element by element give for each of the 256 values that a byte before them can have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from boardproof.model.graph import (
    Binary,
    BinaryFunction,
    Cast,
    DType,
    ExpandDims,
    Gather,
    LeakyRelu,
    Prelu,
    Quantize,
    Reshape,
    Squeeze,
    Unary,
)
from boardproof.project.runtimes.aot.operands import plain_range
from boardproof.project.runtimes.aot.operators.elementwise.binary import binary_pairing
from boardproof.project.runtimes.aot.operators.elementwise.convert import lower_quantize
from boardproof.project.runtimes.aot.operators.elementwise.pairing import is_one_number
from boardproof.project.runtimes.aot.operators.elementwise.prelu import prelu_pairing
from boardproof.project.runtimes.aot.operators.elementwise.unary import lower_leaky_relu, lower_unary
from boardproof.project.runtimes.aot.program import Step

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from boardproof.model.graph import Graph, Operator
    from boardproof.project.runtimes.aot.operators.elementwise.pairing import Pairing

    Ints = NDArray[np.int64]

BYTES = frozenset({DType.INT8, DType.UINT8})
"""Types with 256 values."""

RENAMING = (ExpandDims, Reshape, Squeeze)
"""Operators that give their data another shape, and nothing else."""

_INTEGERS = frozenset({DType.INT8, DType.UINT8, DType.INT16, DType.INT32})
_PLAIN: Mapping[BinaryFunction, Callable[[Ints, Ints], Ints]] = {
    BinaryFunction.ADD: np.add,
    BinaryFunction.MAXIMUM: np.maximum,
    BinaryFunction.MINIMUM: np.minimum,
    BinaryFunction.MUL: np.multiply,
    BinaryFunction.SUB: np.subtract,
}
"""Of int32, which wraps around."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of operator.

    Attributes:
        is_function: Whether one with such types and constants is a function of single elements that `evaluate` knows.
        evaluate: Its output for values of its variables, by tensor.
    """

    is_function: Callable[[Any, Graph], bool]
    evaluate: Callable[[Any, Graph, Mapping[int, Ints]], Ints]


def variables_of(op: Operator, graph: Graph) -> tuple[int, ...]:
    """The tensors whose values decide each element of the output, one by one; none where it is not such a function."""
    kind = _KINDS.get(type(op))
    if kind is None or len(op.outputs) != 1 or not kind.is_function(op, graph):
        return ()
    output = graph.tensors[op.output]
    found = tuple(dict.fromkeys(index for index in op.inputs if not graph.tensors[index].is_constant))
    alike = all(graph.tensors[index].elements == output.elements for index in found)
    return found if alike and not output.is_constant else ()


def evaluate(op: Operator, graph: Graph, values: Mapping[int, Ints]) -> Ints:
    """The output for values of the tensors of `variables_of`, each an array of 256."""
    return _KINDS[type(op)].evaluate(op, graph, values)


def _types(op: Operator, graph: Graph) -> set[DType]:
    return {graph.tensors[index].dtype for index in (*op.inputs, *op.outputs)}


def _renames(op: Operator, graph: Graph) -> bool:
    return not graph.tensors[op.input].is_constant


def _same(op: Operator, graph: Graph, values: Mapping[int, Ints]) -> Ints:  # noqa: ARG001 one signature for all
    return values[op.input]


def _is_int8(op: Operator, graph: Graph) -> bool:
    return _types(op, graph) == {DType.INT8}


def _of_table(step: Step, graph: Graph, values: Mapping[int, Ints]) -> Ints:
    """What a nn_lookup_8 gives."""
    (table,) = step.params.tables
    found = table.values[values[step.inputs[0]].astype(np.uint8)]
    return found.view(graph.tensors[step.outputs[0]].dtype.numpy).astype(np.int64)


def _unary(op: Unary, graph: Graph, values: Mapping[int, Ints]) -> Ints:
    return _of_table(lower_unary(op, graph), graph, values)


def _leaky_relu(op: LeakyRelu, graph: Graph, values: Mapping[int, Ints]) -> Ints:
    return _of_table(lower_leaky_relu(op, graph), graph, values)


def _of_bytes(op: Quantize, graph: Graph) -> bool:
    return _types(op, graph) <= BYTES


def _quantize(op: Quantize, graph: Graph, values: Mapping[int, Ints]) -> Ints:
    step = lower_quantize(op, graph)
    return _of_table(step, graph, values) if isinstance(step, Step) else values[op.input]


def _of_integers(op: Cast, graph: Graph) -> bool:
    return _types(op, graph) <= _INTEGERS


def _cast(op: Cast, graph: Graph, values: Mapping[int, Ints]) -> Ints:
    return values[op.input].astype(graph.tensors[op.output].dtype.numpy).astype(np.int64)


def _looks_up(op: Gather, graph: Graph) -> bool:
    """Whether bytes are taken from a row of constants, by int32 numbers."""
    table, indices = (graph.tensors[index] for index in op.inputs)
    types = (table.dtype, indices.dtype)
    is_row = len(table.shape) == 1 and table.is_constant
    return is_row and not indices.is_constant and types == (DType.INT8, DType.INT32)


def _gather(op: Gather, graph: Graph, values: Mapping[int, Ints]) -> Ints:
    table = graph.tensors[op.input].array().astype(np.int64)
    return np.asarray(table[np.clip(values[op.inputs[1]], 0, table.size - 1)])


def _pairs(op: Binary | Prelu, graph: Graph) -> bool:
    """Whether constants are one number each, and the arithmetic is known."""
    types, tensors = _types(op, graph), (graph.tensors[index] for index in op.inputs)
    known = types == {DType.INT8} or (types == {DType.INT32} and isinstance(op, Binary) and op.function in _PLAIN)
    return known and all(is_one_number(tensor) for tensor in tensors if tensor.is_constant)


def _binary(op: Binary, graph: Graph, values: Mapping[int, Ints]) -> Ints:
    first, second = (_operand(index, graph, values) for index in op.inputs[:2])
    if graph.tensors[op.output].dtype is DType.INT32:
        low, high = plain_range(op.activation, DType.INT32)
        return np.clip(_PLAIN[op.function](first, second).astype(np.int32).astype(np.int64), low, high)
    return _pair(binary_pairing(op, graph), first, second)


def _prelu(op: Prelu, graph: Graph, values: Mapping[int, Ints]) -> Ints:
    return _pair(prelu_pairing(op, graph), *(_operand(index, graph, values) for index in op.inputs[:2]))


def _operand(index: int, graph: Graph, values: Mapping[int, Ints]) -> Ints:
    """A variable's values, or a constant as often."""
    tensor = graph.tensors[index]
    return np.full(256, int(tensor.array().flat[0]), np.int64) if tensor.is_constant else values[index]


def _pair(pairing: Pairing, first: Ints, second: Ints) -> Ints:
    if pairing.evaluate is None:
        raise ValueError(f"nothing says what {pairing.kernel} computes")
    return pairing.evaluate(first, second).astype(np.int8).astype(np.int64)


_KINDS: Mapping[type[Operator], _Kind] = {
    Binary: _Kind(_pairs, _binary),
    Cast: _Kind(_of_integers, _cast),
    Gather: _Kind(_looks_up, _gather),
    LeakyRelu: _Kind(_is_int8, _leaky_relu),
    Prelu: _Kind(_pairs, _prelu),
    Quantize: _Kind(_of_bytes, _quantize),
    Unary: _Kind(_is_int8, _unary),
    **dict.fromkeys(RENAMING, _Kind(_renames, _same)),
}

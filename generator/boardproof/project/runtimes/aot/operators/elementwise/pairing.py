"""A function of two tensors as a kernel call; or as a table, where one of them is one constant number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.graph import DType
from boardproof.project.runtimes.aot.operands import shape_text
from boardproof.project.runtimes.aot.operators.elementwise.broadcast import broadcast_fields
from boardproof.project.runtimes.aot.operators.elementwise.lookup import inputs_of, lookup_step
from boardproof.project.runtimes.aot.program import InPlace, Params, Step

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from boardproof.model.graph import Graph, Operator, Tensor
    from boardproof.project.runtimes.aot.program import Value

    Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Pairing:
    """A kernel for two tensors.

    Attributes:
        kernel: The C function.
        header: The header that declares it.
        struct: Its parameter struct's tag.
        fields: The struct's fields after `shape`.
        evaluate: What it computes, if it takes int8 and gives bytes: values of both inputs to values of the output.
        sign: What stands between the inputs in a comment.
        swapped: Whether it takes the second input first.
    """

    kernel: str
    header: str
    struct: str
    fields: tuple[tuple[str, Value], ...] = ()
    evaluate: Callable[[Ints, Ints], Ints] | None = None
    sign: str = "and"
    swapped: bool = False


def pairing_step(op: Operator, graph: Graph, pairing: Pairing, activation: str = "") -> Step:
    """One step: a table if that is enough, else the kernel; an input of the output's shape may be overwritten."""
    first, second, output = (graph.tensors[i] for i in (*op.inputs[:2], op.output))
    description = f"{shape_text(first)} {pairing.sign} {shape_text(second)}{activation}"
    if pairing.evaluate is not None:
        for data in _only_variable(first, second, output):
            values = pairing.evaluate(*(_operand(tensor, data) for tensor in (first, second)))
            return lookup_step(op, graph, values.astype(output.dtype.numpy).view(np.uint8), data.index, description)
    order = (second, first) if pairing.swapped else (first, second)
    fields = (*broadcast_fields(order[0].shape, order[1].shape, output.shape), *pairing.fields)
    return Step(
        operator=op.index,
        implements=(op.index,),
        kernel=pairing.kernel,
        header=pairing.header,
        params=Params(pairing.struct, fields),
        inputs=tuple(tensor.index for tensor in order),
        outputs=(op.output,),
        in_place=in_place(order, output),
        description=description,
    )


def in_place(inputs: tuple[Tensor, ...], output: Tensor) -> tuple[InPlace, ...]:
    """The inputs that the output may overwrite element by element."""
    return tuple(
        InPlace(position)
        for position, tensor in enumerate(inputs)
        if tensor.elements == output.elements and tensor.dtype.size_bytes >= output.dtype.size_bytes
    )


def _only_variable(first: Tensor, second: Tensor, output: Tensor) -> list[Tensor]:
    """The one int8 tensor that decides the output, if it is one and not repeated."""
    variables = [tensor for tensor in dict.fromkeys((first, second)) if not is_one_number(tensor)]
    if len(variables) != 1 or variables[0].dtype is not DType.INT8 or variables[0].elements != output.elements:
        return []
    return variables


def is_one_number(tensor: Tensor) -> bool:
    """Whether all elements of a constant are the same."""
    if not tensor.is_constant:
        return False
    values = tensor.array()
    return bool((values == values.flat[0]).all())


def _operand(tensor: Tensor, data: Tensor) -> Ints:
    """All values of the data in the order of their bits, or the constant as often."""
    if tensor is data:
        return inputs_of(DType.INT8)
    return np.full(256, int(tensor.array().flat[0]), np.int64)

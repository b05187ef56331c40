"""Whether the operators of a graph, in their order, read only what exists by then."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from boardproof.errors import InputError
from boardproof.model.graph import NO_TENSOR

if TYPE_CHECKING:
    from boardproof.model.graph import Graph

_HINT = (
    "The file is damaged, or the tool that wrote it has a defect: convert the model again with a current TensorFlow."
)


def check_wiring(graph: Graph) -> None:
    """Raises InputError when a tensor index is out of range, or a tensor is read too early or written twice.

    Execution order is the order in the file, so a cycle shows as a read before the write.
    """
    _check_range(graph, graph.inputs, "the graph's inputs", lowest=0)
    _check_range(graph, graph.outputs, "the graph's outputs", lowest=0)
    if len(set(graph.inputs)) != len(graph.inputs):
        raise _broken("the graph names the same input twice")
    constants = {tensor.index for tensor in graph.tensors if tensor.is_constant}
    variables = {tensor.index for tensor in graph.tensors if tensor.is_variable}
    both = constants & set(graph.inputs)
    if both:
        raise _broken(f"input tensor {min(both)} is also a constant")
    written = constants | set(graph.inputs)
    for operator in graph.operators:
        place = f"operator {operator.index} ({operator.name})"
        _check_range(graph, operator.inputs, place, lowest=NO_TENSOR)
        _check_range(graph, operator.outputs, place, lowest=0)
        early = set(operator.inputs) - written - variables - {NO_TENSOR}
        if early:
            raise _broken(f"{place} reads tensor {min(early)} before anything wrote it")
        again = (set(operator.outputs) & written) or _repeated(operator.outputs)
        if again:
            raise _broken(f"{place} writes tensor {min(again)}, which already has a value")
        written |= set(operator.outputs)
    missing = set(graph.outputs) - written - variables
    if missing:
        raise _broken(f"output tensor {min(missing)} is never computed")


def _repeated(indices: tuple[int, ...]) -> set[int]:
    return {index for index, count in Counter(indices).items() if count > 1}


def _check_range(graph: Graph, indices: tuple[int, ...], place: str, lowest: int) -> None:
    for index in indices:
        if not lowest <= index < len(graph.tensors):
            raise _broken(f"{place} refers to tensor {index}; there are {len(graph.tensors)}")


def _broken(what: str) -> InputError:
    return InputError(f"The .tflite file is not valid: {what}.", _HINT)

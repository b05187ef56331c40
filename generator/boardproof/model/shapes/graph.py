"""Whether the shapes in a graph fit its operators, so that generated code never leaves a tensor.

The interpreters check this when they prepare a model; code compiled ahead of time has no such moment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.errors import InputError
from boardproof.model.graph import Unsupported
from boardproof.model.shapes import axes, elementwise, images, movement, products, selection, signal, state, windows
from boardproof.model.shapes.rules import Fit, MisfitError, constant_ints, window_output

if TYPE_CHECKING:
    from boardproof.model.graph import Graph, Operator
    from boardproof.model.shapes.rules import Rules

__all__ = ["RULES", "check_fit", "check_shapes", "constant_ints", "window_output"]

RULES: Rules = {
    **axes.RULES,
    **elementwise.RULES,
    **images.RULES,
    **movement.RULES,
    **products.RULES,
    **selection.RULES,
    **signal.RULES,
    **state.RULES,
    **windows.RULES,
}
"""What must hold for each kind of operator; each raises MisfitError when it does not."""


def check_shapes(graph: Graph) -> None:
    """Raises InputError when an operator's tensors do not fit each other.

    Operators whose shapes are only known at run time are left out: preflight reports those.
    """
    for operator in graph.operators:
        if not isinstance(operator, Unsupported) and not _is_dynamic(graph, operator):
            check_fit(graph, operator)


def check_fit(graph: Graph, operator: Operator) -> None:
    """The same of one operator that is not `Unsupported`."""
    inputs = tuple(graph.tensors[i] for i in operator.inputs if i >= 0)
    outputs = tuple(graph.tensors[i] for i in operator.outputs)
    try:
        RULES[type(operator)](operator, Fit(inputs, outputs))
    except MisfitError as misfit:
        raise InputError(
            f"The .tflite file is not valid: in operator {operator.index} ({operator.name}), {misfit}.",
            "Convert the model again with a current TensorFlow; if it came from another tool, report it there.",
        ) from misfit


def _is_dynamic(graph: Graph, operator: Operator) -> bool:
    """Whether a size other than the batch is open."""
    used = [graph.tensors[i] for i in (*operator.inputs, *operator.outputs) if i >= 0]
    return any(axis > 0 for tensor in used for axis in tensor.dynamic_axes)

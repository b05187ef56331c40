"""Whether the shapes in a graph fit its operators, so that generated code never leaves a tensor.

The interpreters check this when they prepare a model; code compiled ahead of time has no such moment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from boardproof.errors import InputError
from boardproof.model.graph import (
    AddN,
    ArgExtremum,
    AveragePool2D,
    Binary,
    Cast,
    Compare,
    Conv2D,
    DepthwiseConv2D,
    Dequantize,
    FullyConnected,
    L2Normalization,
    LeakyRelu,
    LogSoftmax,
    MaxPool2D,
    Pad,
    Prelu,
    Quantize,
    Reduce,
    Reshape,
    Select,
    Softmax,
    Unary,
    Unsupported,
)
from boardproof.model.shape_rules import Fit, MisfitError, broadcast, constant_ints, same_shape, window_output
from boardproof.model.shapes_axes import fit_arg_extremum, fit_reduction
from boardproof.model.shapes_elementwise import fit_select, fit_sum
from boardproof.model.shapes_movement import fit_pad, fit_reshape
from boardproof.model.shapes_windows import fit_convolution, fit_fully_connected, fit_pool

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from boardproof.model.graph import Graph, Operator

__all__ = ["RULES", "check_shapes", "constant_ints", "window_output"]

RULES: Mapping[type[Operator], Callable[[Any, Fit], None]] = {
    AddN: fit_sum,
    ArgExtremum: fit_arg_extremum,
    AveragePool2D: fit_pool,
    Binary: broadcast,
    Cast: same_shape,
    Compare: broadcast,
    Conv2D: fit_convolution,
    DepthwiseConv2D: fit_convolution,
    Dequantize: same_shape,
    FullyConnected: fit_fully_connected,
    L2Normalization: same_shape,
    LeakyRelu: same_shape,
    LogSoftmax: same_shape,
    MaxPool2D: fit_pool,
    Pad: fit_pad,
    Prelu: broadcast,
    Quantize: same_shape,
    Reduce: fit_reduction,
    Reshape: fit_reshape,
    Select: fit_select,
    Softmax: same_shape,
    Unary: same_shape,
}
"""What must hold for each kind of operator; each raises MisfitError when it does not."""


def check_shapes(graph: Graph) -> None:
    """Raises InputError when an operator's tensors do not fit each other.

    Operators whose shapes are only known at run time are left out: preflight reports those.
    """
    for operator in graph.operators:
        if isinstance(operator, Unsupported) or _is_dynamic(graph, operator):
            continue
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

"""Shapes of those operators of operators/elementwise.py that have rules of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.model.graph import AddN, Binary, Cast, Compare, Dequantize, LeakyRelu, Prelu, Quantize, Select, Unary
from boardproof.model.shapes.rules import broadcast, require_output, same_shape

if TYPE_CHECKING:
    from boardproof.model.shapes.rules import Fit, Rules


def fit_sum(operator: AddN, fit: Fit) -> None:  # noqa: ARG001 one signature for all
    """All inputs have the output's shape."""
    for tensor in fit.inputs:
        require_output(fit.output, tensor.shape)


def fit_select(operator: Select, fit: Fit) -> None:
    """The inputs broadcast to the output; single elements may have any number of axes."""
    if all(tensor.elements == 1 for tensor in (*fit.inputs, *fit.outputs)):
        return
    broadcast(operator, fit)


RULES: Rules = {
    AddN: fit_sum,
    Binary: broadcast,
    Cast: same_shape,
    Compare: broadcast,
    Dequantize: same_shape,
    LeakyRelu: same_shape,
    Prelu: broadcast,
    Quantize: same_shape,
    Select: fit_select,
    Unary: same_shape,
}

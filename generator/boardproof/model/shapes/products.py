"""Shapes of the operators of operators/products.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.graph import BatchMatMul, CumSum, TransposeConv
from boardproof.model.shapes.rules import (
    MisfitError,
    constant_ints,
    require_axes,
    require_output,
    require_rank,
    window_output,
)

if TYPE_CHECKING:
    from boardproof.model.shapes.rules import Fit, Rules, Shape

_IMAGE_RANK = 4


def fit_transpose_conv(operator: TransposeConv, fit: Fit) -> None:
    """The window over the output gives the input; the filter fits the channels."""
    shape, (weights, data), output = constant_ints(fit.inputs[0]), (t.shape for t in fit.inputs[1:3]), fit.output
    for tensor in (weights, data, output):
        require_rank(tensor, _IMAGE_RANK)
    if 0 in weights:
        raise MisfitError(f"the filter {list(weights)} is empty")
    if weights[3] != data[3] or weights[0] != output[3] or data[0] != output[0]:
        raise MisfitError(f"the filter {list(weights)} makes no {list(output)} of {list(data)}")
    if window_output((output[1], output[2]), (weights[1], weights[2]), operator.window) != (data[1], data[2]):
        raise MisfitError(f"the window over the output {list(output)} does not give the input {list(data)}")
    if shape is not None and tuple(shape) != output:
        raise MisfitError(f"the output has shape {list(output)}, not {shape}")
    require_output(output, output)
    require_output(data, data)
    if len(fit.inputs) > 3 and fit.inputs[3].elements != weights[0]:  # noqa: PLR2004 shape, filter, data, bias
        raise MisfitError(f"there are {fit.inputs[3].elements} biases for {weights[0]} outputs")


def fit_batch_matmul(operator: BatchMatMul, fit: Fit) -> None:
    """The leading axes broadcast, the last two multiply."""
    left = _matrix(fit.data, adjoint=operator.adjoint_left)
    right = _matrix(fit.inputs[1].shape, adjoint=operator.adjoint_right)
    try:
        batches = np.broadcast_shapes(left[:-2], right[:-2])
    except ValueError as error:
        raise MisfitError(f"the batches of {list(left)} and {list(right)} do not fit") from error
    if left[-1] != right[-2] or left[-1] == 0:
        raise MisfitError(f"a matrix of {left[-2]}x{left[-1]} does not multiply one of {right[-2]}x{right[-1]}")
    require_output(fit.output, (*batches, left[-2], right[-1]))


def fit_cumsum(operator: CumSum, fit: Fit) -> None:  # noqa: ARG001 one signature for all
    """The shape stays; the axis exists."""
    axes = constant_ints(fit.inputs[1])
    if fit.inputs[1].elements != 1:
        raise MisfitError(f"there are {fit.inputs[1].elements} axes, not one")
    require_axes(axes or [], len(fit.data))
    require_output(fit.output, fit.data)


def _matrix(shape: Shape, *, adjoint: bool) -> Shape:
    if len(shape) < 2:  # noqa: PLR2004 a matrix
        raise MisfitError(f"a tensor of shape {list(shape)} is no matrix")
    return (*shape[:-2], shape[-1], shape[-2]) if adjoint else shape


RULES: Rules = {
    BatchMatMul: fit_batch_matmul,
    CumSum: fit_cumsum,
    TransposeConv: fit_transpose_conv,
}

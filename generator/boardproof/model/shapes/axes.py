"""Shapes of the operators of operators/axes.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.model.graph import ArgExtremum, L2Normalization, LogSoftmax, Reduce, Softmax
from boardproof.model.shapes.rules import MisfitError, constant_ints, require_output, same_shape

if TYPE_CHECKING:
    from boardproof.model.graph import Tensor
    from boardproof.model.shapes.rules import Fit, Rules, Shape


def fit_reduction(operator: Reduce, fit: Fit) -> None:
    """The output is the input without the reduced axes, or with size 1 there."""
    axes = constant_ints(fit.inputs[1])
    if axes is not None:
        require_output(fit.output, _reduced(fit.data, axes, keep_dims=operator.keep_dims))


def fit_arg_extremum(operator: ArgExtremum, fit: Fit) -> None:  # noqa: ARG001 one signature for all
    """The output is the input without one axis."""
    axes = constant_ints(fit.inputs[1])
    if fit.inputs[1].elements != 1:
        raise MisfitError(f"there are {fit.inputs[1].elements} axes, not one")
    if axes is not None:
        require_output(fit.output, _reduced(fit.data, axes, keep_dims=False))


def reduced_axes(data: Tensor, axes: Tensor) -> tuple[int, ...]:
    """The axes of a reduction, sorted, counted from 0, each once."""
    return tuple(sorted({axis % len(data.shape) for axis in constant_ints(axes) or ()}))


def _reduced(shape: Shape, axes: list[int], *, keep_dims: bool) -> Shape:
    if not all(-len(shape) <= axis < len(shape) for axis in axes):
        raise MisfitError(f"the axes {axes} do not exist in the input {list(shape)}")
    reduced = {axis % len(shape) for axis in axes}
    if keep_dims:
        return tuple(1 if axis in reduced else size for axis, size in enumerate(shape))
    return tuple(size for axis, size in enumerate(shape) if axis not in reduced)


RULES: Rules = {
    ArgExtremum: fit_arg_extremum,
    L2Normalization: same_shape,
    LogSoftmax: same_shape,
    Reduce: fit_reduction,
    Softmax: same_shape,
}

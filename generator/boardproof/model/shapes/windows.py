"""Shapes of the operators of operators/windows.py."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from boardproof.model.graph import AveragePool2D, Conv2D, DepthwiseConv2D, FullyConnected, MaxPool2D
from boardproof.model.shapes.rules import MisfitError, require_output, require_rank, window_output

if TYPE_CHECKING:
    from boardproof.model.graph import Pool2D
    from boardproof.model.shapes.rules import Fit, Rules, Shape

_IMAGE_RANK = 4


def fit_convolution(operator: Conv2D | DepthwiseConv2D, fit: Fit) -> None:
    """Filter and biases fit the channels, and the window gives the output."""
    data, weights = fit.data, fit.inputs[1].shape
    require_rank(data, _IMAGE_RANK)
    require_rank(weights, _IMAGE_RANK)
    if 0 in weights:
        raise MisfitError(f"the filter {list(weights)} is empty")
    channels = weights[0] if isinstance(operator, Conv2D) else weights[3]
    if isinstance(operator, Conv2D):
        groups = data[3] // weights[3]
        fits = groups > 0 and data[3] == groups * weights[3] and channels % groups == 0
    else:
        fits = weights[0] == 1 and channels == data[3] * operator.depth_multiplier
    if not fits:
        raise MisfitError(f"the filter {list(weights)} does not fit the input {list(data)}")
    require_output(fit.output, (data[0], *window_output(_size(data), _size(weights), operator.window), channels))
    _require_bias(fit, channels)


def fit_fully_connected(operator: FullyConnected, fit: Fit) -> None:
    """Weights fit the input's last axis, or the whole input in rows."""
    data, weights, output = fit.data, fit.inputs[1].shape, fit.output
    require_rank(weights, 2)
    units, depth = weights
    if depth == 0 or prod(data) % depth:
        raise MisfitError(f"the weights {list(weights)} do not fit the input {list(data)}")
    if operator.keep_num_dims:
        if data[-1:] != (depth,):
            raise MisfitError(f"the weights {list(weights)} do not fit the input {list(data)}")
        require_output(output, (*data[:-1], units))
    elif output[-1:] != (units,) or prod(output) != prod(data) // depth * units:
        raise MisfitError(f"the output {list(output)} should hold {prod(data) // depth} rows of {units}")
    _require_bias(fit, units)


def fit_pool(operator: Pool2D, fit: Fit) -> None:
    """The window gives the output."""
    data = fit.data
    require_rank(data, _IMAGE_RANK)
    require_output(fit.output, (data[0], *window_output(_size(data), operator.filter_size, operator.window), data[3]))


def _size(shape: Shape) -> tuple[int, int]:
    return shape[1], shape[2]


def _require_bias(fit: Fit, channels: int) -> None:
    if len(fit.inputs) > 2 and fit.inputs[2].elements != channels:  # noqa: PLR2004 data, weights, bias
        raise MisfitError(f"there are {fit.inputs[2].elements} biases for {channels} outputs")


RULES: Rules = {
    AveragePool2D: fit_pool,
    Conv2D: fit_convolution,
    DepthwiseConv2D: fit_convolution,
    FullyConnected: fit_fully_connected,
    MaxPool2D: fit_pool,
}

"""Whether the shapes in a graph fit its operators, so that generated code never leaves a tensor.

The interpreters check this when they prepare a model; code compiled ahead of time has no such moment.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, assert_never

import numpy as np

from boardproof.errors import InputError
from boardproof.model.graph import (
    Add,
    AveragePool2D,
    Conv2D,
    DepthwiseConv2D,
    Dequantize,
    FullyConnected,
    Logistic,
    MaxPool2D,
    Mean,
    Pad,
    Padding,
    Quantize,
    Relu,
    Relu6,
    Reshape,
    Softmax,
    Unsupported,
)

if TYPE_CHECKING:
    from boardproof.model.graph import AnyOperator, Graph, SupportedOperator, Tensor, Window

Shape = tuple[int, ...]

_IMAGE_RANK = 4


def check_shapes(graph: Graph) -> None:
    """Raises InputError when an operator's tensors do not fit each other.

    Operators whose shapes are only known at run time are left out: preflight reports those.
    """
    for operator in graph.operators:
        if isinstance(operator, Unsupported) or _is_dynamic(graph, operator):
            continue
        try:
            _check(graph, operator)
        except _MisfitError as misfit:
            raise InputError(
                f"The .tflite file is not valid: in operator {operator.index} ({operator.name}), {misfit}.",
                "Convert the model again with a current TensorFlow; if it came from another tool, report it there.",
            ) from misfit


class _MisfitError(Exception):
    """What does not fit; says so in words."""


def window_output(size: tuple[int, int], kernel: tuple[int, int], window: Window) -> tuple[int, int]:
    """The output's height and width of a window sliding over `size`, as TensorFlow defines SAME and VALID."""
    height, width = (
        -(-n // stride) if window.padding is Padding.SAME else (n - (k - 1) * dilation - 1) // stride + 1
        for n, k, stride, dilation in zip(size, kernel, window.stride, window.dilation, strict=True)
    )
    return height, width


def constant_ints(tensor: Tensor) -> list[int] | None:
    """The values of a constant integer tensor, flat; None when it is computed at run time."""
    if not tensor.is_constant:
        return None
    if not np.issubdtype(tensor.dtype.numpy, np.integer):
        raise _MisfitError(f"{tensor.label} holds {tensor.dtype}, not integers")
    return [int(value) for value in tensor.array().ravel()]


def _is_dynamic(graph: Graph, operator: AnyOperator) -> bool:
    """Whether a size other than the batch is open."""
    used = [graph.tensors[i] for i in (*operator.inputs, *operator.outputs) if i >= 0]
    return any(axis > 0 for tensor in used for axis in tensor.dynamic_axes)


def _check(graph: Graph, operator: SupportedOperator) -> None:
    inputs = [graph.tensors[i] for i in operator.inputs if i >= 0]
    output = graph.tensors[operator.output].shape
    match operator:
        case Conv2D() | DepthwiseConv2D():
            _check_convolution(operator, inputs, output)
        case FullyConnected():
            _check_fully_connected(operator, inputs, output)
        case AveragePool2D() | MaxPool2D():
            _check_pool(operator, inputs, output)
        case Mean():
            _check_mean(operator, inputs, output)
        case Add():
            _check_add(inputs, output)
        case Pad():
            _check_pad(inputs, output)
        case Reshape():
            _check_reshape(inputs, output)
        case Softmax() | Logistic() | Relu() | Relu6() | Quantize() | Dequantize():
            _require_output(output, inputs[0].shape)
        case _:
            assert_never(operator)


def _check_convolution(operator: Conv2D | DepthwiseConv2D, inputs: list[Tensor], output: Shape) -> None:
    data, weights = inputs[0].shape, inputs[1].shape
    _require_rank(data, _IMAGE_RANK)
    _require_rank(weights, _IMAGE_RANK)
    if 0 in weights:
        raise _MisfitError(f"the filter {list(weights)} is empty")
    channels = weights[0] if isinstance(operator, Conv2D) else weights[3]
    if isinstance(operator, Conv2D):
        groups = data[3] // weights[3]
        fits = groups > 0 and data[3] == groups * weights[3] and channels % groups == 0
    else:
        fits = weights[0] == 1 and channels == data[3] * operator.depth_multiplier
    if not fits:
        raise _MisfitError(f"the filter {list(weights)} does not fit the input {list(data)}")
    _require_output(output, (data[0], *window_output(_size(data), _size(weights), operator.window), channels))
    _require_bias(inputs, channels)


def _check_fully_connected(operator: FullyConnected, inputs: list[Tensor], output: Shape) -> None:
    data, weights = inputs[0].shape, inputs[1].shape
    _require_rank(weights, 2)
    units, depth = weights
    if depth == 0 or prod(data) % depth:
        raise _MisfitError(f"the weights {list(weights)} do not fit the input {list(data)}")
    if operator.keep_num_dims:
        if data[-1:] != (depth,):
            raise _MisfitError(f"the weights {list(weights)} do not fit the input {list(data)}")
        _require_output(output, (*data[:-1], units))
    elif output[-1:] != (units,) or prod(output) != prod(data) // depth * units:
        raise _MisfitError(f"the output {list(output)} should hold {prod(data) // depth} rows of {units}")
    _require_bias(inputs, units)


def _check_pool(operator: AveragePool2D | MaxPool2D, inputs: list[Tensor], output: Shape) -> None:
    data = inputs[0].shape
    _require_rank(data, _IMAGE_RANK)
    _require_output(output, (data[0], *window_output(_size(data), operator.filter_size, operator.window), data[3]))


def _check_mean(operator: Mean, inputs: list[Tensor], output: Shape) -> None:
    axes = constant_ints(inputs[1])
    if axes is not None:
        _require_output(output, _reduced(inputs[0].shape, axes, keep_dims=operator.keep_dims))


def _check_add(inputs: list[Tensor], output: Shape) -> None:
    first, second = inputs[0].shape, inputs[1].shape
    try:
        expected = np.broadcast_shapes(first, second)
    except ValueError as error:
        raise _MisfitError(f"the inputs {list(first)} and {list(second)} do not fit") from error
    _require_output(output, tuple(expected))


def _check_reshape(inputs: list[Tensor], output: Shape) -> None:
    if inputs[0].elements != prod(output):
        raise _MisfitError(f"{inputs[0].elements} elements cannot take the shape {list(output)}")


def _check_pad(inputs: list[Tensor], output: Shape) -> None:
    data, paddings = inputs[0].shape, constant_ints(inputs[1])
    if inputs[1].shape != (len(data), 2):
        raise _MisfitError(f"paddings of shape {list(inputs[1].shape)} do not fit the input {list(data)}")
    if paddings is None:
        return
    if min(paddings, default=0) < 0:
        raise _MisfitError(f"the paddings {paddings} are negative")
    pairs = zip(data, paddings[::2], paddings[1::2], strict=True)
    _require_output(output, tuple(size + before + after for size, before, after in pairs))


def _reduced(shape: Shape, axes: list[int], *, keep_dims: bool) -> Shape:
    if not all(-len(shape) <= axis < len(shape) for axis in axes):
        raise _MisfitError(f"the axes {axes} do not exist in the input {list(shape)}")
    reduced = {axis % len(shape) for axis in axes}
    if keep_dims:
        return tuple(1 if axis in reduced else size for axis, size in enumerate(shape))
    return tuple(size for axis, size in enumerate(shape) if axis not in reduced)


def _size(shape: Shape) -> tuple[int, int]:
    return shape[1], shape[2]


def _require_rank(shape: Shape, rank: int) -> None:
    if len(shape) != rank:
        raise _MisfitError(f"a tensor of shape {list(shape)} should have {rank} dimensions")


def _require_output(output: Shape, expected: Shape) -> None:
    if output != expected:
        raise _MisfitError(f"the output has shape {list(output)}, not {list(expected)}")
    if min(expected, default=1) < 1:
        raise _MisfitError(f"the output {list(output)} is empty")


def _require_bias(inputs: list[Tensor], channels: int) -> None:
    if len(inputs) > 2 and inputs[2].elements != channels:  # noqa: PLR2004 data, weights, bias
        raise _MisfitError(f"there are {inputs[2].elements} biases for {channels} outputs")

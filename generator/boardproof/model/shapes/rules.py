"""What shape checks share: the tensors of an operator, what does not fit, and the commonest rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from boardproof.model.graph import Padding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from boardproof.model.graph import Operator, Tensor, Window

    Rules = Mapping[type[Operator], Callable[[Any, "Fit"], None]]
    """What must hold for each kind of operator; each raises MisfitError when it does not."""

Shape = tuple[int, ...]


class MisfitError(Exception):
    """What does not fit; says so in words."""


@dataclass(frozen=True, slots=True)
class Fit:
    """The tensors of one operator, absent inputs left out."""

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]

    @property
    def data(self) -> Shape:
        """The first input's shape."""
        return self.inputs[0].shape

    @property
    def output(self) -> Shape:
        """The first output's shape."""
        return self.outputs[0].shape


def same_shape(operator: Operator, fit: Fit) -> None:  # noqa: ARG001 one signature for all
    """The output has the first input's shape."""
    require_output(fit.output, fit.data)


def broadcast(operator: Operator, fit: Fit) -> None:  # noqa: ARG001 one signature for all
    """The output has the shape that all inputs broadcast to."""
    shapes = [tensor.shape for tensor in fit.inputs]
    try:
        expected = np.broadcast_shapes(*shapes)
    except ValueError as error:
        raise MisfitError(f"the inputs {' and '.join(str(list(shape)) for shape in shapes)} do not fit") from error
    require_output(fit.output, tuple(expected))


def window_output(size: tuple[int, int], kernel: tuple[int, int], window: Window) -> tuple[int, int]:
    """The output's height and width of a window sliding over `size`, as TensorFlow defines SAME and VALID."""
    height, width = (
        -(-n // stride) if window.padding is Padding.SAME else (n + sum(border) - (k - 1) * dilation - 1) // stride + 1
        for n, k, stride, dilation, border in zip(
            size, kernel, window.stride, window.dilation, window.border, strict=True
        )
    )
    return height, width


def constant_ints(tensor: Tensor) -> list[int] | None:
    """The values of a constant integer tensor, flat; None when it is computed at run time."""
    if not tensor.is_constant:
        return None
    if not tensor.dtype.size_bytes or not np.issubdtype(tensor.dtype.numpy, np.integer):
        raise MisfitError(f"{tensor.label} holds {tensor.dtype}, not integers")
    return [int(value) for value in tensor.array().ravel()]


def require_rank(shape: Shape, rank: int) -> None:
    """Raises MisfitError unless a shape has that many dimensions."""
    if len(shape) != rank:
        raise MisfitError(f"a tensor of shape {list(shape)} should have {rank} dimensions")


def require_output(output: Shape, expected: Shape) -> None:
    """Raises MisfitError unless the output has the shape it should have, and something in it."""
    if output != expected:
        raise MisfitError(f"the output has shape {list(output)}, not {list(expected)}")
    if min(expected, default=1) < 1:
        raise MisfitError(f"the output {list(output)} is empty")


def require_axes(axes: Iterable[int], rank: int) -> tuple[int, ...]:
    """The axes in order, counted from 0, each once. Raises MisfitError when one does not exist."""
    axes = list(axes)
    if not all(-rank <= axis < rank for axis in axes):
        raise MisfitError(f"the axes {axes} do not exist in a tensor of {rank}")
    return tuple(sorted({axis % rank for axis in axes}))

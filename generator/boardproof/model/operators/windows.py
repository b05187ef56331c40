"""Operators with weights, and those that slide a window: convolutions, dense layers, pools."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from boardproof.model.operators.base import Operator

if TYPE_CHECKING:
    from boardproof.model.operators.base import Activation, Padding

__all__ = ["AveragePool2D", "Conv2D", "DepthwiseConv2D", "FullyConnected", "MaxPool2D", "Pool2D", "Window"]


@dataclass(frozen=True, slots=True)
class Window:
    """The sliding window of convolutions and pools, in elements (height, width).

    `border`: with VALID, elements around the image that count as zero: (above, below), (left, right). No operator of a
    .tflite has one; it comes from a PAD before it.
    """

    padding: Padding
    stride: tuple[int, int]
    dilation: tuple[int, int] = (1, 1)
    border: tuple[tuple[int, int], tuple[int, int]] = ((0, 0), (0, 0))


@dataclass(frozen=True, slots=True)
class Conv2D(Operator):
    """inputs: data [N,H,W,C], filter [O,KH,KW,C/groups], bias [O] (optional).

    `narrow_sums`: without biases, sums of int16 data have 32 bits, not 64.
    """

    opcode: ClassVar[str] = "CONV_2D"
    window: Window
    activation: Activation
    narrow_sums: bool = False


@dataclass(frozen=True, slots=True)
class DepthwiseConv2D(Operator):
    """inputs: data [N,H,W,C], filter [1,KH,KW,C*depth_multiplier], bias (optional)."""

    opcode: ClassVar[str] = "DEPTHWISE_CONV_2D"
    window: Window
    depth_multiplier: int
    activation: Activation


@dataclass(frozen=True, slots=True)
class FullyConnected(Operator):
    """inputs: data [..., I], weights [O,I], bias [O] (optional). `narrow_sums` as of Conv2D."""

    opcode: ClassVar[str] = "FULLY_CONNECTED"
    activation: Activation
    keep_num_dims: bool
    narrow_sums: bool = False


@dataclass(frozen=True, slots=True)
class Pool2D(Operator):
    """inputs: data [N,H,W,C]."""

    window: Window
    filter_size: tuple[int, int]
    activation: Activation


@dataclass(frozen=True, slots=True)
class AveragePool2D(Pool2D):
    """The mean over each window, padding left out of the count."""

    opcode: ClassVar[str] = "AVERAGE_POOL_2D"


@dataclass(frozen=True, slots=True)
class MaxPool2D(Pool2D):
    """The maximum over each window."""

    opcode: ClassVar[str] = "MAX_POOL_2D"

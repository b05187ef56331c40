"""int8 layers with constant weights, all in one form: a matrix for each tap, and rescaling channel by channel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.fixed_point import INT32_MAX, INT32_MIN, quantize_multiplier, requantize
from boardproof.model.graph import Conv2D, DepthwiseConv2D, DType, FullyConnected, TransposeConv
from boardproof.project.runtimes.aot.operands import activation_range, bias_index, convolution_factors, quantization
from boardproof.project.runtimes.aot.overlap import padding_before

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from boardproof.model.graph import Graph, Operator, Tensor

    Ints = NDArray[np.int64]

LayerOperator = Conv2D | DepthwiseConv2D | FullyConnected | TransposeConv
"""Operators that are layers."""


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """A convolution, depthwise or transposed convolution, or dense layer of int8.

    Attributes:
        op: The operator.
        weights: int64 [outputs, taps, inputs of a group]. A dense layer on a flattened image has a tap for each pixel.
        groups: Of channels; a depthwise convolution has one for each channel of its input.
        bias: int64 [outputs], zeros where the model has none.
        multiplier: int64 [outputs], and `shift`, int64 [outputs]: the factors, as TensorFlow Lite Micro has them.
        shift: See there.
        zero_points: Of the input and the output.
        activation: Smallest and largest output.
        is_padded: Whether a window leaves the image somewhere, or an output has some of the taps only.
    """

    op: LayerOperator
    weights: Ints
    groups: int
    bias: Ints
    multiplier: Ints
    shift: Ints
    zero_points: tuple[int, int]
    activation: tuple[int, int]
    is_padded: bool

    @property
    def outputs(self) -> int:
        """Output channels."""
        return len(self.bias)

    @property
    def inputs(self) -> int:
        """Input channels."""
        return int(self.weights.shape[2]) * self.groups

    @property
    def is_channelwise(self) -> bool:
        """Whether each output channel is of the input channel of the same number, and of no other."""
        return self.groups == self.inputs == self.outputs

    def by_output(self, channels: Ints) -> Ints:
        """What belongs to input channels, as each output channel sees it: [outputs or 1, 1, inputs of a group]."""
        grouped = channels.reshape(self.groups, 1, -1)
        return np.repeat(grouped, self.outputs // self.groups, axis=0) if self.groups > 1 else grouped

    def sums(self, low: Ints, high: Ints) -> tuple[Ints, Ints]:
        """The least and the greatest sum of products of each output channel, without bias.

        Args:
            low: The least value of each input channel.
            high: The greatest.
        """
        zero_point = self.zero_points[0]
        if self.is_padded:
            low, high = np.minimum(low, zero_point), np.maximum(high, zero_point)
        products = (self.weights * self.by_output(low - zero_point), self.weights * self.by_output(high - zero_point))
        return np.minimum(*products).sum(axis=(1, 2)), np.maximum(*products).sum(axis=(1, 2))

    def rescaled(self, accumulators: Ints) -> Ints:
        """Outputs of accumulators [outputs, any]: both roundings, zero point, activation."""
        scaled = requantize(accumulators, self.multiplier[:, None], self.shift[:, None]) + self.zero_points[1]
        return np.asarray(np.clip(scaled, *self.activation))

    def in_range(self, low: Ints, high: Ints) -> NDArray[np.bool_]:
        """Which channels' accumulators, from low to high, fit in int32 also when shifted left: others may wrap."""
        left = np.maximum(self.shift, 0)
        return np.asarray(((low << left) >= INT32_MIN) & ((high << left) <= INT32_MAX))


def layer_of(op: Operator, graph: Graph) -> Layer | None:
    """An operator as a layer; None if it is none, or not of int8 with constant weights."""
    if not isinstance(op, LayerOperator):
        return None
    data, weights, output = (graph.tensors[i] for i in (op.input, op.inputs[1], op.output))
    bias = bias_index(op)
    biases = None if bias is None else graph.tensors[bias]
    types = {data.dtype, weights.dtype, output.dtype}
    scaled = all(tensor.quantization is not None for tensor in (data, weights, output))
    if types != {DType.INT8} or not scaled or not weights.is_constant or not data.shape:
        return None
    if any(quantization(weights).zero_points) or (biases is not None and not _is_bias(biases)):
        return None
    matrices = _matrices(op, weights.array().astype(np.int64), data.shape[-1])
    if matrices is None:
        return None
    count = len(matrices[0])
    pairs = np.array([quantize_multiplier(factor) for factor in convolution_factors(data, weights, output)], np.int64)
    multiplier, shift = np.broadcast_to(pairs, (count, 2)).T
    return Layer(
        op=op,
        weights=matrices[0],
        groups=matrices[1],
        bias=np.zeros(count, np.int64) if biases is None else biases.array().astype(np.int64).reshape(-1),
        multiplier=multiplier,
        shift=shift,
        zero_points=(quantization(data).zero_point, quantization(output).zero_point),
        activation=activation_range(op.activation, output),
        is_padded=_is_padded(op, graph),
    )


def _is_bias(tensor: Tensor) -> bool:
    return tensor.dtype is DType.INT32 and tensor.is_constant


def _matrices(op: LayerOperator, weights: Ints, channels: int) -> tuple[Ints, int] | None:
    """Weights [outputs, taps, inputs of a group], and the number of groups; None where a dense layer cuts pixels."""
    if isinstance(op, DepthwiseConv2D):
        return weights.reshape(-1, weights.shape[-1]).T[:, :, None], channels
    if isinstance(op, Conv2D | TransposeConv):
        return weights.reshape(weights.shape[0], -1, weights.shape[3]), channels // weights.shape[3]
    if weights.shape[1] % channels:
        return None
    return weights.reshape(weights.shape[0], -1, channels), 1


def filters(op: LayerOperator, weights: Ints, shape: tuple[int, ...]) -> NDArray[np.int8]:
    """A Layer's weights as its operator has them; `shape` is how they were, with no fewer channels."""
    narrow = weights.astype(np.int8)
    if isinstance(op, DepthwiseConv2D):
        return np.ascontiguousarray(narrow[:, :, 0].T).reshape(*shape[:3], -1)
    if isinstance(op, Conv2D | TransposeConv):
        return narrow.reshape(-1, *shape[1:3], narrow.shape[2])
    return narrow.reshape(len(narrow), -1)


def _is_padded(op: LayerOperator, graph: Graph) -> bool:
    if isinstance(op, FullyConnected | TransposeConv):
        return isinstance(op, TransposeConv)
    data, weights, output = (graph.tensors[i] for i in (*op.inputs[:2], op.output))
    size, kernel = (data.shape[1], data.shape[2]), (weights.shape[1], weights.shape[2])
    before = padding_before(size, kernel, op.window)
    axes = zip(size, kernel, output.shape[1:3], op.window.stride, op.window.dilation, before, strict=True)
    after = [(o - 1) * s + (k - 1) * d + 1 - pad - n for n, k, o, s, d, pad in axes]
    return any(side > 0 for side in (*before, *after))

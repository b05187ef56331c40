"""Constant tables of the _s16_dsp kernels: see nn_gemm_s16_dsp.h and nn_conv_s16_dsp.h."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.fixed_point import INT32_MAX, quantize_multiplier
from boardproof.project.runtimes.aot.kernelsets.dsp.pack import UNIT, padded, words
from boardproof.project.runtimes.aot.operands import INT16_MAX, INT16_MIN, bias_index, convolution_factors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from boardproof.model.graph import Conv2D, DepthwiseConv2D, FullyConnected, Graph, TransposeConv

    Layer = Conv2D | DepthwiseConv2D | FullyConnected | TransposeConv

GROUP = 4
"""Outputs that a dense or a depthwise layer computes together."""

_LEAST_SHIFT, _MOST_SHIFT = 17, 46


@dataclass(frozen=True, slots=True)
class Packed:
    """What the streams are made of.

    Attributes:
        weights: int8 [outputs, inputs], in the layer's own order.
        bias: int64 [outputs].
        factor: int64 [outputs]: the multiplier of 15 bits, 2^16-fold.
        shift: int64 [outputs], from 1.
    """

    weights: NDArray[np.int8]
    bias: NDArray[np.int64]
    factor: NDArray[np.int64]
    shift: NDArray[np.int64]

    def of(self, outputs: NDArray[np.int64]) -> Packed:
        """These outputs of them, in this order."""
        return Packed(self.weights[outputs], self.bias[outputs], self.factor[outputs], self.shift[outputs])

    def repeated(self, times: int) -> Packed:
        """With the outputs' numbers once more, so many times in all; the weights are as they were."""
        bias, factor, shift = (np.tile(values, times) for values in (self.bias, self.factor, self.shift))
        return Packed(self.weights, bias, factor, shift)


def pack_int16(op: Layer, graph: Graph, weights: NDArray[np.generic]) -> Packed | None:
    """`weights` [outputs, inputs] with what belongs to them; None where 32 bits or the kernels' shifts do not do."""
    data, filters, output = (graph.tensors[i] for i in (op.input, op.inputs[1], op.output))
    index = bias_index(op)
    outputs = weights.shape[0]
    bias = np.zeros(outputs, np.int64) if index is None else graph.tensors[index].array().astype(np.int64)
    largest = np.abs(bias) + -INT16_MIN * np.abs(weights.astype(np.int64)).sum(axis=1)
    pairs = np.array([quantize_multiplier(factor) for factor in convolution_factors(data, filters, output)], np.int64)
    multiplier, exponent = np.broadcast_to(pairs, (outputs, 2)).T
    factor = np.minimum((multiplier + (1 << 15)) >> 16, INT16_MAX) << 16
    shift = 15 - exponent
    if largest.max() > INT32_MAX or shift.min() < _LEAST_SHIFT or shift.max() > _MOST_SHIFT:
        return None
    return Packed(weights.astype(np.int8), bias, factor, shift - 16)


def in_lane_order(weights: NDArray[np.int8]) -> NDArray[np.int8]:
    """Weights [outputs, inputs] in units of four, each in the order of lanes."""
    return np.ascontiguousarray(weights.reshape(len(weights), -1, UNIT)[..., [0, 2, 1, 3]]).reshape(len(weights), -1)


def in_units(pieces: NDArray[np.int8]) -> NDArray[np.int8]:
    """Weights [outputs, pieces, n] as [outputs, inputs], each piece with zeros up to units of four, in lane order."""
    outputs, count, size = pieces.shape
    whole = padded(pieces, outputs, count, -(-size // UNIT) * UNIT).reshape(outputs, -1, UNIT)
    return np.ascontiguousarray(whole[..., [0, 2, 1, 3]]).reshape(outputs, -1)


def dense_stream(packed: Packed, weights: NDArray[np.int8]) -> NDArray[np.uint32]:
    """Outputs in fours, then the others: biases, weights [outputs, inputs] word by word in turn, factors, shifts."""
    groups = (slice(first, first + GROUP) for first in range(0, len(weights), GROUP))
    return np.concatenate(
        [
            part
            for group in groups
            for part in (
                words(packed.bias[group]),
                np.ascontiguousarray(weights[group]).view("<u4").T.reshape(-1),
                words(packed.factor[group]),
                words(np.maximum(packed.shift[group], 1)),
            )
        ]
    )


def group_stream(packed: Packed, weights: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Groups of outputs: biases, `weights` of the group, factors, shifts."""
    size = len(weights) * GROUP
    bias, factor, shift = (
        words(padded(values, size)).reshape(-1, GROUP) for values in (packed.bias, packed.factor, packed.shift)
    )
    return np.concatenate([bias, weights, factor, np.maximum(shift, 1)], axis=1).reshape(-1)


def gemm_stream(packed: Packed, laid_out: NDArray[np.int8], part: NDArray[np.int64]) -> NDArray[np.uint32]:
    """Pairs of the outputs in `part`: biases, weights word by word in turn, factors, shifts."""
    pairs = -(-len(part) // 2)
    weights = padded(laid_out[part], 2 * pairs, laid_out.shape[1]).view("<u4").reshape(pairs, 2, -1)
    bias, factor, shift = (
        words(padded(values[part], 2 * pairs)).reshape(pairs, 2)
        for values in (packed.bias, packed.factor, packed.shift)
    )
    in_turn = weights.transpose(0, 2, 1).reshape(pairs, -1)
    return np.concatenate([bias, in_turn, factor, np.maximum(shift, 1)], axis=1).reshape(-1)

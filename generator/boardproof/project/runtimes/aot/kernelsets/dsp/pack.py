"""Constant tables in the layouts the _dsp kernels read: weights, biases and rescaling, as numpy arrays.

Deterministic: the same operator gives the same bytes. Every function that may find an operator outside of what its
kernel computes exactly says so (None), and the operator stays with the portable kernel.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from boardproof.project.runtimes.aot.kernelsets.dsp.rescale import (
    LOWEST,
    Channel,
    one_sided,
    one_sided_layer,
    two_sided,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

Number = TypeVar("Number", np.int8, np.int64)

UNIT = 4
"""Inputs of one step of the inner loops: the four int8 weights of a word."""

DENSE_ROWS = 4
"""Outputs of a dense layer that are computed together: NN_DENSE_ROWS."""

ODD_OFFSET = 127
"""What the kernels subtract from every odd input: NN_GEMM_ODD_OFFSET."""

LARGEST_SUM = 1 << 30
MOST_SHIFT = 23
"""Of nn_rescale_s8_dsp."""

ACCUMULATOR_LIMIT = (1 << 23) - 4
"""Magnitude below which 256 times an accumulator, with what rescaling adds to it, fits in int32."""


@dataclass(frozen=True, slots=True)
class Linear:
    """A convolution or dense layer as a matrix: one row of weights for each output channel.

    Attributes:
        weights: int8 [channels, inputs].
        bias: int64 [channels], as in the model.
        multiplier: int64 [channels], in [2^30, 2^31).
        shift: int64 [channels]; the real factor is multiplier * 2^(shift - 31).
        input_zero_point: In [-128, 127].
        output_zero_point: In [-128, 127].
        activation: Smallest and largest output.
    """

    weights: NDArray[np.int8]
    bias: NDArray[np.int64]
    multiplier: NDArray[np.int64]
    shift: NDArray[np.int64]
    input_zero_point: int
    output_zero_point: int
    activation: tuple[int, int]

    @property
    def folded_bias(self) -> NDArray[np.int64]:
        """The bias for raw inputs: the zero point's share taken off."""
        sums: NDArray[np.int64] = self.weights.astype(np.int64).sum(axis=1)
        return self.bias - self.input_zero_point * sums

    def of(self, channels: NDArray[np.int64]) -> Linear:
        """Some of its channels, all of its inputs."""
        return replace(
            self,
            weights=self.weights[channels],
            bias=self.bias[channels],
            multiplier=self.multiplier[channels],
            shift=self.shift[channels],
        )

    def parts(self, inputs: int) -> list[Linear]:
        """The layer cut into pieces of so many inputs, without its bias."""
        bias = np.zeros_like(self.bias)
        cuts = range(0, self.weights.shape[1], inputs)
        return [replace(self, weights=self.weights[:, cut : cut + inputs], bias=bias) for cut in cuts]

    @property
    def is_one_sided(self) -> bool:
        """Whether no output can be below the zero point."""
        return self.activation[0] >= self.output_zero_point

    @property
    def channels(self) -> list[Channel]:
        """What rescaling needs to know of each channel."""
        low, high = self.bounds
        rows = zip(self.multiplier, self.shift, low, high, strict=True)
        return [Channel(int(m), int(s), int(lo), int(hi)) for m, s, lo, hi in rows]

    @property
    def bounds(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The smallest and largest accumulator of each channel, over all int8 inputs."""
        low, high = -128 - self.input_zero_point, 127 - self.input_zero_point
        w = self.weights.astype(np.int64)
        positive, negative = np.maximum(w, 0).sum(axis=1), np.minimum(w, 0).sum(axis=1)
        return self.bias + positive * low + negative * high, self.bias + positive * high + negative * low


@dataclass(frozen=True, slots=True)
class Gemm:
    """What `struct nn_gemm_dsp` holds."""

    stream: NDArray[np.uint32]
    units: int
    pairs: int
    round: int
    shift: int


def pack_gemm(linear: Linear) -> Gemm | None:
    """The stream of nn_gemm_dsp.h: for two channels at a time biases, weights, multipliers.

    None when an accumulator could reach 2^23 (nearly), a pair of weights does not fit its lane, or a rescaling factor
    has no exact form.
    """
    packed = pack_gemms([linear])
    return None if packed is None else packed[0]


def pack_gemms(linears: list[Linear]) -> list[Gemm] | None:
    """The same of several layers that have all but weights in common, with one way of rescaling for all of them."""
    first = linears[0]
    if not all(fits(linear) and lanes_fit(linear.weights) for linear in linears):
        return None
    channels = _any_of(linears)
    one = one_sided_layer(channels, first.output_zero_point) if first.is_one_sided else None
    rescale = one or two_sided(channels)
    if rescale is None:
        one = rescale = one_sided_layer(channels, first.output_zero_point, LOWEST)
    if rescale is None:
        return None
    low_bits = np.zeros_like(rescale.shift) if one else rescale.shift
    return [
        Gemm(
            gemm_stream(linear.weights, scaled_bias(linear) + rescale.offset + low_bits, rescale.multiplier),
            units=-(-linear.weights.shape[1] // UNIT),
            pairs=-(-linear.weights.shape[0] // 2),
            round=0 if one else 2 * linear.output_zero_point + 1,
            shift=int(one.shift[0]) if one else 0,
        )
        for linear in linears
    ]


def _any_of(linears: list[Linear]) -> list[Channel]:
    """Each channel, with the accumulators that it can have in any of the layers."""
    low, high = zip(*(linear.bounds for linear in linears), strict=True)
    rows = zip(linears[0].channels, np.min(low, axis=0), np.max(high, axis=0), strict=True)
    return [replace(channel, low=int(least), high=int(most)) for channel, least, most in rows]


def gemm_stream(weights: NDArray[np.int8], head: NDArray[np.int64], tail: NDArray[np.int64]) -> NDArray[np.uint32]:
    """Pairs of channels: two of `head`, the weights [channels, inputs] word by word in turn, two of `tail`."""
    units, pairs = -(-weights.shape[1] // UNIT), -(-weights.shape[0] // 2)
    stream = np.empty((pairs, units + 2, 2), np.uint32)
    stream[:, 0] = words(padded(head, 2 * pairs)).reshape(pairs, 2)
    stream[:, 1:-1] = lane_pairs(padded(weights, 2 * pairs, units * UNIT)).reshape(pairs, 2, units).transpose(0, 2, 1)
    stream[:, -1] = words(padded(tail, 2 * pairs)).reshape(pairs, 2)
    return stream.reshape(-1)


def dense_stream(weights: NDArray[np.int8], head: NDArray[np.int64]) -> NDArray[np.uint32]:
    """Four outputs at a time: four of `head`, the weights [outputs, inputs] word by word in turn."""
    units, groups = -(-weights.shape[1] // UNIT), -(-weights.shape[0] // DENSE_ROWS)
    rows = groups * DENSE_ROWS
    stream = np.empty((groups, units + 1, DENSE_ROWS), np.uint32)
    stream[:, 0] = words(padded(head, rows)).reshape(groups, DENSE_ROWS)
    packed = lane_pairs(padded(weights, rows, units * UNIT)).reshape(groups, DENSE_ROWS, units)
    stream[:, 1:] = packed.transpose(0, 2, 1)
    return stream.reshape(-1)


def padded(values: NDArray[Number], *shape: int) -> NDArray[Number]:
    """With zeros after the end of each axis."""
    return np.pad(values, [(0, size - n) for size, n in zip(shape, values.shape, strict=True)])


def fits(linear: Linear) -> bool:
    """Whether 256-fold accumulators serve this layer."""
    low, high = linear.bounds
    return bool(max(-low.min(), high.max()) < ACCUMULATOR_LIMIT)


def scaled_bias(linear: Linear) -> NDArray[np.int64]:
    """256 times the bias for operands o = odd - 127 and even, see nn_gemm_dsp.h."""
    odd: NDArray[np.int64] = linear.weights[:, 1::2].astype(np.int64).sum(axis=1)
    return 256 * (linear.folded_bias + ODD_OFFSET * odd)


def lane_pairs(weights: NDArray[np.int8]) -> NDArray[np.uint32]:
    """Weights [..., 4 n] as words [..., n] whose 16-bit lanes are 256 * odd + even, in input order."""
    wide = weights.astype(np.int64)
    return (256 * wide[..., 1::2] + wide[..., 0::2]).astype("<i2").view("<u4")


def words(values: NDArray[np.int64]) -> NDArray[np.uint32]:
    """int32 values as the words that hold them."""
    return values.astype(np.int32).view(np.uint32)


def plain_round(linear: Linear) -> int:
    """`round` of nn_requant_dsp.h: 0 where a sum can be too large for its roundings, or a factor is unusual."""
    low_sum, high_sum = linear.bounds
    largest = (np.maximum(-low_sum, high_sum) << np.maximum(linear.shift, 0)).max()
    is_usual = (linear.multiplier > 0).all() and linear.shift.min() >= -MOST_SHIFT and largest < LARGEST_SUM
    return 2 * linear.output_zero_point + 1 if is_usual else 0


def lanes_fit(weights: NDArray[np.int8]) -> bool:
    """Whether every pair of weights, 256 * odd + even, fits in 16 bits."""
    inputs = weights.shape[1] // 2 * 2
    wide = weights[:, :inputs].astype(np.int64)
    return bool((256 * wide[:, 1::2] + wide[:, 0::2] >= -(1 << 15)).all())


@dataclass(frozen=True, slots=True)
class Dense:
    """What `struct nn_fully_connected_s8_dsp` holds besides shapes."""

    stream: NDArray[np.uint32]
    multiplier: int
    shift: int
    round: int
    one_sided: bool


def pack_dense(linear: Linear) -> Dense | None:
    """The stream of nn_fully_connected_dsp.h: for four outputs at a time biases, then weights.

    None as with pack_gemm, or when outputs have different factors.
    """
    if (
        not (fits(linear) and lanes_fit(linear.weights))
        or len(set(zip(linear.multiplier.tolist(), linear.shift.tolist(), strict=True))) > 1
    ):
        return None
    low, high = linear.bounds
    widest = [Channel(int(linear.multiplier[0]), int(linear.shift[0]), int(low.min()), int(high.max()))]
    one = one_sided(widest, linear.output_zero_point) if linear.is_one_sided else None
    rescale = one or two_sided(widest)
    if rescale is None:
        one = rescale = one_sided(widest, linear.output_zero_point, LOWEST)
    if rescale is None:
        return None
    shift = int(rescale.shift[0])
    return Dense(
        dense_stream(linear.weights, scaled_bias(linear) + rescale.offset),
        multiplier=int(rescale.multiplier[0]),
        shift=shift,
        round=0 if one else (2 * linear.output_zero_point + 1) << shift,
        one_sided=one is not None,
    )


@dataclass(frozen=True, slots=True)
class Wide:
    """A layer in parts, for the kernels with `wide` in their name."""

    stream: NDArray[np.uint32]
    parts: int


def pack_wide(
    linear: Linear,
    pack_part: Callable[[NDArray[np.int8], NDArray[np.int64], NDArray[np.int64]], NDArray[np.uint32]],
    least_parts: int = 1,
) -> Wide | None:
    """As few parts of the inputs as keep each one's accumulators below 2^23, but not fewer than `least_parts`.

    `pack_part` makes the stream of a part from its weights, what begins its 256-fold sums, and the layer's biases for
    the first part, zeros for the others. None when a pair of weights does not fit its lane.
    """
    units = -(-linear.weights.shape[1] // UNIT)
    for parts in range(least_parts, units + 1):
        pieces = linear.parts(-(-units // parts) * UNIT)
        if all(fits(piece) for piece in pieces):
            biases = [linear.bias, *(piece.bias for piece in pieces[1:])]
            streams = [pack_part(p.weights, scaled_bias(p), bias) for p, bias in zip(pieces, biases, strict=True)]
            return Wide(np.concatenate(streams), parts) if lanes_fit(linear.weights) else None
    return None


def pack_wides(linears: Sequence[Linear]) -> list[Wide] | None:
    """Layers that have all but weights in common, cut into as many parts each; None as `pack_wide`."""
    least, most = 0, 1
    packed: list[Wide] = []
    while most > least:
        least = most
        found = (pack_wide(linear, gemm_stream, least) for linear in linears)
        packed = [each for each in found if each is not None]
        if len(packed) < len(linears):
            return None
        most = max(each.parts for each in packed)
    return packed

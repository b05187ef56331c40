"""Constant tables of depthwise convolutions for the _dsp kernels, as pack.py makes them for the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from boardproof.project.runtimes.aot.kernelsets.dsp.pack import UNIT, fits, words
from boardproof.project.runtimes.aot.kernelsets.dsp.rescale import LOWEST, SCALE_BITS, Rescale, one_sided, two_sided

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from boardproof.project.runtimes.aot.kernelsets.dsp.pack import Linear

TWOFOLD_LIMIT = 1 << 29
"""Magnitude below which twofold accumulators, rescaled with both roundings, do not overflow."""

MOST_LEFT = 6
"""Bits that sums are shifted to the left where factors are large: these are below 64."""

HEAD_WORDS = 9
"""What comes before the weights: NN_DEPTHWISE_PLANE_HEAD_WORDS."""


@dataclass(frozen=True, slots=True)
class Depthwise:
    """What `struct nn_depthwise3_s8_dsp` and `struct nn_depthwise_plane_s8_dsp` hold besides shapes."""

    stream: NDArray[np.uint32]
    one_sided: bool
    round: int
    mixed: bool = False


def pack_lines(linear: Linear, transpose: bool) -> Depthwise | None:
    """The stream of nn_depthwise_dsp.h, for `linear.weights` [channels, 9], row by row.

    `transpose` is for lines that are columns. None as with pack_gemm, except that weights may be -128, and accumulators
    larger with two-sided rescaling.
    """
    factors = _factors(linear)
    if factors is None or factors.mixed:
        return None
    groups = len(linear.bias) // UNIT
    kernel = linear.weights.reshape(-1, 3, 3)
    weights = kernel.transpose(0, 2, 1) if transpose else kernel
    stream = np.empty((groups, 18), np.uint32)
    stream[:, :4] = factors.biases(linear.folded_bias)
    stream[:, 4:8] = factors.multipliers
    stream[:, 8:17] = np.ascontiguousarray(weights).reshape(groups, 9 * UNIT).view("<u4")
    stream[:, 17:] = factors.shifts
    return Depthwise(stream.reshape(-1), factors.one_sided, factors.round)


def pack_plane(linear: Linear) -> Depthwise | None:
    """The stream of nn_depthwise_plane_dsp.h, for `linear.weights` [channels, elements of the kernel].

    None as with `pack_lines`, except that factors may be a half and more.
    """
    factors = _factors(linear)
    if factors is None:
        return None
    groups, taps = len(linear.bias) // UNIT, linear.weights.shape[1]
    by_tap = linear.weights.reshape(groups, UNIT, taps).transpose(0, 2, 1)
    stream = np.empty((groups, HEAD_WORDS + taps), np.uint32)
    stream[:, :4] = factors.biases(linear.bias)
    stream[:, 4:8] = factors.multipliers
    stream[:, 8:HEAD_WORDS] = factors.shifts
    stream[:, HEAD_WORDS:] = np.ascontiguousarray(by_tap).view("<u4").reshape(groups, taps)
    return Depthwise(stream.reshape(-1), factors.one_sided, factors.round, factors.mixed)


@dataclass(frozen=True, slots=True)
class _Factors:
    rescale: Rescale
    one_sided: bool
    round: int
    mixed: bool = False

    def biases(self, bias: NDArray[np.int64]) -> NDArray[np.uint32]:
        """Words [groups, 4]; twofold accumulators where rescaling is two-sided."""
        scale = 1 << SCALE_BITS if self.one_sided else 2
        return words(bias * scale + self.rescale.offset).reshape(-1, UNIT)

    @property
    def multipliers(self) -> NDArray[np.uint32]:
        return words(self.rescale.multiplier).reshape(-1, UNIT)

    @property
    def shifts(self) -> NDArray[np.uint32]:
        """Words [groups, 1] of four bytes."""
        return self.rescale.shift.astype(np.int8).reshape(-1, UNIT).view("<u4")


def _factors(linear: Linear) -> _Factors | None:
    low, high = linear.bounds
    if max(-low.min(), high.max()) >= TWOFOLD_LIMIT:
        return None
    if fits(linear) and linear.is_one_sided and (one := one_sided(linear.channels, linear.output_zero_point)):
        return _Factors(one, one_sided=True, round=0)
    if (two := two_sided(linear.channels)) is not None:
        return _Factors(two, one_sided=False, round=2 * linear.output_zero_point + 1)
    whole = one_sided(linear.channels, linear.output_zero_point, LOWEST) if fits(linear) else None
    if whole is not None:
        return _Factors(whole, one_sided=True, round=0)
    mixed = two_sided(linear.channels, -MOST_LEFT)
    largest = (np.maximum(-low, high) << np.maximum(linear.shift, 0)).max()
    if mixed is None or largest >= TWOFOLD_LIMIT:
        return None
    return _Factors(mixed, one_sided=False, round=2 * linear.output_zero_point + 1, mixed=True)

"""ADD as one linear function of its two inputs, where that is exact for all 65,536 pairs of them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.fixed_point import quantize_multiplier
from boardproof.project.runtimes.aot.lower_elementwise import ADD_HEADROOM_BITS, add_factors
from boardproof.project.runtimes.aot.operands import INT8_MAX, INT8_MIN, quantization

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from boardproof.model.graph import Tensor

_INPUTS = np.arange(INT8_MIN, INT8_MAX + 1, dtype=np.int64)
_INT32_MAX = 2**31 - 1
_NEARBY = sorted(product(range(-4, 5), repeat=2), key=lambda pair: abs(pair[0]) + abs(pair[1]))
"""Changes of the two factors that are tried, small ones first."""

_SHIFTS_TRIED = 3


@dataclass(frozen=True, slots=True)
class LinearAddition:
    """(input1 * factor1 + input2 * factor2 + constant) >> shift, clamped to the activation range."""

    factor1: int
    factor2: int
    constant: int
    shift: int
    activation: tuple[int, int]

    def ordered(self, first: int) -> LinearAddition:
        """The same function with input `first` (0 or 1) as its first."""
        factors = (self.factor1, self.factor2)
        return LinearAddition(factors[first], factors[1 - first], self.constant, self.shift, self.activation)

    def fields(self, count: int) -> tuple[tuple[str, int], ...]:
        """The members of struct nn_add_s8_m4."""
        return (
            ("count", count),
            ("activation_min", self.activation[0]),
            ("activation_max", self.activation[1]),
            ("factor1", self.factor1),
            ("factor2", self.factor2),
            ("constant", self.constant),
            ("shift", self.shift),
        )


def linear_addition(
    first: Tensor, second: Tensor, output: Tensor, activation: tuple[int, int]
) -> LinearAddition | None:
    """The function that equals TensorFlow Lite Micro's ADD for every pair of inputs; None if the search finds none."""
    exact = exact_sums(first, second, output)
    scale = quantization(output).scale
    real1, real2 = (quantization(tensor).scale / scale for tensor in (first, second))
    largest = 256 * (real1 + real2) + 256
    largest_shift = min(int(np.log2(_INT32_MAX / largest)), 30)
    for shift in range(largest_shift, max(largest_shift - _SHIFTS_TRIED, 0), -1):
        for change1, change2 in _NEARBY:
            factor1, factor2 = round(real1 * 2**shift) + change1, round(real2 * 2**shift) + change2
            constant = _constant(exact, factor1, factor2, shift, activation)
            if constant is not None:
                return LinearAddition(factor1, factor2, constant, shift, activation)
    return None


def exact_sums(first: Tensor, second: Tensor, output: Tensor) -> NDArray[np.int64]:
    """What TensorFlow Lite Micro computes, before the clamp: [256, 256], by both inputs from -128."""
    (multiplier1, shift1), (multiplier2, shift2), (multiplier, shift) = map(
        quantize_multiplier, add_factors(first, second, output)
    )
    scaled1, scaled2 = (
        _requantize((_INPUTS - quantization(tensor).zero_point) << ADD_HEADROOM_BITS, m, s)
        for tensor, m, s in ((first, multiplier1, shift1), (second, multiplier2, shift2))
    )
    sums = scaled1[:, None] + scaled2[None, :]
    return _requantize(sums, multiplier, shift) + quantization(output).zero_point


def _requantize(x: NDArray[np.int64], multiplier: int, shift: int) -> NDArray[np.int64]:
    left, right = max(shift, 0), max(-shift, 0)
    product_ = ((x << left) * multiplier + (1 << 30)) >> 31
    mask = (1 << right) - 1
    return (product_ >> right) + ((product_ & mask) > (mask >> 1) + (product_ < 0))


def _constant(
    exact: NDArray[np.int64], factor1: int, factor2: int, shift: int, activation: tuple[int, int]
) -> int | None:
    """A constant with which the function is exact, and nothing leaves int32. None if there is none."""
    low, high = activation
    sums = _INPUTS[:, None] * factor1 + _INPUTS[None, :] * factor2
    least = np.where(exact > low, (exact.clip(max=high) << shift) - sums, -_INT32_MAX).max()
    most = np.where(exact < high, (exact.clip(min=low) + 1 << shift) - 1 - sums, _INT32_MAX).min()
    if least > most:
        return None
    constant = int((least + most) // 2)
    reached = np.concatenate([sums.reshape(-1), _INPUTS * factor1]) + constant
    return constant if np.abs(reached).max() <= _INT32_MAX else None

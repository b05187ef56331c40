"""ADD as one linear function of its two inputs, where that is exact for all 65,536 pairs of them; else with a table."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.fixed_point import quantize_multiplier, requantize
from boardproof.project.runtimes.aot.operands import INT8_MAX, INT8_MIN, quantization
from boardproof.project.runtimes.aot.operators.elementwise.rescaling import (
    ADD_HEADROOM_BITS,
    INT8_INPUTS,
    add_factors,
    exact_sums,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from boardproof.model.graph import Tensor

_INT32_MAX = 2**31 - 1
_NEARBY = sorted(product(range(-4, 5), repeat=2), key=lambda pair: abs(pair[0]) + abs(pair[1]))
"""Changes of the two factors that are tried, small ones first."""

_SHIFTS_TRIED = 3
_MAX_TABLE_SHIFT = 22


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
        """The members of struct nn_add_s8_dsp."""
        return (
            ("count", count),
            ("activation_min", self.activation[0]),
            ("activation_max", self.activation[1]),
            ("factor1", self.factor1),
            ("factor2", self.factor2),
            ("constant", self.constant),
            ("shift", self.shift),
        )


@lru_cache(maxsize=4096)
def linear_addition(
    first: Tensor, second: Tensor, output: Tensor, activation: tuple[int, int], sign: int = 1
) -> LinearAddition | None:
    """The function that equals TensorFlow Lite Micro's for every pair of inputs; None if the search finds none.

    `sign` is that of the second input: 1 for ADD, -1 for SUB. Kept, because what a network is lowered for is tried more
    than once.
    """
    exact = exact_sums(first, second, output, sign)
    scale = quantization(output).scale
    real1, real2 = quantization(first).scale / scale, sign * quantization(second).scale / scale
    largest = 256 * (real1 + abs(real2)) + 256
    largest_shift = min(int(np.log2(_INT32_MAX / largest)), 30)
    for shift in range(largest_shift, max(largest_shift - _SHIFTS_TRIED, 0), -1):
        factor1, factor2 = round(real1 * 2**shift), round(real2 * 2**shift)
        limits = _limits(exact, factor1, factor2, shift, activation)
        for change1, change2 in _NEARBY:
            constant = limits.constant(change1, change2)
            if constant is not None and _fits(factor1 + change1, factor2 + change2, constant):
                return LinearAddition(factor1 + change1, factor2 + change2, constant, shift, activation)
    return None


@dataclass(frozen=True, slots=True)
class _Limits:
    """What pairs of inputs say about the constant: for each, input1, input2, and the least or most that it can be.

    Only pairs that could be the strictest after small changes of the factors.
    """

    least: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]
    most: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]

    def constant(self, change1: int, change2: int) -> int | None:
        """A constant for factors changed by so much; None if there is none."""
        bounds = [limit - change1 * x1 - change2 * x2 for x1, x2, limit in (self.least, self.most)]
        least, most = bounds[0].max(initial=-_INT32_MAX), bounds[1].min(initial=_INT32_MAX)
        return int((least + most) // 2) if least <= most else None


def _limits(exact: NDArray[np.int64], factor1: int, factor2: int, shift: int, activation: tuple[int, int]) -> _Limits:
    """Output k is reached where factor1 * input1 + factor2 * input2 + constant >= k * 2^shift."""
    low, high = activation
    sums = INT8_INPUTS[:, None] * factor1 + INT8_INPUTS[None, :] * factor2
    least = np.where(exact > low, (exact.clip(max=high) << shift) - sums, -_INT32_MAX)
    most = np.where(exact < high, (exact.clip(min=low) + 1 << shift) - 1 - sums, _INT32_MAX)
    reach = 2 * max(abs(change1) + abs(change2) for change1, change2 in _NEARBY) * -INT8_MIN
    strict = (least >= least.max() - reach, most <= most.min() + reach)
    (x1, x2), (y1, y2) = (np.nonzero(chosen) for chosen in strict)
    return _Limits(
        (INT8_INPUTS[x1], INT8_INPUTS[x2], least[strict[0]]), (INT8_INPUTS[y1], INT8_INPUTS[y2], most[strict[1]])
    )


def _fits(factor1: int, factor2: int, constant: int) -> bool:
    """Whether nothing that the kernel computes leaves int32, for any inputs."""
    products = (np.array([INT8_MIN, INT8_MAX]) * factor1, np.array([INT8_MIN, INT8_MAX]) * factor2)
    partial = products[0] + constant
    return bool(max(np.abs(partial).max(), np.abs(partial[:, None] + products[1]).max()) <= _INT32_MAX)


@dataclass(frozen=True, slots=True)
class TableAddition:
    """What `struct nn_add_table_s8_dsp` holds; `first` is the input (0 or 1) that goes through the table."""

    first: int
    table: NDArray[np.int32]
    multiplier: int
    shift: int
    round: int


def table_addition(first: Tensor, second: Tensor, output: Tensor) -> TableAddition | None:
    """TensorFlow Lite Micro's own arithmetic with the rescaled input of the smaller scale in a table.

    The other input's factor is exactly one half. None if the output's factor does not shift right by 1 to 22.
    """
    tensors, factors = (first, second), add_factors(first, second, output)
    looked_up = int(factors[0] > factors[1])
    multiplier, shift = quantize_multiplier(factors[2])
    if not 1 <= -shift <= _MAX_TABLE_SHIFT or factors[1 - looked_up] != 0.5:  # noqa: PLR2004 a half
        return None
    steps = (INT8_INPUTS - quantization(tensors[looked_up]).zero_point) << ADD_HEADROOM_BITS
    scaled = requantize(steps, *quantize_multiplier(factors[looked_up]))
    offset = quantization(tensors[1 - looked_up]).zero_point << ADD_HEADROOM_BITS
    table = np.roll(2 * scaled - offset, -INT8_MIN).astype(np.int32)
    half_and_zero_point = (2 * quantization(output).zero_point + 1) << (-shift - 1)
    return TableAddition(looked_up, table, multiplier, -shift, half_and_zero_point)

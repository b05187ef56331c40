"""How sparse a model is at each moment of its training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from boardproof.errors import InputError


class Schedule(Protocol):
    """Sparsity over training. Progress and its marks are shares of the training: 0 at the beginning, 1 at the end."""

    @property
    def end(self) -> float:
        """From when on nothing changes any more; the weights that are left settle after it."""
        ...

    def sparsity(self, progress: float) -> float:
        """The share of weights that are zero at this moment, 0 to 1."""
        ...


@dataclass(frozen=True, slots=True)
class ConstantSparsity:
    """The same sparsity from `begin` on."""

    target: float
    begin: float = 0.0
    end: float = 0.5

    def __post_init__(self) -> None:
        _check(self.target, self.begin, self.end)

    def sparsity(self, progress: float) -> float:
        """The target, once it has begun."""
        return self.target if progress >= self.begin else 0.0


@dataclass(frozen=True, slots=True)
class PolynomialSparsity:
    """From `initial` to `final`, fast first and slowly at the end (Zhu and Gupta 2017, arXiv:1710.01878)."""

    final: float
    initial: float = 0.0
    begin: float = 0.0
    end: float = 0.75
    power: float = 3.0

    def __post_init__(self) -> None:
        _check(self.final, self.begin, self.end)
        _check(self.initial, self.begin, self.end)

    def sparsity(self, progress: float) -> float:
        """Where the curve is."""
        if progress < self.begin:
            return 0.0
        left = 1.0 - min(1.0, (progress - self.begin) / (self.end - self.begin))
        return self.final + (self.initial - self.final) * float(left**self.power)


def _check(sparsity: float, begin: float, end: float) -> None:
    if not 0 <= sparsity < 1:
        raise InputError(f"A sparsity of {sparsity} is not possible.", "Choose a share of zeros from 0 to below 1.")
    if not 0 <= begin < end <= 1:
        raise InputError(
            f"A schedule cannot run from {begin} to {end}.", "Both are shares of the training: 0 ≤ begin < end ≤ 1."
        )

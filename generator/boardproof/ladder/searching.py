"""A search's next points, by what came of those before: Optuna's sampler for several objectives (extra `sweep`)."""

from __future__ import annotations

import math
import warnings
from itertools import pairwise
from statistics import fmean
from typing import TYPE_CHECKING, Any

from boardproof.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from boardproof.ladder.results import Result
    from boardproof.ladder.space import Search, Value
    from boardproof.ladder.variants import Point

_ROUND = 4
"""Points that are chosen at once. Not the number of jobs: with that, another machine would choose others."""


class Trials:
    """Points, a round at a time. The same results give the same points: so what is in the cache is not done again.

    Raises:
        InputError: Optuna is not installed.
    """

    def __init__(self, search: Search) -> None:
        optuna = _optuna()
        self._search = search
        self._left = search.trials
        self._asked: list[Any] = []
        names = optuna.distributions
        self._space = {
            name: names.IntDistribution(0, len(values) - 1)
            if _rises(values)
            else names.CategoricalDistribution(range(len(values)))
            for name, values in search.space
        }
        with _quietly():
            sampler = optuna.samplers.TPESampler(seed=0, multivariate=True)
            self._study = optuna.create_study(directions=["minimize"] * len(search.objectives), sampler=sampler)

    def ask(self) -> list[Point]:
        """The next points; none where all were chosen."""
        count = min(_ROUND, self._left)
        self._left -= count
        with _quietly():
            self._asked = [self._study.ask(self._space) for _ in range(count)]
        return [
            tuple((name, values[trial.params[name]]) for name, values in self._search.space) for trial in self._asked
        ]

    def tell(self, judged: Sequence[tuple[float, ...] | None]) -> None:
        """What came of them, less being better; None of those that failed or do not run: nothing is worse."""
        worst = (math.inf,) * len(self._search.objectives)  # Optuna's own “failed” is forgotten, and tried again
        for trial, values in zip(self._asked, judged, strict=True):
            self._study.tell(trial, values or worst)


def objectives_of(results: Sequence[Result | None], names: Sequence[str]) -> tuple[float, ...] | None:
    """The objectives of one point, less being better, the mean over its seeds; None without a result that runs."""
    found = [_values(result, names) for result in results if result is not None and result.board is not None]
    return tuple(fmean(column) for column in zip(*found, strict=True)) if found else None


def _values(result: Result, names: Sequence[str]) -> list[float]:
    read: dict[str, Callable[[], float]] = {
        "accuracy": lambda: -result.score.value if result.score.higher_is_better else result.score.value,
        "parameters": lambda: result.parameters,
        "macs": lambda: result.macs,
    }
    return [read[name]() if name in read else getattr(result.board, name) or 0 for name in names]


def _rises(values: Sequence[Value]) -> bool:
    """Whether they are numbers in rising order, of which neighbours are alike."""
    numbers = [value for value in values if not isinstance(value, str | bool)]
    return len(numbers) == len(values) and all(a < b for a, b in pairwise(numbers))


def _optuna() -> Any:  # noqa: ANN401 a module
    try:
        import optuna
    except ImportError as error:
        raise InputError(
            "A search over architectures needs Optuna, which is not installed.",
            "Install it: pip install 'boardproof[sweep]'.",
        ) from error
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna


def _quietly() -> warnings.catch_warnings[None]:
    """Experimental, says Optuna of what it has had for years."""
    return warnings.catch_warnings(action="ignore")

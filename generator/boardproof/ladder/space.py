"""What a search over architectures may choose, and by what it judges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from boardproof.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Value = str | int | float | bool

OBJECTIVES = ("accuracy", "flash", "ram", "arena", "ticks", "parameters", "macs")
"""The first is the score, whatever its metric."""


@dataclass(frozen=True, slots=True)
class Search:
    """A search.

    Attributes:
        space: The parameters, each with its values.
        trials: How many points are chosen.
        objectives: Of OBJECTIVES.
        scheme: In which every point is measured.
    """

    space: tuple[tuple[str, tuple[Value, ...]], ...]
    trials: int
    objectives: tuple[str, ...]
    scheme: str


def search_of(space: Mapping[str, Sequence[Value]], trials: int, objectives: Sequence[str], scheme: str) -> Search:
    """What a user wrote, as a search.

    Raises:
        InputError: There is nothing to choose from, or nothing to judge by.
    """
    if not isinstance(trials, int) or trials < 1:
        raise InputError(f"search(trials={trials!r}) is not possible.", "Give trials as 1 or more.")
    unknown = [name for name in objectives if name not in OBJECTIVES]
    if unknown or not objectives or isinstance(objectives, str) or len(set(objectives)) != len(objectives):
        raise InputError(
            f"search(objectives={objectives!r}) is not possible.", f"Name some, each once: {', '.join(OBJECTIVES)}."
        )
    if not space:
        raise InputError("search() has an empty space.", 'Give each parameter its values: {"width": range(8, 65, 8)}.')
    return Search(
        tuple((name, _values(name, given)) for name, given in space.items()), trials, tuple(objectives), scheme
    )


def _values(name: str, given: Sequence[Value]) -> tuple[Value, ...]:
    values = () if isinstance(given, str) else tuple(given)
    if not values or not all(isinstance(value, str | int | float) for value in values):
        raise InputError(
            f"search() has no values for {name}: {given!r}.",
            "Give a range, or a list of numbers, words, True and False.",
        )
    return values

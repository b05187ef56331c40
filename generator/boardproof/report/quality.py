"""How good a network's answers are, where there are labels: values of the report."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure, by float model (None without one), host and board; `is_share`: 0 to 1, shown in percent."""

    name: str
    float_model: float | None
    host: float
    board: float
    is_share: bool = False


@dataclass(frozen=True, slots=True)
class Quality:
    """Measures that fit the labels.

    Attributes:
        task: What the labels say that the network does, such as "one class a sample".
        measures: In the order of a report.
        classes: Names of the classes; empty where there are none, or too many to show.
        confusions: The board's: how many samples of each class (row) were taken for each class (column).
    """

    task: str
    measures: tuple[Measure, ...]
    classes: tuple[str, ...] = ()
    confusions: tuple[tuple[int, ...], ...] = ()

"""The ladder's table: variants over their seeds, beside their controls, with the front of those that none beats."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from statistics import fmean, stdev
from typing import TYPE_CHECKING, Any, Protocol

from boardproof import __version__
from boardproof.ladder.limits import judged, keeps

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from boardproof.ladder.plan import Row
    from boardproof.ladder.results import Failure, OnBoard, Result
    from boardproof.project.boards import Board
    from boardproof.report.limits import Limit

SCHEMA_VERSION = 1
"""Grows when a key of the JSON document changes its meaning or goes away."""


class Results(Protocol):
    """Where results are: the cache, or a database."""

    def result(self, key: str) -> Result | None:
        """The result of a key, or None."""
        ...


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the table.

    Attributes:
        label: The variant.
        scheme: How it is quantized.
        results: One for each seed that is done.
        missing: How many seeds are not.
        failure: Why one of them is not, where that is known.
        difference: Of its score to its control's, the mean over the seeds that both have; None without control.
        is_control: Whether others are compared with it.
        front: Whether no other line is as good and as small in everything, and better in something.
        fits: Whether it fits the budget and keeps the limits; None without any.
    """

    label: str
    scheme: str
    results: tuple[Result, ...]
    missing: int
    failure: Failure | None
    difference: float | None
    is_control: bool
    front: bool = False
    fits: bool | None = None

    @property
    def score(self) -> float | None:
        """The mean over the seeds."""
        return fmean(result.score.value for result in self.results) if self.results else None

    @property
    def spread(self) -> float | None:
        """The standard deviation over the seeds; None of fewer than two."""
        return stdev(result.score.value for result in self.results) if len(self.results) > 1 else None

    @property
    def first(self) -> Result | None:
        """The first seed's result: sizes differ little between seeds."""
        return self.results[0] if self.results else None

    @property
    def is_exact(self) -> bool | None:
        """Whether all seeds are exact on the board; None where none runs there."""
        runs = [result.board for result in self.results if result.board is not None]
        return all(run.exact == run.samples for run in runs) if runs else None


@dataclass(frozen=True, slots=True)
class Table:
    """A ladder as it stands.

    Attributes:
        name: Of the experiment.
        board: Where it was measured.
        runtime: By what.
        budget: The board whose memory is the budget, or None.
        lines: In the order of the experiment.
        limits: Of boardproof.toml, by name.
    """

    name: str
    board: str
    runtime: str
    budget: str | None
    lines: tuple[Line, ...]
    limits: Mapping[str, float]

    @property
    def agrees(self) -> bool:
        """Whether every variant that runs on the board is exact there."""
        return all(line.is_exact is not False for line in self.lines)

    @property
    def is_complete(self) -> bool:
        """Whether there is a result for every variant and seed."""
        return not any(line.missing for line in self.lines)

    def to_json(self) -> str:
        """The document of docs/smaller.md."""
        about: dict[str, Any] = {
            "experiment": self.name,
            "board": self.board,
            "runtime": self.runtime,
            "budget": self.budget,
        }
        about |= {"limits": dict(self.limits)}
        lines = [_line_dict(line) for line in self.lines]
        return json.dumps({"schema": SCHEMA_VERSION, "boardproof": __version__, **about, "rows": lines}, indent=2)


def references(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Rows as plain values, by which the table is made of a cache alone."""
    return [
        {
            "key": row.key,
            "control": row.control,
            "label": row.variant.recipe.label,
            "scheme": row.variant.scheme,
        }
        for row in rows
    ]


def table_of(
    name: str,
    where: tuple[str, str],
    rows: Sequence[Mapping[str, Any]],
    results: Results,
    *,
    failures: Mapping[str, Failure] | None = None,
    budget: Board | None = None,
    limits: Mapping[str, float] | None = None,
) -> Table:
    """The table of what is done.

    Args:
        name: Of the experiment.
        where: Board and runtime.
        rows: As references() gives them.
        results: Where they are.
        failures: Of this run, by key.
        budget: The board that variants have to fit.
        limits: Of boardproof.toml, which they have to keep.
    """
    found = {row["key"]: results.result(row["key"]) for row in rows}
    controls = {row["control"] for row in rows}
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault((row["label"], row["scheme"]), []).append(row)
    lines = [
        _line(members, found, failures or {}, is_control=any(row["key"] in controls for row in members))
        for members in groups.values()
    ]
    measures, kept = [_measures(line) for line in lines], judged(limits or {})
    front = _front(measures)
    finished = tuple(
        Line(**{**_shallow(line), "front": own in front, "fits": _fits(line, budget, kept)})
        for line, own in zip(lines, measures, strict=True)
    )
    return Table(name, *where, budget.name if budget else None, finished, limits or {})


def _line(
    members: Sequence[Mapping[str, Any]],
    found: Mapping[str, Result | None],
    failures: Mapping[str, Failure],
    *,
    is_control: bool,
) -> Line:
    results = tuple(result for row in members if (result := found[row["key"]]) is not None)
    pairs = [(found[row["key"]], found.get(row["control"])) for row in members if row["control"]]
    differences = [own.score.value - control.score.value for own, control in pairs if own and control]
    return Line(
        label=members[0]["label"],
        scheme=members[0]["scheme"],
        results=results,
        missing=len(members) - len(results),
        failure=next((failures[row["key"]] for row in members if row["key"] in failures), None),
        difference=fmean(differences) if differences else None,
        is_control=is_control,
    )


def _measures(line: Line) -> tuple[float, ...] | None:
    """What a line is judged by, less being better: error, flash, ticks and arena; None where it does not run."""
    runs = [result.board for result in line.results if result.board is not None]
    if not runs or line.score is None or line.first is None:
        return None
    error = -line.score if line.first.score.higher_is_better else line.score
    return (error, *(fmean(values) for values in zip(*((r.flash or 0, r.ticks, r.arena) for r in runs), strict=True)))


def _front(measures: Iterable[tuple[float, ...] | None]) -> set[tuple[float, ...]]:
    """Those of which no other is at least as good in everything, and better in something."""
    front: list[tuple[float, ...]] = []
    for own in sorted({one for one in measures if one is not None}):  # what beats it stands before it
        if not any(all(theirs <= ours for theirs, ours in zip(other, own, strict=True)) for other in front):
            front.append(own)
    return set(front)


def _fits(line: Line, budget: Board | None, limits: Sequence[Limit]) -> bool | None:
    if budget is None and not limits:
        return None
    runs = [(result, result.board) for result in line.results if result.board is not None]
    return bool(runs) and all(
        (budget is None or _fits_memory(run, budget)) and keeps(result, limits) for result, run in runs
    )


def _fits_memory(run: OnBoard, budget: Board) -> bool:
    return (budget.flash_bytes is None or run.flash is None or run.flash <= budget.flash_bytes) and (
        budget.free_ram_bytes is None or run.ram is None or run.ram <= budget.free_ram_bytes
    )


def _shallow(line: Line) -> dict[str, Any]:
    return {name: getattr(line, name) for name in line.__dataclass_fields__}


def _line_dict(line: Line) -> dict[str, Any]:
    """A row of the JSON document."""
    return {
        "variant": line.label,
        "scheme": line.scheme,
        "score": line.score,
        "spread": line.spread,
        "difference_to_control": line.difference,
        "is_control": line.is_control,
        "front": line.front,
        "fits": line.fits,
        "exact": line.is_exact,
        "missing_seeds": line.missing,
        "failure": None if line.failure is None else asdict(line.failure),
        "seeds": [result.to_dict() for result in line.results],
    }

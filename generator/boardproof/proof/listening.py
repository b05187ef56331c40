"""Decisions against labels: hits, misses, false accepts, and how long they took."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from boardproof.errors import InputError
from boardproof.model.labels import safe_lines

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

LATE_S = 1.0
"""How long after its end an event may still be decided: a window that holds it ends later."""

_FIELDS = 3


@dataclass(frozen=True, slots=True)
class Event:
    """Something that is there to be heard, from `start_s` to `end_s`."""

    start_s: float
    end_s: float
    label: str


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision: when the window ended, which label, and the average score as a real number."""

    at_s: float
    label: str
    score: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a recording with labels.

    Attributes:
        hits: Events that were decided, and the decisions.
        misses: Events that were not.
        false: Decisions without an event.
        seconds: Of the recording.
    """

    hits: tuple[tuple[Event, Decided], ...]
    misses: tuple[Event, ...]
    false: tuple[Decided, ...]
    seconds: float

    @property
    def false_per_hour(self) -> float:
        """False accepts per hour."""
        return len(self.false) * 3600 / self.seconds

    @property
    def latencies_s(self) -> tuple[float, ...]:
        """From the onset of each event that was decided to its decision."""
        return tuple(decided.at_s - event.start_s for event, decided in self.hits)


def judge_outcome(events: Sequence[Event], decided: Sequence[Decided], seconds: float) -> Outcome:
    """Pairs each decision with the latest event of its label that began before it and ended at most LATE_S ago."""
    left = sorted(events, key=lambda event: event.start_s)
    hits: list[tuple[Event, Decided]] = []
    false: list[Decided] = []
    for decision in sorted(decided, key=lambda d: d.at_s):
        fits = [e for e in left if e.label == decision.label and e.start_s <= decision.at_s <= e.end_s + LATE_S]
        if fits:
            hits.append((fits[-1], decision))
            left.remove(fits[-1])
        else:
            false.append(decision)
    return Outcome(tuple(hits), tuple(left), tuple(false), seconds)


def joined(outcomes: Sequence[Outcome]) -> Outcome:
    """Several recordings as one."""
    return Outcome(
        tuple(pair for o in outcomes for pair in o.hits),
        tuple(event for o in outcomes for event in o.misses),
        tuple(decision for o in outcomes for decision in o.false),
        sum(o.seconds for o in outcomes),
    )


def read_events(path: Path, labels: Sequence[str], silent: Sequence[str]) -> tuple[Event, ...]:
    """Events of a file: an Audacity label track (start, end, label; tabs between), or the same as .csv.

    Args:
        path: The file.
        labels: What there is.
        silent: What is never decided: such events are left out.

    Raises:
        InputError: The file cannot be read, or has a label that there is not.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.reader(file, delimiter="," if path.suffix.lower() == ".csv" else "\t"))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            f"The labels {path} cannot be read: {safe_lines(str(error))}.",
            "Give an Audacity label track, or a .csv of start, end, label.",
        ) from error
    rows = [row for row in rows if row and not row[0].startswith("\\")]  # Audacity's frequency ranges
    if rows and path.suffix.lower() == ".csv" and rows[0][0].strip().lower() == "start":
        rows.pop(0)
    events = [_event(path, number, row) for number, row in enumerate(rows, 1)]
    if unknown := sorted({event.label for event in events} - set(labels)):
        raise InputError(
            f"{path} labels {safe_lines(', '.join(unknown))}, which the application does not know.",
            f"Its labels are {', '.join(labels)}.",
        )
    return tuple(event for event in events if event.label not in silent)


def _event(path: Path, number: int, row: list[str]) -> Event:
    start, end = (_seconds(text) for text in (*row, "", "")[:2])
    if len(row) != _FIELDS or not 0 <= start <= end:
        raise InputError(
            f"Label {number} of {path} is {safe_lines(repr(row))}, not start, end and label.",
            "Times are seconds, the end not before the start.",
        )
    return Event(start, end, row[2].strip())


def _seconds(text: str) -> float:
    """Not a number where it is none."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def events_of(recording: Path, labels_path: Path, several: bool) -> Path | None:
    """Where a recording's labels are: the file itself, or the one of the same name in a folder; None if there is none.

    Raises:
        InputError: One file for several recordings.
    """
    if labels_path.is_dir():
        candidates = (labels_path / f"{recording.stem}{suffix}" for suffix in (".txt", ".csv"))
        return next((path for path in candidates if path.is_file() and path != recording), None)
    if several:
        raise InputError(
            f"{labels_path} labels one recording, and several are played.",
            "Give a folder that has a label file for each, of the same name.",
        )
    return labels_path

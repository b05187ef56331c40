"""Decisions against labels: hits, misses, false accepts, and how long they took."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from boardproof.errors import InputError, closest
from boardproof.model.labels import safe_lines

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

LATE_S = 1.0
"""How long after its end an event may still be decided: a window that holds it ends later."""

_FIELDS = 3
_FREQUENCIES = "\\"
"""What a line begins with in which Audacity says an event's frequencies."""


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


def read_events(path: Path, labels: Sequence[str], silent: Collection[str]) -> tuple[Event, ...]:
    """Events of a file: an Audacity label track (start, end, label; tabs between), or the same as .csv.

    Args:
        path: The file.
        labels: What there is.
        silent: What is never decided: such events are left out.

    Raises:
        InputError: The file cannot be read, or has a label that there is not.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")  # spreadsheets put a mark before the first line
        rows = list(csv.reader(text.splitlines(), delimiter=_delimiter(text)))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise InputError(
            f"The labels {path} cannot be read: {safe_lines(reason)}.",
            "Give an Audacity label track, or a .csv of start, end, label, in UTF-8.",
        ) from error
    numbered = [(number, row) for number, row in enumerate(rows, 1) if row and not row[0].startswith(_FREQUENCIES)]
    if numbered and numbered[0][1][0].strip().lower() == "start":
        numbered.pop(0)
    events = [_event(path, number, row) for number, row in numbered]
    if unknown := sorted({event.label for event in events} - set(labels)):
        raise InputError(
            f"{path} labels {safe_lines(', '.join(unknown))}, which the application does not know.",
            f"{closest(unknown[0], labels)}Its labels are {', '.join(labels)}.",
        )
    return tuple(event for event in events if event.label not in silent)


def _delimiter(text: str) -> str:
    """What is between a line's three fields: a tab in label tracks, else a semicolon or a comma."""
    return next((mark for mark in "\t;" if mark in text), ",")


def _event(path: Path, number: int, row: list[str]) -> Event:
    start, end = (_seconds(text) for text in (*row, "", "")[:2])
    if len(row) != _FIELDS or not 0 <= start <= end < math.inf:
        comma = " Write them with a point, not a comma." if any("," in text for text in row[:2]) else ""
        raise InputError(
            f"Line {number} of {path} is {safe_lines(repr(row))[:80]}, not start, end and label.",
            f"Times are seconds, the end not before the start.{comma}",
        )
    return Event(start, end, row[2].strip())


def require_within(events: Sequence[Event], seconds: float, path: Path, recording: str) -> None:
    """Raises InputError for an event that begins behind the end of the recording: the labels are of another one."""
    late = [event for event in events if event.start_s >= seconds]
    if late:
        raise InputError(
            f"{path} has {late[0].label} at {late[0].start_s:g} s, and {recording} is {seconds:.2f} s long.",
            "Give the labels of this recording.",
        )


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

"""Which average and threshold would have done best on labelled recordings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from boardproof.project.apps.stream import begun_anew, decide
from boardproof.proof.listening import Decided, joined, judge_outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from boardproof.project.apps.application import Application
    from boardproof.project.apps.stream import Heard
    from boardproof.proof.expectation import Expected
    from boardproof.proof.listening import Event, Outcome

AVERAGES = (1, 2, 3, 4, 6, 8, 12)
THRESHOLDS = tuple(round(0.3 + 0.025 * i, 3) for i in range(28))


@dataclass(frozen=True, slots=True)
class Labelled:
    """One labelled recording: what the host computed, what there is to hear, how long it is."""

    expected: Expected
    events: tuple[Event, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class Trial:
    """A setting, and what comes of it."""

    average: int
    threshold: float
    outcome: Outcome

    @property
    def miss_rate(self) -> float:
        """Share of events that were missed."""
        total = len(self.outcome.hits) + len(self.outcome.misses)
        return len(self.outcome.misses) / total if total else 0.0


def decided(application: Application, heard: Sequence[Heard]) -> tuple[Decided, ...]:
    """Decisions with the time at which the board can make them, label and score in words and real numbers."""
    quantization = application.network.output.quantization
    scale, zero_point = (quantization.scale, quantization.zero_point) if quantization else (1.0, 0)
    average = application.decision.average
    return tuple(
        Decided(
            application.seconds(d.position) + application.delay_s,
            application.labels[d.label],
            scale * (d.sum / average - zero_point),
        )
        for d in heard
    )


def trials(application: Application, recordings: Sequence[Labelled]) -> tuple[Trial, ...]:
    """Every average with every threshold over all recordings."""
    found = []
    for average in AVERAGES:
        for threshold in THRESHOLDS:
            decision = replace(application.decision, average=average, threshold=threshold, release=None)
            tried = replace(application, decision=decision)
            found.append(Trial(average, threshold, joined([_outcome(tried, one) for one in recordings])))
    return tuple(found)


def _outcome(application: Application, recording: Labelled) -> Outcome:
    expected = recording.expected
    positions = [expected.positions[run] for run in expected.runs]
    anew = begun_anew(expected.restarts, expected.runs)
    decisions = decide(application, expected.scores, positions, anew)
    heard = [decision for decision in decisions if decision is not None]
    return judge_outcome(recording.events, decided(application, heard), recording.seconds)


def propose(found: Sequence[Trial]) -> Trial:
    """The trial with the fewest misses and false accepts together; of those alike, the middle threshold."""

    def faults(trial: Trial) -> int:
        return len(trial.outcome.misses) + len(trial.outcome.false)

    least = min(map(faults, found))
    best = [trial for trial in found if faults(trial) == least]
    average = min(trial.average for trial in best)
    alike = [trial for trial in best if trial.average == average]
    return alike[len(alike) // 2]


def frontier(found: Sequence[Trial]) -> tuple[Trial, ...]:
    """Trials that no other one beats in both misses and false accepts, from few false accepts to few misses."""
    ordered = sorted(found, key=lambda t: (len(t.outcome.false), len(t.outcome.misses), t.average))
    kept: list[Trial] = []
    for trial in ordered:
        if not kept or len(trial.outcome.misses) < len(kept[-1].outcome.misses):
            kept.append(trial)
    return tuple(kept)

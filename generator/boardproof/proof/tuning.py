"""Which average, threshold and release would have done best on labelled recordings."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from boardproof.project.apps.stream import decide
from boardproof.proof.listening import Decided, joined, judge_outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from boardproof.project.apps.application import Application
    from boardproof.project.apps.stream import Heard
    from boardproof.proof.expectation import Expected, Scored
    from boardproof.proof.listening import Event, Outcome

AVERAGES = (1, 2, 3, 4, 6, 8, 12)
THRESHOLDS = tuple(round(0.3 + 0.025 * i, 3) for i in range(28))
RELEASES = (None, 0.75, 0.5)
"""Parts of the threshold; None for the threshold itself, which is not written down."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """One labelled recording: when a network ran, what it gave, what it was to decide, how long the recording is."""

    positions: tuple[int, ...] = field(repr=False)
    scores: NDArray[np.generic] = field(repr=False)
    anew: tuple[bool, ...] = field(repr=False)
    events: tuple[Event, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class Trial:
    """A setting, and what comes of it. `release`: None for the threshold."""

    average: int
    threshold: float
    release: float | None
    outcome: Outcome

    @property
    def miss_rate(self) -> float:
        """Share of events that were missed."""
        total = len(self.outcome.hits) + len(self.outcome.misses)
        return len(self.outcome.misses) / total if total else 0.0


def labelled(
    application: Application, expected: Expected, network: Expected | Scored, events: Sequence[Event], seconds: float
) -> Labelled:
    """A recording as one of its networks takes it: that network's runs, and the events that it decides.

    Args:
        application: Whose network it is; of the second one, `Application.second`.
        expected: What the host computed of the recording.
        network: The runs: `expected` itself, or its `second`.
        events: All that there is to hear.
        seconds: How long the recording is.
    """
    positions = tuple(expected.positions[run] for run in network.runs)
    own = tuple(event for event in events if event.label in application.decided_labels)
    return Labelled(positions, network.scores, network.anew, own, seconds)


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
    """Every average with every threshold and every release over all recordings."""
    found = []
    for average in AVERAGES:
        for threshold in THRESHOLDS:
            for release in (None if part is None else round(part * threshold, 3) for part in RELEASES):
                decision = replace(application.decision, average=average, threshold=threshold, release=release)
                tried = replace(application, decision=decision)
                outcome = joined([_outcome(tried, one) for one in recordings])
                found.append(Trial(average, threshold, release, outcome))
    return tuple(found)


def _outcome(application: Application, recording: Labelled) -> Outcome:
    decisions = decide(application, recording.scores, recording.positions, recording.anew)
    heard = [decision for decision in decisions if decision is not None]
    return judge_outcome(recording.events, decided(application, heard), recording.seconds)


def propose(found: Sequence[Trial]) -> Trial:
    """The trial with the fewest misses and false accepts together.

    Of those alike, the shortest average, then the simplest release, then the middle threshold.
    """

    def faults(trial: Trial) -> int:
        return len(trial.outcome.misses) + len(trial.outcome.false)

    least = min(map(faults, found))
    best = [trial for trial in found if faults(trial) == least]
    average = min(trial.average for trial in best)
    best = [trial for trial in best if trial.average == average]
    simple = [trial for trial in best if trial.release is None] or best
    return simple[len(simple) // 2]


def frontier(found: Sequence[Trial]) -> tuple[Trial, ...]:
    """Trials that no other one beats in both misses and false accepts, from few false accepts to few misses."""
    ordered = sorted(
        found, key=lambda t: (len(t.outcome.false), len(t.outcome.misses), t.average, t.release is not None)
    )
    kept: list[Trial] = []
    for trial in ordered:
        if not kept or len(trial.outcome.misses) < len(kept[-1].outcome.misses):
            kept.append(trial)
    return tuple(kept)

"""What recordings came to: decisions, faults, counts against labels, curves for pictures, settings that were tried."""

from __future__ import annotations

from dataclasses import replace
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from boardproof.applications.timing import high_water, seconds_of
from boardproof.device.protocol.app_session import StreamFault
from boardproof.project.apps.stream import stretches, sums_of
from boardproof.project.boards import TickUnit
from boardproof.proof.agreement import differences
from boardproof.proof.listening import Decided, judge_outcome
from boardproof.proof.tuning import decided, frontier, labelled, propose, trials
from boardproof.report.replay import (
    Curves,
    LabelCounts,
    Moment,
    ReplayedRecording,
    Resampling,
    TunePoint,
    Tuning,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from boardproof.applications.settings import ReplaySettings
    from boardproof.device.protocol.app_session import StreamNote
    from boardproof.device.types import Hello
    from boardproof.model.recordings import Recording
    from boardproof.project.apps.application import Application
    from boardproof.proof.expectation import Expected, Scored
    from boardproof.proof.listening import Event, Outcome
    from boardproof.proof.playing import Played
    from boardproof.proof.tuning import Labelled, Trial
    from boardproof.report.replay import Curve

_ENVELOPE_POINTS = 400

FAULT_WORDS = {
    StreamFault.FILLED: "samples that did not come, for which zeros stand in",
    StreamFault.GAP: "too many samples did not come: windows begin anew behind them",
    StreamFault.LATE: "samples that were there already",
    StreamFault.OVERRUN: "samples for which the ring had no room",
}


def result_of(
    application: Application, recording: Recording, played: Played, expected: Expected, events: Sequence[Event] | None
) -> ReplayedRecording:
    """What a recording came to: decisions, faults, differences, and curves for pictures."""
    second = expected.second
    heard = list(decided(application, expected.heard))
    if application.second is not None and second is not None:
        heard = sorted([*heard, *decided(application.second, second.heard)], key=lambda d: d.at_s)
    return ReplayedRecording(
        name=recording.name,
        seconds=application.seconds(len(recording.samples)),
        hops=len(played.steps),
        runs=len(expected.runs),
        second_runs=0 if second is None else len(second.runs),
        last_scores=tuple(int(score) for score in expected.scores[-1]) if len(expected.scores) else (),
        decisions=tuple(Moment(d.at_s, d.label, d.score) for d in heard),
        faults=tuple(_fault(application, note) for note in played.notes),
        differences=tuple(
            f"hop {d.hop}, whose window ends at {application.seconds(d.position):.3f} s: {d.what}"
            for d in differences(played, expected)
        ),
        events=tuple(Moment(e.start_s, e.label, 0.0, e.end_s) for e in events or ()),
        curves=_curves(application, recording, expected),
        resampled_from=None if recording.rate == application.sensor_rate else recording.rate,
    )


def ring_use(application: Application, hello: Hello, heard: Sequence[Played], settings: ReplaySettings) -> int | None:
    """The most samples that waited in real time, or would have waited; None where ticks do not say a board's time."""
    if settings.real_time:
        return max(played.high_water for played in heard)
    if hello.tick_unit is TickUnit.MICROSECONDS:
        return None
    return max(high_water(application, played, lambda ticks: seconds_of(ticks, hello)) for played in heard)


def resampling_of(application: Application) -> Resampling | None:
    """What the sensor gives and what the application hears, where they differ."""
    found = application.resampler
    return None if found is None else Resampling(found.given, found.wanted, found.taps, 1000 * found.delay_s)


def _fault(application: Application, note: StreamNote) -> Moment:
    return Moment(application.seconds(note.position), FAULT_WORDS[note.fault], note.samples)


def _curves(application: Application, recording: Recording, expected: Expected) -> Curves:
    loudest = np.abs(recording.samples.astype(np.int32)).max(axis=1)
    step = max(1, len(loudest) // _ENVELOPE_POINTS)
    places = range(0, len(loudest), step)
    envelope = tuple((application.seconds(at), float(loudest[at : at + step].max())) for at in places)
    second: tuple[Curve, ...] = ()
    if application.second is not None and expected.second is not None:
        second = _averages(application.second, expected, expected.second)
    return Curves(envelope, _averages(application, expected, expected), second)


def _averages(application: Application, expected: Expected, network: Expected | Scored) -> tuple[Curve, ...]:
    """Of each label that is decided, the average score over time, a curve for each time that sums began anew."""
    quantization = application.network.output.quantization
    scale, zero = (quantization.scale, quantization.zero_point) if quantization else (1.0, 0)
    average = application.decision.average
    times = [application.seconds(expected.positions[run]) + application.delay_s for run in network.runs]
    curves: list[Curve] = []
    for first, end in stretches(network.anew):
        real = scale * (sums_of(network.scores[first:end], average) / average - zero)
        curves += [
            (label, tuple(zip(times[first + average - 1 : end], real[:, i].tolist(), strict=True)))
            for i, label in enumerate(application.labels)
            if len(real) and label not in application.decision.silent
        ]
    return tuple(curves)


def outcome_of(result: ReplayedRecording, events: Sequence[Event] | None) -> Outcome | None:
    """Decisions against events; None where nothing says what there was to hear."""
    if events is None:
        return None
    heard = [_decided(moment) for moment in result.decisions]
    return judge_outcome(events, heard, result.seconds)


def _decided(moment: Moment) -> Decided:
    return Decided(moment.at_s, moment.what, moment.value)


def with_counts(result: ReplayedRecording, outcome: Outcome | None) -> ReplayedRecording:
    """The result with its counts against labels, if there are some."""
    return result if outcome is None else replace(result, labels=counts_of(outcome))


def counts_of(outcome: Outcome) -> LabelCounts:
    """Hits, misses and false accepts."""
    return LabelCounts(
        hits=len(outcome.hits),
        misses=len(outcome.misses),
        false_accepts=len(outcome.false),
        false_per_hour=outcome.false_per_hour,
        median_latency_s=median(outcome.latencies_s) if outcome.hits else None,
        missed=tuple(Moment(e.start_s, e.label, 0.0, e.end_s) for e in outcome.misses),
        false=tuple(Moment(d.at_s, d.label, d.score) for d in outcome.false),
    )


def tune(
    application: Application,
    expected: Sequence[Expected],
    events: Sequence[tuple[Event, ...] | None],
    results: Sequence[ReplayedRecording],
) -> tuple[Tuning | None, Tuning | None]:
    """What was tried on recordings with labels, and the best of it; of the first network and of the second.

    The second one is tried on the runs that it had: those after what the first one decides as it is set now. None where
    the recordings have nothing that a network decides.
    """
    known = [triple for triple in zip(expected, events, results, strict=True) if triple[1] is not None]
    first = [labelled(application, e, e, heard or (), result.seconds) for e, heard, result in known]
    if application.second is None:
        return _tuning(application, first), None
    second = [
        labelled(application.second, e, e.second, heard or (), result.seconds)
        for e, heard, result in known
        if e.second is not None
    ]
    return _tuning(application, first), _tuning(application.second, second)


def _tuning(application: Application, recordings: Sequence[Labelled]) -> Tuning | None:
    if not any(recording.events for recording in recordings):
        return None
    tried = trials(application, recordings)
    return Tuning(_point(propose(tried)), tuple(map(_point, frontier(tried))))


def _point(trial: Trial) -> TunePoint:
    outcome = trial.outcome
    return TunePoint(
        trial.average,
        trial.threshold,
        trial.release,
        len(outcome.misses),
        len(outcome.false),
        trial.miss_rate,
        outcome.false_per_hour,
    )

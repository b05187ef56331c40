"""Applications, stage by stage: generate, build, play recordings on the board, compare with the host, report."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from boardproof.applications.generate import make_project
from boardproof.applications.timing import high_water, hop_ticks, seconds_of
from boardproof.device.build.claims import claim
from boardproof.device.build.compile import build
from boardproof.device.build.narration import narrate
from boardproof.device.protocol.app_session import AppSession, StreamFault
from boardproof.device.reach.links import open_link, require_tools
from boardproof.device.usb.ports import is_url
from boardproof.device.usb.upload import flash
from boardproof.errors import DeviceError, InputError
from boardproof.model.recordings import read_recording
from boardproof.project.apps.settings import read_application
from boardproof.project.boards import Reach, TickUnit
from boardproof.project.runtimes.base import Options
from boardproof.proof.agreement import differences
from boardproof.proof.expectation import expect
from boardproof.proof.listening import Decided, events_of, joined, judge_outcome, read_events, require_within
from boardproof.proof.playing import Player, whole
from boardproof.proof.tuning import Labelled, decided, frontier, propose, trials
from boardproof.report.replay import (
    Curves,
    LabelCounts,
    Moment,
    ReplayedRecording,
    ReplayReport,
    Resampling,
    TunePoint,
    Tuning,
)
from boardproof.settings import find_named, read_own_boards

if TYPE_CHECKING:
    from collections.abc import Sequence

    from boardproof.device.protocol.app_session import About, StreamNote
    from boardproof.device.types import Firmware, Hello, Link
    from boardproof.model.recordings import Recording
    from boardproof.progress import Progress
    from boardproof.project.apps.application import Application
    from boardproof.project.boards import Board
    from boardproof.proof.expectation import Expected
    from boardproof.proof.listening import Event, Outcome
    from boardproof.proof.playing import Played
    from boardproof.proof.tuning import Trial

_ENVELOPE_POINTS = 400

FAULT_WORDS = {
    StreamFault.FILLED: "samples that did not come, for which zeros stand in",
    StreamFault.GAP: "too many samples did not come: windows begin anew behind them",
    StreamFault.LATE: "samples that were there already",
    StreamFault.OVERRUN: "samples for which the ring had no room",
}


@dataclass(frozen=True, slots=True)
class ReplaySettings:
    """What to play where.

    Attributes:
        app: The folder with boardproof.toml, or that file.
        recordings: What to play.
        board: Name of the board.
        out: Directory of the generated project; None for boardproof-out/<folder>-app-<board>.
        link: Byte stream to an emulated board.
        port: The board's serial port; None to find it.
        labels: What there is to hear: a file, or a folder with one for each recording.
        tune: Try other averages and thresholds.
        real_time: Let samples come as fast as they would, so that a board that is too slow loses some.
        options: Choices of code generation.
    """

    app: Path
    recordings: tuple[Path, ...] = ()
    board: str = "mps2-an386"
    out: Path | None = None
    link: str = "fifo"
    port: str | None = None
    labels: Path | None = None
    tune: bool = False
    real_time: bool = False
    options: Options = field(default_factory=Options)

    @property
    def folder(self) -> Path:
        """Where boardproof.toml is."""
        return self.app if self.app.is_dir() else self.app.parent

    @property
    def target_board(self) -> Board:
        """The board of that name: one of boardproof's, or one that boardproof.toml describes. Raises InputError."""
        return find_named(self.board, read_own_boards(self.folder))

    @property
    def project_dir(self) -> Path:
        """Where the project goes."""
        return self.out or Path("boardproof-out") / f"{self.folder.resolve().name}-app-{self.board}"


def replay(settings: ReplaySettings, progress: Progress) -> ReplayReport:
    """Plays recordings into an application on a board, and compares all that it does with the host.

    Raises:
        InputError: The application, a recording or its labels cannot be used.
        ToolError: A compiler, an emulator or the oracle is missing.
        DeviceError: The board is absent, or was reset.
    """
    application = read_application(settings.app)
    if not settings.recordings:
        raise InputError("There is nothing to play.", "Name recordings: .wav, .csv or .npz files, folders of pictures.")
    recordings = [_read(path, application) for path in settings.recordings]
    pairs = zip(settings.recordings, recordings, strict=True)
    events = [_events(path, recording, application, settings) for path, recording in pairs]
    _check_labelled(settings, events, progress)
    board = settings.target_board
    require_tools(board)
    with claim(settings.project_dir):
        firmware = build_application(application, settings, progress)
        with connect(firmware, settings, progress) as link:
            session = AppSession(link, application.network.sha256, on_log=progress.line)
            about = check_identity(session, application)
            heard = [_play(session, application, recording, settings, progress) for recording in recordings]
            hello = session.connect()
    progress.stage("comparing with the host")
    expected = [expect(application, played.hops) for played in heard]
    triples = list(zip(recordings, heard, expected, strict=True))
    results = tuple(result_of(application, *triple, found) for triple, found in zip(triples, events, strict=True))
    outcomes = [_outcome(*pair) for pair in zip(results, events, strict=True)]
    labelled = [outcome for outcome in outcomes if outcome is not None]
    return ReplayReport(
        application=application.name,
        version=application.version,
        board=board.name,
        recordings=tuple(_with_counts(r, o) for r, o in zip(results, outcomes, strict=True)),
        labels=application.all_labels,
        ticks=hop_ticks(application, hello, heard),
        flash_bytes=firmware.flash_bytes,
        ram_bytes=firmware.ram_bytes,
        stack_bytes=max((p.stack_bytes or 0 for p in heard), default=0) or None,
        capacity=about.capacity,
        resampling=_resampling(application),
        high_water=_high_water(application, hello, heard, settings),
        overall=_counts(joined(labelled)) if labelled else None,
        tuning=_tune(application, expected, events, results) if settings.tune else None,
    )


def build_application(application: Application, settings: ReplaySettings, progress: Progress) -> Firmware:
    """From settings to built firmware."""
    project = make_project(application, settings, progress)
    progress.stage(f"building for {settings.board}")
    return build(project, settings.project_dir, on_line=narrate(progress))


def connect(firmware: Firmware, settings: ReplaySettings, progress: Progress) -> Link:
    """Starts the emulator, or flashes the board; the stream to it."""
    board = settings.target_board
    port = settings.port
    if board.reach is Reach.SERIAL and not is_url(port or ""):
        port = flash(firmware, port, progress).device
    return open_link(firmware, board, port, settings.link, progress)


def check_identity(session: AppSession, application: Application) -> About:
    """Whether the board has this very application. Raises DeviceError if not."""
    about = session.about()
    if about.digest != application.digest:
        raise DeviceError(
            f"The board runs another application, or one of other settings: {about.name} {about.version}, "
            f"{about.digest[:16]}….",
            "Build and flash it again.",
        )
    return about


def _read(path: Path, application: Application) -> Recording:
    """A recording that has a window at least."""
    recording = read_recording(path, application.form)
    found, wanted = application.seconds(len(recording.samples)), application.window / application.rate
    if found < wanted + application.delay_s:
        raise InputError(
            f"{path} is too short: {found:.3f} s, and a window alone takes {wanted + application.delay_s:.3f} s.",
            "Record again, for longer, or let zeros surround it.",
        )
    return recording


def _check_labelled(settings: ReplaySettings, events: Sequence[tuple[Event, ...] | None], progress: Progress) -> None:
    """Whether there are labels where they are needed; recordings that have none are named."""
    if settings.labels is not None:
        without = [path.name for path, found in zip(settings.recordings, events, strict=True) if found is None]
        if len(without) == len(events):
            raise InputError(
                f"{settings.labels} has no labels for {', '.join(without[:5])}.",
                "A recording's labels have its name, and end in .txt or .csv.",
            )
        for name in without:
            progress.warn(f"{name} has no labels in {settings.labels}; it is not judged")
    if settings.tune and not any(events):
        raise InputError("--tune needs to know what there is to hear.", "Give labels with --labels.")


def _events(
    path: Path, recording: Recording, application: Application, settings: ReplaySettings
) -> tuple[Event, ...] | None:
    if settings.labels is None:
        return None
    found = events_of(path, settings.labels, len(settings.recordings) > 1)
    if found is None:
        return None
    decided = {*application.decided_labels, *(application.second.decided_labels if application.second else ())}
    events = read_events(found, application.all_labels, set(application.all_labels) - decided)
    require_within(events, application.seconds(len(recording.samples)), found, recording.name)
    return events


def _play(
    session: AppSession, application: Application, recording: Recording, settings: ReplaySettings, progress: Progress
) -> Played:
    progress.stage(f"playing {recording.name} ({application.seconds(len(recording.samples)):.1f} s)")
    player = Player(session, application)
    if settings.real_time:
        hello = session.connect()
        return player.play_in_time(recording.samples, lambda ticks: seconds_of(ticks, hello))
    total = len(recording.samples)
    return player.play(whole(recording.samples), lambda done: progress.advance(done, total))


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


def _high_water(
    application: Application, hello: Hello, heard: Sequence[Played], settings: ReplaySettings
) -> int | None:
    """The most samples that waited in real time, or would have waited; None where ticks do not say a board's time."""
    if settings.real_time:
        return max(played.high_water for played in heard)
    if hello.tick_unit is TickUnit.MICROSECONDS:
        return None
    return max(high_water(application, played, lambda ticks: seconds_of(ticks, hello)) for played in heard)


def _resampling(application: Application) -> Resampling | None:
    found = application.resampler
    return None if found is None else Resampling(found.given, found.wanted, found.taps, 1000 * found.delay_s)


def _fault(application: Application, note: StreamNote) -> Moment:
    return Moment(application.seconds(note.position), FAULT_WORDS[note.fault], note.samples)


def _curves(application: Application, recording: Recording, expected: Expected) -> Curves:
    loudest = np.abs(recording.samples.astype(np.int32)).max(axis=1)
    step = max(1, len(loudest) // _ENVELOPE_POINTS)
    places = range(0, len(loudest), step)
    envelope = tuple((application.seconds(at), float(loudest[at : at + step].max())) for at in places)
    quantization = application.network.output.quantization
    scale, zero = (quantization.scale, quantization.zero_point) if quantization else (1.0, 0)
    average = application.decision.average
    times = [application.seconds(expected.positions[run]) + application.delay_s for run in expected.runs][average - 1 :]
    if not times:
        return Curves(envelope)
    kernel = np.ones(average) / average
    real = scale * (expected.scores.astype(np.float64) - zero)
    curves = tuple(
        (label, tuple(zip(times, np.convolve(real[:, i], kernel, "valid").tolist(), strict=True)))
        for i, label in enumerate(application.labels)
        if label not in application.decision.silent
    )
    return Curves(envelope, curves)


def _outcome(result: ReplayedRecording, events: Sequence[Event] | None) -> Outcome | None:
    if events is None:
        return None
    heard = [_decided(moment) for moment in result.decisions]
    return judge_outcome(events, heard, result.seconds)


def _decided(moment: Moment) -> Decided:
    return Decided(moment.at_s, moment.what, moment.value)


def _with_counts(result: ReplayedRecording, outcome: Outcome | None) -> ReplayedRecording:
    return result if outcome is None else replace(result, labels=_counts(outcome))


def _counts(outcome: Outcome) -> LabelCounts:
    return LabelCounts(
        hits=len(outcome.hits),
        misses=len(outcome.misses),
        false_accepts=len(outcome.false),
        false_per_hour=outcome.false_per_hour,
        median_latency_s=median(outcome.latencies_s) if outcome.hits else None,
        missed=tuple(Moment(e.start_s, e.label, 0.0, e.end_s) for e in outcome.misses),
        false=tuple(Moment(d.at_s, d.label, d.score) for d in outcome.false),
    )


def _tune(
    application: Application,
    expected: Sequence[Expected],
    events: Sequence[tuple[Event, ...] | None],
    results: Sequence[ReplayedRecording],
) -> Tuning:
    labelled = [
        Labelled(computed, tuple(e for e in found if e.label in application.decided_labels), result.seconds)
        for computed, found, result in zip(expected, events, results, strict=True)
        if found is not None
    ]
    found = trials(application, labelled)
    return Tuning(_point(propose(found)), tuple(map(_point, frontier(found))))


def _point(trial: Trial) -> TunePoint:
    outcome = trial.outcome
    return TunePoint(
        trial.average,
        trial.threshold,
        len(outcome.misses),
        len(outcome.false),
        trial.miss_rate,
        outcome.false_per_hour,
    )

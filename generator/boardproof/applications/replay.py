"""Applications, stage by stage: generate, build, play recordings on the board, compare with the host, report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.applications.board import build_application, check_identity, connect
from boardproof.applications.results import counts_of, outcome_of, resampling_of, result_of, ring_use, tune, with_counts
from boardproof.applications.timing import hop_ticks, seconds_of
from boardproof.device.build.claims import claim
from boardproof.device.protocol.app_session import AppSession
from boardproof.device.reach.links import require_tools
from boardproof.errors import InputError
from boardproof.model.recordings import read_recording
from boardproof.project.apps.settings import read_application
from boardproof.proof.expectation import expect
from boardproof.proof.listening import events_of, joined, read_events, require_within
from boardproof.proof.playing import Player, whole
from boardproof.report.replay import ReplayReport

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from boardproof.applications.settings import ReplaySettings
    from boardproof.model.recordings import Recording
    from boardproof.progress import Progress
    from boardproof.project.apps.application import Application
    from boardproof.proof.listening import Event
    from boardproof.proof.playing import Played


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
    outcomes = [outcome_of(*pair) for pair in zip(results, events, strict=True)]
    labelled = [outcome for outcome in outcomes if outcome is not None]
    tuned = tune(application, expected, events, results) if settings.tune else (None, None)
    return ReplayReport(
        application=application.name,
        version=application.version,
        board=board.name,
        recordings=tuple(with_counts(r, o) for r, o in zip(results, outcomes, strict=True)),
        labels=application.all_labels,
        ticks=hop_ticks(application, hello, heard),
        flash_bytes=firmware.flash_bytes,
        ram_bytes=firmware.ram_bytes,
        stack_bytes=max((p.stack_bytes or 0 for p in heard), default=0) or None,
        capacity=about.capacity,
        resampling=resampling_of(application),
        high_water=ring_use(application, hello, heard, settings),
        overall=counts_of(joined(labelled)) if labelled else None,
        tuning=tuned[0],
        tuning_then=tuned[1],
    )


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

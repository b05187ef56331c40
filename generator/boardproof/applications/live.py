"""What a board's sensor gives, and what its application makes of it, as it comes: record and watch."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from boardproof.applications.board import build_application, check_identity, connect
from boardproof.applications.results import FAULT_WORDS
from boardproof.device.build.claims import claim
from boardproof.device.protocol.app_session import AppSession, StepFlag, StreamFault
from boardproof.errors import DeviceError, InputError
from boardproof.model.recordings import read_recording, write_recording
from boardproof.project.apps.settings import read_application
from boardproof.project.boards import Reach

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from boardproof.applications.settings import ReplaySettings
    from boardproof.progress import Progress
    from boardproof.project.apps.application import Application

_IDLE_S = 0.005
_SILENT_S = 3.0
"""How long a sensor may give nothing, beside what its rate and window explain."""
_TURNS_BETWEEN_NOTES = 8


@dataclass(frozen=True, slots=True)
class Gap:
    """Samples that are missing in a recording: zeros stand in for them."""

    at_s: float
    samples: int


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was kept: the file, its samples, and what is missing."""

    path: Path
    samples: int
    gaps: tuple[Gap, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """One run of a network: when its window ended, its labels and their scores as real numbers, what it decided.

    Scores that are too many for a board's reply are left out.
    """

    at_s: float
    labels: tuple[str, ...]
    scores: tuple[float, ...]
    label: str | None


def record(settings: ReplaySettings, seconds: float, out: Path, progress: Progress) -> Recorded:
    """Keeps what the sensor gives. On an emulated board it is the recording that is named, which comes back.

    Whatever ends it early, Ctrl-C or a board that goes away, what came before is written.

    Raises:
        InputError: An emulated board has no recording to play, or the file cannot be written so.
        DeviceError: The board is absent, was reset, or its sensor stopped.
    """
    application = read_application(settings.app)
    if out.suffix not in {".wav", ".npz"} or (out.suffix == ".wav" and application.source.dtype.numpy != np.int16):
        raise InputError(f"Samples cannot be kept as {out.name}.", "End its name in .npz, or .wav for int16 samples.")
    if not out.absolute().parent.is_dir():
        raise InputError(f"{out} cannot be written: its folder is not there.", "Make the folder first.")
    played = _played(settings, application)
    keeper = Keeper(application, round(seconds * application.sensor_rate))
    try:
        with claim(settings.project_dir):
            firmware = build_application(application, settings, progress)
            with connect(firmware, settings, progress) as link:
                session = AppSession(link, application.network.sha256, on_log=progress.line)
                check_identity(session, application)
                progress.stage(f"recording {seconds:g} s")
                keeper.keep(session, played, progress)
                session.release()
    except BaseException:
        if keeper.due:
            write_recording(out, keeper.samples, application.sensor_rate)
            progress.warn(f"what came before is in {out}: {len(keeper.samples):,} samples")
        raise
    write_recording(out, keeper.samples, application.sensor_rate)
    for gap in keeper.gaps:
        progress.warn(f"{gap.samples} samples are missing at {gap.at_s:.3f} s; zeros stand in for them")
    if keeper.due < keeper.wanted:
        progress.warn(f"the recording that is played ends after {application.seconds(keeper.due):.3f} s")
    return Recorded(out, len(keeper.samples), tuple(keeper.gaps))


def _played(settings: ReplaySettings, application: Application) -> NDArray[np.generic] | None:
    """What an emulated board's sensor gives; None where a board has its own."""
    emulated = settings.target_board.reach is not Reach.SERIAL
    if emulated != (len(settings.recordings) == 1):
        raise InputError(
            "An emulated board has no sensor: it takes one recording."
            if emulated
            else "The board's own sensor is used.",
            "Name one recording." if emulated else "Leave out the recordings.",
        )
    return read_recording(settings.recordings[0], application.form).samples if emulated else None


class Keeper:
    """Takes samples out of a board's ring, and keeps what came whatever happens."""

    def __init__(self, application: Application, wanted: int) -> None:
        self._application = application
        self._kept = [np.zeros((0, application.channels), application.source.dtype.numpy)]
        self.wanted = wanted
        self.due = 0
        self.gaps: list[Gap] = []

    @property
    def samples(self) -> NDArray[np.generic]:
        """All that came, at most as many as are wanted: [samples, channels], zeros where some are missing."""
        return np.concatenate(self._kept)[: self.wanted]

    def keep(self, session: AppSession, played: NDArray[np.generic] | None, progress: Progress) -> None:
        """Takes samples until there are enough, or no more are played.

        Raises:
            DeviceError: The board was reset or went silent, or its sensor stopped.
        """
        session.begin(sensed=played is None)
        pushed = turns = 0
        patience = Patience(self._application)
        while self.due < self.wanted:
            if played is not None:
                piece = played[pushed : pushed + self._application.capacity]
                pushed += session.push(pushed, piece.tobytes(), self._application.sample_bytes)
            position, data = session.drain(self._application.sample_bytes)
            turns += 1
            if not data or turns % _TURNS_BETWEEN_NOTES == 0:
                self._note(session)
            if data:
                self._add(position, data)
                progress.advance(min(self.due, self.wanted), self.wanted)
            elif played is not None and pushed == len(played):
                return
            else:
                patience.wait(self.due)
        self._note(session)

    def _add(self, position: int, data: bytes) -> None:
        values = np.frombuffer(data, self._application.source.dtype.numpy).reshape(-1, self._application.channels)
        if position > self.due:
            self.gaps.append(Gap(self._application.seconds(self.due), position - self.due))
            zeros = min(position, self.wanted) - self.due
            self._kept.append(np.zeros((zeros, self._application.channels), values.dtype))
        self._kept.append(values)
        self.due = position + len(values)

    def _note(self, session: AppSession) -> None:
        """Short gaps, which the board has filled with zeros; long ones are seen at the positions."""
        for note in session.status().notes:
            if note.fault is StreamFault.FILLED and note.position < self.wanted:
                self.gaps.append(Gap(self._application.seconds(note.position), note.samples))


class Patience:
    """Waits for a sensor, but not for one that has stopped."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._most_s = _SILENT_S + 10 / application.sensor_rate + application.window / application.rate
        self._seen = -1
        self._since = time.monotonic()

    def wait(self, position: int) -> None:
        """Waits a moment; `position` is how far the stream has come. Raises DeviceError where it stands still."""
        if position != self._seen:
            self._seen, self._since = position, time.monotonic()
        elif time.monotonic() - self._since > self._most_s:
            raise DeviceError(
                f"The sensor has given nothing for {self._most_s:.0f} s, since "
                f"{self._application.seconds(position):.3f} s of the stream.",
                "Reset the board; on its serial port it says if its sensor does not start. Is it the revision that has "
                "one?",
            )
        time.sleep(_IDLE_S)


def watch(settings: ReplaySettings, seconds: float, progress: Progress) -> Iterator[Seen]:
    """Scores and decisions as they come, for so many seconds of samples; of a recording on an emulated board.

    Raises as `record` does.
    """
    application = read_application(settings.app)
    played = _played(settings, application)
    with claim(settings.project_dir):
        firmware = build_application(application, settings, progress)
        with connect(firmware, settings, progress) as link:
            session = AppSession(link, application.network.sha256, on_log=progress.line)
            check_identity(session, application)
            progress.stage("watching")
            yield from _watch(session, application, round(seconds * application.sensor_rate), played, progress)
            session.release()


def _watch(
    session: AppSession,
    application: Application,
    wanted: int,
    played: NDArray[np.generic] | None,
    progress: Progress,
) -> Iterator[Seen]:
    session.begin(sensed=played is None)
    pushed = position = 0
    patience = Patience(application)
    while position < wanted:
        if played is not None and pushed < len(played):
            pushed += session.push(pushed, played[pushed : pushed + 4096].tobytes(), application.sample_bytes)
        step = session.step()
        if not step.flags & (StepFlag.HOP | StepFlag.SECOND):
            status = session.status()
            for note in status.notes:
                at_s = application.seconds(note.position)
                progress.warn(f"at {at_s:.3f} s: {FAULT_WORDS[note.fault]}, {note.samples:,} samples")
            if played is not None and pushed == len(played):
                return
            patience.wait(status.next)
            continue
        position = step.position
        if StepFlag.SCORED in step.flags:
            label = application.all_labels[step.label] if StepFlag.DECIDED in step.flags else None
            ran = application.second if StepFlag.SECOND in step.flags else application
            if ran is not None:
                at_s = application.seconds(position) + application.delay_s
                labels, scores = (ran.labels, _real(ran, step.scores)) if step.scores is not None else ((), ())
                yield Seen(at_s, labels, scores, label)


def _real(application: Application, scores: bytes) -> tuple[float, ...]:
    output = application.network.output
    scale, zero = (output.quantization.scale, output.quantization.zero_point) if output.quantization else (1.0, 0)
    return tuple(scale * (int(q) - zero) for q in np.frombuffer(scores, output.dtype.numpy))

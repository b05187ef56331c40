"""What a board's sensor gives, and what its application makes of it, as it comes: record and watch."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from boardproof.applications.replay import build_application, check_identity, connect
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

    from boardproof.applications.replay import ReplaySettings
    from boardproof.progress import Progress
    from boardproof.project.apps.application import Application

_IDLE_S = 0.005
_STOPPED_S = 5.0
"""A sensor that has given nothing for so long has stopped."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Samples that are missing in a recording, or were on the board: zeros stand in for them."""

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
    """One run of a network: when its window ended, its labels and their scores as real numbers, what it decided."""

    at_s: float
    labels: tuple[str, ...]
    scores: tuple[float, ...]
    label: str | None


def record(settings: ReplaySettings, seconds: float, out: Path, progress: Progress) -> Recorded:
    """Keeps what the sensor gives. On an emulated board it is the recording that is named, which comes back.

    Raises:
        InputError: An emulated board has no recording to play, or the file cannot be written so.
        DeviceError: The board is absent, was reset, or its sensor gives nothing.
    """
    application = read_application(settings.app)
    if out.suffix not in {".wav", ".npz"} or (out.suffix == ".wav" and application.source.dtype.numpy != np.int16):
        raise InputError(f"Samples cannot be kept as {out.name}.", "End its name in .npz, or .wav for int16 samples.")
    played = _played(settings, application)
    with claim(settings.project_dir):
        firmware = build_application(application, settings, progress)
        with connect(firmware, settings, progress) as link:
            session = AppSession(link, application.network.sha256, on_log=progress.line)
            check_identity(session, application)
            progress.stage(f"recording {seconds:g} s")
            samples, gaps = _keep(session, application, round(seconds * application.sensor_rate), played, progress)
            session.release()
    write_recording(out, samples, application.sensor_rate)
    for gap in gaps:
        progress.warn(f"{gap.samples} samples are missing at {gap.at_s:.3f} s; zeros stand in for them")
    return Recorded(out, len(samples), gaps)


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


class _Patience:
    """Waits for a sensor that gives nothing at the moment, but not for one that has stopped."""

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """It has given something."""
        self._until = time.monotonic() + _STOPPED_S

    @property
    def ends(self) -> bool:
        """Whether it has stopped; waits a moment if not."""
        if time.monotonic() > self._until:
            return True
        time.sleep(_IDLE_S)
        return False


def _stopped() -> DeviceError:
    return DeviceError(
        f"The board's sensor has given nothing for {_STOPPED_S:g} s.",
        "Reset the board; on its serial port it says if its sensor does not start. Is it the revision that has one?",
    )


def _keep(
    session: AppSession, application: Application, wanted: int, played: NDArray[np.generic] | None, progress: Progress
) -> tuple[NDArray[np.generic], tuple[Gap, ...]]:
    """Samples out of the ring until there are enough. Where they end before that, zeros stand in for the rest."""
    session.begin(sensed=played is None)
    kept: list[NDArray[np.generic]] = []
    gaps: list[Gap] = []
    due = pushed = 0
    patience = _Patience()
    while due < wanted:
        if played is not None:
            piece = played[pushed : pushed + application.capacity]
            pushed += session.push(pushed, piece.tobytes(), application.sample_bytes)
        position, data = session.drain(application.sample_bytes)
        if not data:
            if played is not None and pushed == len(played):
                break
            if patience.ends:
                if not kept:
                    raise _stopped()
                gaps.append(Gap(application.seconds(due), wanted - due))
                kept.append(np.zeros((wanted - due, application.channels), kept[0].dtype))
                break
            continue
        patience.renew()
        values = np.frombuffer(data, application.source.dtype.numpy).reshape(-1, application.channels)
        if position > due:
            gaps.append(Gap(application.seconds(due), position - due))
            kept.append(np.zeros((position - due, application.channels), values.dtype))
        kept.append(values)
        due = position + len(values)
        gaps += _filled(session, application)
        progress.advance(min(due, wanted), wanted)
    empty = np.zeros((0, application.channels), application.source.dtype.numpy)
    return np.concatenate([empty, *kept])[:wanted], tuple(gaps)


def _filled(session: AppSession, application: Application) -> list[Gap]:
    """Gaps so short that the board has filled them itself: positions do not show them."""
    notes = session.status().notes
    return [Gap(application.seconds(note.position), note.samples) for note in notes if note.fault is StreamFault.FILLED]


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
            yield from _watch(session, application, round(seconds * application.sensor_rate), played)
            session.release()


def _watch(
    session: AppSession, application: Application, wanted: int, played: NDArray[np.generic] | None
) -> Iterator[Seen]:
    session.begin(sensed=played is None)
    pushed = position = 0
    patience = _Patience()
    while position < wanted:
        if played is not None and pushed < len(played):
            pushed += session.push(pushed, played[pushed : pushed + 4096].tobytes(), application.sample_bytes)
        step = session.step()
        if not step.flags & (StepFlag.HOP | StepFlag.SECOND):
            if played is not None and pushed == len(played):
                return
            if patience.ends:
                raise _stopped()
            continue
        patience.renew()
        position = step.position
        if StepFlag.SCORED in step.flags:
            label = application.all_labels[step.label] if StepFlag.DECIDED in step.flags else None
            ran = application.second if StepFlag.SECOND in step.flags else application
            if ran is not None:
                at_s = application.seconds(position) + application.delay_s
                yield Seen(at_s, ran.labels, _real(ran, step.scores or b""), label)


def _real(application: Application, scores: bytes) -> tuple[float, ...]:
    output = application.network.output
    scale, zero = (output.quantization.scale, output.quantization.zero_point) if output.quantization else (1.0, 0)
    return tuple(scale * (int(q) - zero) for q in np.frombuffer(scores, output.dtype.numpy))

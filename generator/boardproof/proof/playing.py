"""Plays recordings into an application on a board, and keeps what it did."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from boardproof.device.protocol.app_session import StepFlag
from boardproof.errors import DeviceError
from boardproof.project.apps.stream import Windows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from boardproof.device.protocol.app_session import AppSession, BoardStep, StreamNote
    from boardproof.project.apps.application import Application
    from boardproof.project.apps.stream import Hop

    Push = tuple[int, NDArray[np.generic]]
    """A position and samples [samples, channels] that come then."""

_CHUNK_SAMPLES = 4096
_IDLE_TURNS = 2
"""A step that only goes on behind a gap does no hop, and makes room."""


@dataclass(frozen=True, slots=True)
class Played:
    """What the board did with a stream.

    Attributes:
        steps: The hops it did.
        second: The runs of the second network, by the hops before them.
        restarts: The hops before which it began anew.
        hops: The windows of the stream that it took, cut by the host.
        notes: What went wrong with the stream.
        high_water: The most samples that ever waited.
        stack_bytes: The deepest stack; None where the board does not know.
    """

    steps: tuple[BoardStep, ...] = field(repr=False)
    second: Mapping[int, BoardStep] = field(repr=False)
    restarts: frozenset[int]
    hops: tuple[Hop, ...] = field(repr=False)
    notes: tuple[StreamNote, ...]
    high_water: int
    stack_bytes: int | None

    @property
    def ticks(self) -> tuple[int, ...]:
        """What all that ran after each hop took: front end, network, second network."""
        return tuple(
            sum(s.front_end_ticks + s.network_ticks for s in (step, self.second.get(hop)) if s is not None)
            for hop, step in enumerate(self.steps)
        )


def whole(samples: NDArray[np.generic]) -> Iterable[Push]:
    """A stream without faults, in chunks."""
    for at in range(0, len(samples), _CHUNK_SAMPLES):
        yield at, samples[at : at + _CHUNK_SAMPLES]


class Player:
    """Plays one stream. The host takes the steps, so no sample is lost, unless `pace` says how time passes."""

    def __init__(self, session: AppSession, application: Application) -> None:
        self._session = session
        self._application = application
        self._steps: list[BoardStep] = []
        self._second: dict[int, BoardStep] = {}
        self._restarts: set[int] = set()
        self._notes: list[StreamNote] = []
        self._windows = Windows(application.window, application.hop, application.fill, application.resampler)
        self._hops: list[Hop] = []

    def play(self, pushes: Iterable[Push], on_progress: Callable[[int], None] | None = None) -> Played:
        """Everything of a stream, from the beginning. `on_progress` is told the samples that are done.

        Raises:
            DeviceError: The board was reset, or went silent.
        """
        self._session.begin()
        for position, samples in pushes:
            self._push(position, samples)
            if on_progress is not None:
                on_progress(position + len(samples))
        return self.finish()

    def play_in_time(self, samples: NDArray[np.generic], seconds_of: Callable[[int], float]) -> Played:
        """The same in time that passes as the board's work takes it: what there is no room for meanwhile is lost.

        `seconds_of`: how long so many ticks are. Time is that of the samples, so this is the same on every machine.
        """
        self._session.begin()
        done = 0
        clock = 0.0
        while done < len(samples):
            step = self._step()
            if step is None:  # nothing to do until the next samples come
                clock = max(clock, self._application.seconds(done)) + self._application.hop_s
            else:
                clock += seconds_of(step.front_end_ticks + step.network_ticks)
            due = min(int(clock * self._application.sensor_rate), len(samples))
            if due > done:
                self._push_lossy(done, samples[done:due])
                done = due
        return self.finish()

    def finish(self) -> Played:
        """All steps that are left, and how the stream was."""
        while self._step() is not None:
            pass
        status = self._session.status()
        stack = self._session.marks().stack_bytes
        return Played(
            tuple(self._steps),
            dict(self._second),
            frozenset(self._restarts),
            tuple(self._hops),
            (*self._notes, *status.notes),
            status.high_water,
            stack or None,
        )

    def _push(self, position: int, samples: NDArray[np.generic]) -> None:
        size = self._application.sample_bytes
        data = samples.tobytes()
        done = idle = 0
        while done < len(samples):
            taken = self._session.push(position + done, data[done * size :], size)
            done += taken
            idle = idle + 1 if self._step() is None and taken == 0 else 0
            if idle > _IDLE_TURNS:
                raise DeviceError(
                    f"The board takes no more samples at {position + done}, though it has done all hops.",
                    "Rebuild and flash the firmware of this application.",
                )
        self._hops += self._windows.push(position, samples)
        self._notes += self._session.status().notes

    def _push_lossy(self, position: int, samples: NDArray[np.generic]) -> None:
        """A sensor's samples, hop by hop: what is not taken never comes again."""
        hop = self._application.hop
        for at in range(0, len(samples), hop):
            piece = samples[at : at + hop]
            taken = self._session.push(position + at, piece.tobytes(), self._application.sample_bytes, lossy=True)
            self._hops += self._windows.push(position + at, piece[:taken])
            self._notes += self._session.status().notes

    def _step(self) -> BoardStep | None:
        step = self._session.step()
        if StepFlag.RESTARTED in step.flags:
            self._restarts.add(len(self._steps))
        if StepFlag.SECOND in step.flags:
            self._second[len(self._steps) - 1] = step
            return step
        if StepFlag.HOP not in step.flags:
            return None
        self._steps.append(step)
        return step

"""All samples through one board, or shared among several; what was computed is kept, whatever happens."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from boardproof.device.types import BoardRun, BoardShare
from boardproof.errors import BoardproofError, DeviceError
from boardproof.proof.results import Results

if TYPE_CHECKING:
    from collections.abc import Callable

    from boardproof.device.protocol.session import Session
    from boardproof.device.types import Hello
    from boardproof.model.samples import Vectors
    from boardproof.proof.checkpoint import Checkpoint

_LAST_INFERENCE_S = 10.0


@dataclass(frozen=True, slots=True)
class Seat:
    """A board at work: its name (port, or kind of board), and the conversation with it."""

    name: str
    session: Session


def run_samples(
    seats: tuple[Seat, ...],
    inputs: Vectors,
    *,
    stateful: bool = False,
    checkpoint: Checkpoint | None = None,
    resume: bool = False,
    on_progress: Callable[[int, int], None] | None = None,
) -> BoardRun:
    """Runs every sample once, and the first one of each board once more at the end.

    A network that keeps state begins afresh twice: before the first sample, and before it runs again.

    Args:
        seats: The boards; each takes the next sample when it is ready.
        inputs: What to run.
        stateful: The network remembers earlier samples: one board only, in order, and no board may be reset.
        checkpoint: Where to keep what is done; the caller removes it when it is no longer needed.
        resume: Go on from the checkpoint, where there is one.
        on_progress: Is told (samples done, samples in all) after each, by one thread at a time.

    Raises:
        InputError: The checkpoint is of another run.
        DeviceError: As `Session.infer`; or the boards are not all alike.
    """
    hello = _common_hello(seats)
    results = Results(hello, inputs.samples)
    if resume and checkpoint is not None:
        checkpoint.restore(results)
    crew = _Crew(results, inputs, checkpoint, on_progress, stateful=stateful)
    started = time.monotonic()
    try:
        if len(seats) == 1:
            crew.work(seats[0])  # in this thread, so that Ctrl-C ends it at once
        else:
            crew.work_together(seats)
    except BaseException:
        if checkpoint is not None and results.done.any():
            checkpoint.save(results)
        raise
    return _summary(hello, results, time.monotonic() - started)


class _Crew:
    """Boards that take samples from one queue."""

    def __init__(
        self,
        results: Results,
        inputs: Vectors,
        checkpoint: Checkpoint | None,
        on_progress: Callable[[int, int], None] | None,
        *,
        stateful: bool,
    ) -> None:
        self._results = results
        self._inputs = inputs
        self._checkpoint = checkpoint
        self._on_progress = on_progress
        self._stateful = stateful
        self._queue = deque(results.missing)
        self._lock = threading.Lock()
        self._failed: list[tuple[Seat, BaseException]] = []

    def work(self, seat: Seat) -> None:
        """Runs samples on this board until none is left, and its first one again."""
        session = seat.session
        if self._stateful:
            session.restart()
        session.marks(repaint=True)
        resets = session.resets
        first: int | None = None
        while (number := self._next()) is not None:
            inference = session.infer(self._sample(number))
            if self._stateful and session.resets > resets:
                raise DeviceError(
                    f"The board was reset at sample {number}, and this network remembers earlier samples.",
                    "Run all samples again; if it is reset again, check its power supply and cable.",
                )
            with self._lock:
                self._results.keep(number, inference, seat.name)
                self._after_each()
            first = number if first is None else first
        self._finish(seat, first)

    def work_together(self, seats: tuple[Seat, ...]) -> None:
        """Runs `work` on all boards at once. The first failure ends all; it is raised when they have stopped."""
        threads = [threading.Thread(target=self._work_or_fail, args=(seat,), daemon=True) for seat in seats]
        for thread in threads:
            thread.start()
        try:
            for thread in threads:
                thread.join()
        finally:
            self._stop()  # for those still at work, when we are interrupted
            deadline = time.monotonic() + _LAST_INFERENCE_S
            for thread in threads:
                thread.join(max(0.0, deadline - time.monotonic()))
        if self._failed:
            seat, error = self._failed[0]
            if isinstance(error, BoardproofError):
                error.message = f"{seat.name}: {error.message}"
            raise error

    def _work_or_fail(self, seat: Seat) -> None:
        try:
            self.work(seat)
        except BaseException as error:
            self._failed.append((seat, error))
            self._stop()

    def _next(self) -> int | None:
        with self._lock:
            return self._queue.popleft() if self._queue else None

    def _stop(self) -> None:
        with self._lock:
            self._queue.clear()

    def _sample(self, number: int) -> list[np.ndarray[tuple[int, ...], np.dtype[np.generic]]]:
        return [array[number] for array in self._inputs.arrays]

    def _after_each(self) -> None:
        if self._on_progress is not None:
            self._on_progress(int(self._results.done.sum()), self._inputs.samples)
        if self._checkpoint is not None:
            self._checkpoint.save_sometimes(self._results)

    def _finish(self, seat: Seat, repeated: int | None) -> None:
        marks = seat.session.marks()
        if self._stateful:
            seat.session.restart()  # the first sample remembers nothing, this time either
        again = seat.session.infer(self._sample(repeated)) if repeated is not None else None
        with self._lock:
            self._results.keep_marks(marks)
            if repeated is not None and again is not None:
                self._results.keep_repeat(repeated, again, seat.name)


def _common_hello(seats: tuple[Seat, ...]) -> Hello:
    """What all boards say. Raises DeviceError when they do not say the same: their ticks could not be compared."""
    first, *others = seats
    hello = first.session.connect()
    for seat in others:
        if replace(seat.session.connect(), fault=hello.fault) != hello:
            raise DeviceError(
                f"{seat.name} runs other firmware than {first.name}.", "Flash the same firmware on all boards."
            )
    return hello


def _summary(hello: Hello, results: Results, wall_s: float) -> BoardRun:
    return BoardRun(
        hello=hello,
        outputs=tuple(results.outputs),
        ticks=results.ticks,
        op_ticks=tuple(int(ticks) for ticks in np.median(results.op_ticks, axis=0)),
        arena_used_bytes=results.arena_bytes,
        stack_bytes=results.stack_bytes or None,
        wall_s=wall_s,
        op_spread=tuple((int(low), int(high)) for low, high in zip(*_extremes(results.op_ticks), strict=True)),
        repeats=tuple(results.repeats),
        ran_on=tuple(results.ran_on),
        shares=_shares(results),
    )


def _extremes(op_ticks: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> tuple[list[int], list[int]]:
    return op_ticks.min(axis=0).tolist(), op_ticks.max(axis=0).tolist()


def _shares(results: Results) -> tuple[BoardShare, ...]:
    ran_on = np.array(results.ran_on)
    shares = []
    for board in dict.fromkeys(results.ran_on):
        ticks = results.ticks[ran_on == board]
        shares.append(BoardShare(board, len(ticks), int(np.median(ticks)), int(ticks.min()), int(ticks.max())))
    return tuple(shares)

"""record and watch with a board that is played here: gaps, a sensor that stops, a board that goes away, Ctrl-C."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pytest

from boardproof.applications import live
from boardproof.applications.settings import ReplaySettings
from boardproof.device.protocol.app_session import BoardStep, StepFlag, StreamFault, StreamNote, StreamStatus
from boardproof.errors import DeviceError, InputError
from boardproof.model.recordings import read_recording
from boardproof.progress import Silent
from boardproof.project.apps.settings import read_application
from support.small_application import write_application

RAMP = np.arange(1, 4001, dtype=np.int16)


class Board:
    """A session: pieces of samples with their positions, notes, or an exception to raise."""

    def __init__(self, *events):
        self.events = list(events)
        self.notes = []
        self.taken = 0

    def begin(self, *, sensed):
        self.sensed = sensed

    def release(self):
        self.released = True

    def status(self):
        notes, self.notes = tuple(self.notes), []
        return StreamStatus(self.taken, 0, 0, 0, notes)

    def _next(self):
        event = self.events.pop(0) if self.events else None
        if isinstance(event, StreamNote):
            self.notes.append(event)
            return self._next()
        if isinstance(event, BaseException):
            raise event
        return event

    def drain(self, sample_bytes):  # noqa: ARG002 as the session has it
        event = self._next()
        if event is None:
            return self.taken, b""
        begin, end = event
        self.taken = end
        return begin, RAMP[begin:end].tobytes()

    def step(self):
        event = self._next()
        if event is None:
            return BoardStep(StepFlag(0), 0, 0, 0, 0, 0, 0, 0, None, None)
        self.taken = event
        return BoardStep(StepFlag.HOP | StepFlag.SCORED, 1, event, 0, 0, 0, 0, 0, bytes([0, 127]), None)


class Heard(Silent):
    def __init__(self):
        self.warnings = []

    def warn(self, text):
        self.warnings.append(text)


@pytest.fixture
def listen(tmp_path, monkeypatch):
    """record and watch on such a board, in a world where waiting takes no time."""
    folder = write_application(tmp_path / "app")
    clock = iter(np.arange(0, 1e6, 0.25))
    monkeypatch.setattr(live.time, "monotonic", lambda: float(next(clock)))
    monkeypatch.setattr(live.time, "sleep", lambda _: None)
    monkeypatch.setattr(live, "build_application", lambda *_: None)
    monkeypatch.setattr(live, "connect", lambda *_: nullcontext())
    monkeypatch.setattr(live, "check_identity", lambda *_: None)
    monkeypatch.setattr(live, "_played", lambda *_: None)
    settings = ReplaySettings(folder, board="nano33ble", out=tmp_path / "project")

    def run(board, what, *arguments):
        monkeypatch.setattr(live, "AppSession", lambda *_, **__: board)
        return what(settings, *arguments)

    run.kept = tmp_path / "heard.wav"
    run.samples = lambda: read_recording(run.kept, read_application(folder).form).samples[:, 0]
    return run


def test_gaps_are_told_and_are_zeros(listen):
    """A short one, which the board has filled and noted; a long one, which the positions show."""
    progress = Heard()
    board = Board((0, 800), None, StreamNote(StreamFault.FILLED, 810, 40), (800, 1000), None, (1400, 2400))
    recorded = listen(board, live.record, 0.25, listen.kept, progress)
    assert [(gap.at_s, gap.samples) for gap in recorded.gaps] == [(810 / 8000, 40), (1000 / 8000, 400)]
    expected = RAMP[:2000].copy()
    expected[1000:1400] = 0
    np.testing.assert_array_equal(listen.samples(), expected)
    assert "40 samples are missing at 0.101 s; zeros stand in for them" in progress.warnings
    assert board.released


def test_a_position_beyond_all_that_is_wanted_takes_no_memory(listen):
    class Leaps(Board):
        def drain(self, sample_bytes):  # noqa: ARG002 as the session has it
            self.taken = 2**32 - 1
            return self.taken - 10, RAMP[:10].tobytes()

    recorded = listen(Leaps(), live.record, 0.25, listen.kept, Silent())
    assert recorded.samples == len(listen.samples()) == 2000
    assert [gap.samples for gap in recorded.gaps] == [2**32 - 11]


def test_scores_that_a_reply_has_no_room_for_are_left_out(listen):
    class Terse(Board):
        def step(self):
            return replace(super().step(), scores=None)

    seen = list(listen(Terse(64), live.watch, 0.005, Silent()))
    assert [(one.labels, one.scores) for one in seen] == [((), ())]


def test_a_sensor_that_stops(listen):
    progress = Heard()
    with pytest.raises(DeviceError) as caught:
        listen(Board((0, 800)), live.record, 1.0, listen.kept, progress)
    assert "The sensor has given nothing for 3 s, since 0.100 s of the stream" in caught.value.message
    assert "serial port it says if its sensor does not start" in caught.value.hint
    np.testing.assert_array_equal(listen.samples(), RAMP[:800])
    assert progress.warnings == [f"what came before is in {listen.kept}: 800 samples"]


def test_a_sensor_that_gives_nothing(listen):
    for what, *arguments in ((live.record, 1.0, listen.kept, Heard()), (live.watch, 1.0, Heard())):
        with pytest.raises(DeviceError) as caught:
            list(listen(Board(), what, *arguments))
        assert "since 0.000 s of the stream" in caught.value.message
    assert not listen.kept.exists()


@pytest.mark.parametrize("end", [KeyboardInterrupt(), DeviceError("The board is gone.", "Plug it in.")])
def test_what_ends_a_recording_early_loses_nothing(end, listen):
    with pytest.raises(type(end)):
        listen(Board((0, 800), (800, 900), end), live.record, 1.0, listen.kept, Heard())
    np.testing.assert_array_equal(listen.samples(), RAMP[:900])


def test_nothing_came_and_nothing_is_overwritten(listen):
    listen.kept.write_bytes(b"of yesterday")
    with pytest.raises(KeyboardInterrupt):
        listen(Board(KeyboardInterrupt()), live.record, 1.0, listen.kept, Heard())
    assert listen.kept.read_bytes() == b"of yesterday"


def test_a_folder_that_is_not_there_is_said_before_anything_is_recorded(listen, tmp_path):
    with pytest.raises(InputError) as caught:
        listen(None, live.record, 1.0, tmp_path / "none" / "heard.wav", Heard())
    assert "its folder is not there" in caught.value.message
    assert "Make the folder first" in caught.value.hint


def test_watching_tells_faults_and_ends_where_the_sensor_does(listen):
    progress, seen = Heard(), []
    board = Board(64, 96, StreamNote(StreamFault.OVERRUN, 100, 7), None, 128)
    with pytest.raises(DeviceError) as caught:
        seen.extend((one.at_s, one.label) for one in listen(board, live.watch, 10.0, progress))
    assert seen == [(0.008, None), (0.012, None), (0.016, None)]
    assert progress.warnings == ["at 0.013 s: samples for which the ring had no room, 7 samples"]
    assert "since 0.016 s of the stream" in caught.value.message

"""Recording and watching a sensor that has gaps, or stops; the board is played by a list of what it gives."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from boardproof.applications import live
from boardproof.device.protocol.app_session import StepFlag, StreamFault, StreamNote
from boardproof.errors import DeviceError
from boardproof.progress import Silent
from boardproof.project.apps.settings import read_application
from support.small_application import write_application


class Session:
    """A board whose sensor gives these pieces, (position, samples), and then nothing; notes come with the second."""

    def __init__(self, pieces, notes=()):
        self.pieces = list(pieces)
        self.notes = [(), tuple(notes)]

    def begin(self, *, sensed):
        assert sensed

    def drain(self, sample_bytes):
        assert sample_bytes == 2
        position, values = self.pieces.pop(0) if self.pieces else (0, [])
        return position, np.array(values, np.int16).tobytes()

    def status(self):
        return SimpleNamespace(notes=self.notes.pop(0) if self.notes else ())

    def step(self):
        return SimpleNamespace(flags=StepFlag(0))


@pytest.fixture
def application(tmp_path, monkeypatch):
    monkeypatch.setattr(live, "_STOPPED_S", 0.02)
    return read_application(write_application(tmp_path))


def keep(session, application, wanted):
    samples, gaps = live._keep(session, application, wanted, None, Silent())
    return samples[:, 0].tolist(), [(gap.at_s * 8000, gap.samples) for gap in gaps]


def test_gaps_that_the_board_has_filled_are_told(application):
    notes = [StreamNote(StreamFault.FILLED, 3, 2), StreamNote(StreamFault.LATE, 1, 1)]
    session = Session([(0, [1, 2, 3]), (3, [0, 0, 4])], notes)
    assert keep(session, application, 6) == ([1, 2, 3, 0, 0, 4], [(3, 2)])


def test_longer_gaps_are_filled_here(application):
    assert keep(Session([(0, [1]), (4, [5, 6])]), application, 6) == ([1, 0, 0, 0, 5, 6], [(1, 3)])


def test_a_sensor_that_stops_loses_nothing_that_came_before(application):
    assert keep(Session([(0, [1, 2])]), application, 5) == ([1, 2, 0, 0, 0], [(2, 3)])


def test_a_sensor_that_gives_nothing(application):
    with pytest.raises(DeviceError) as caught:
        keep(Session([]), application, 5)
    assert "sensor has given nothing for" in caught.value.message
    assert "serial port it says if its sensor does not start" in caught.value.hint
    with pytest.raises(DeviceError):
        list(live._watch(Session([]), application, 5, None))

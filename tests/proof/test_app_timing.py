"""What hops of an application take, which of them a limit judges, and what waits in the ring meanwhile."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from boardproof.applications.timing import high_water, hop_ticks
from boardproof.device.protocol.app_session import BoardStep, StepFlag
from boardproof.project.apps.settings import read_application
from boardproof.project.boards import TickUnit
from support.small_application import SETTINGS, write_application

CYCLES = SimpleNamespace(tick_unit=TickUnit.CYCLES, tick_rate=8000)
"""A board whose tick is as long as a sample of the small application."""


@pytest.fixture
def application(tmp_path):
    return read_application(write_application(tmp_path))


def steps(network_ticks, front_end_ticks=4, first=64, hop=32):
    return [
        BoardStep(StepFlag.HOP, 0, first + i * hop, 0, front_end_ticks, ticks, 0, int(ticks > 0), None, None)
        for i, ticks in enumerate(network_ticks)
    ]


def test_the_most_laborious_hop_is_limited(application):
    """Its mean would be within the limit: 14 of 32 ticks."""
    limited = replace(application, hop_percent=80.0)
    ticks = hop_ticks(limited, CYCLES, steps([0, 0, 0, 40, 0, 0, 0, 40]))
    assert (ticks.most, ticks.share, ticks.load) == (44, 44 / 32, 14 / 32)
    assert ticks.exceeded
    assert not hop_ticks(limited, CYCLES, steps([0, 20, 0, 20])).exceeded
    assert not hop_ticks(application, CYCLES, steps([400])).exceeded


def test_no_limit_on_a_machine_that_is_no_board(application):
    limited = replace(application, hop_percent=1.0)
    host = SimpleNamespace(tick_unit=TickUnit.MICROSECONDS, tick_rate=0)
    assert not hop_ticks(limited, host, steps([10**6])).exceeded


def test_no_hops(application):
    ticks = hop_ticks(application, CYCLES, [])
    assert (ticks.most, ticks.share, ticks.load) == (0, None, None)
    assert high_water(application, [], float) == 0


def seconds(ticks):
    return ticks / 8000


def test_what_waits_meanwhile(application):
    """A window of 64 waits, and the 4 samples that come while the front end computes; then what comes meanwhile."""
    assert high_water(application, steps([0, 0, 0]), seconds) == 68
    assert high_water(application, steps([20, 20, 20]), seconds) == 68
    once = high_water(application, steps([0, 60, 0, 0]), seconds)
    assert once == 64 + 4 + (60 + 4 - 32), "32 come late for the next window"
    always = high_water(application, steps([60] * 20), seconds)
    assert always > application.capacity, "it falls behind without end"


def test_what_waits_before_a_resampler(tmp_path):
    settings = SETTINGS.replace("rate = 8000", "rate = 8000\nsensor-rate = 16000")
    application = read_application(write_application(tmp_path, settings))
    half = application.resampler.half
    in_time = high_water(application, steps([0, 0], first=128, hop=64), seconds)
    assert in_time == 2 * half - 1 + 64 + 8
    assert in_time <= application.capacity

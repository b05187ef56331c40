"""What hops of an application take, which of them a limit judges, and what waits in the ring meanwhile."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from boardproof.applications.timing import high_water, hop_ticks
from boardproof.device.protocol.app_session import BoardStep, StepFlag
from boardproof.project.apps.settings import read_application
from boardproof.project.boards import TickUnit
from boardproof.proof.playing import Played
from support.small_application import SETTINGS, THEN, write_application

CYCLES = SimpleNamespace(tick_unit=TickUnit.CYCLES, tick_rate=8000)
"""A board whose tick is as long as a sample of the small application."""


@pytest.fixture
def application(tmp_path):
    return read_application(write_application(tmp_path))


def step(position, front_end_ticks, network_ticks, flags=StepFlag.HOP):
    flags |= StepFlag.SCORED if network_ticks else StepFlag(0)
    return BoardStep(flags, 0, position, 0, front_end_ticks, network_ticks, 0, 1, None, None)


def played(network_ticks, front_end_ticks=4, first=64, hop=32, second=None):
    """What a board did; `second`: ticks of the second network, by hop."""
    steps = [step(first + i * hop, front_end_ticks, ticks) for i, ticks in enumerate(network_ticks)]
    runs = {i: step(first + i * hop, 0, ticks, StepFlag.SECOND) for i, ticks in (second or {}).items()}
    return Played(tuple(steps), runs, frozenset(), (), (), 0, None)


def test_the_most_laborious_hop_is_limited(application):
    """Its mean would be within the limit: 14 of 32 ticks."""
    limited = replace(application, hop_percent=80.0)
    ticks = hop_ticks(limited, CYCLES, [played([0, 0, 0, 40, 0, 0, 0, 40])])
    assert (ticks.most, ticks.share, ticks.load) == (44, 44 / 32, 14 / 32)
    assert ticks.exceeded
    assert not hop_ticks(limited, CYCLES, [played([0, 20, 0, 20])]).exceeded
    assert not hop_ticks(application, CYCLES, [played([400])]).exceeded


def test_no_limit_on_a_machine_that_is_no_board(application):
    limited = replace(application, hop_percent=1.0)
    host = SimpleNamespace(tick_unit=TickUnit.MICROSECONDS, tick_rate=0)
    assert not hop_ticks(limited, host, [played([10**6])]).exceeded


def test_no_hops(application):
    ticks = hop_ticks(application, CYCLES, [])
    assert (ticks.most, ticks.share, ticks.load) == (0, None, None)
    assert high_water(application, played([]), float) == 0


def test_a_second_network_is_part_of_the_hop_that_makes_it_due(tmp_path):
    application = read_application(write_application(tmp_path, SETTINGS + THEN))
    ticks = hop_ticks(application, CYCLES, [played([8, 8, 8, 8], second={1: 20, 3: 12})])
    assert (ticks.network, ticks.second, ticks.most) == (8, 16, 32)
    assert ticks.load == pytest.approx((4 * 12 + 32) / (4 * 32))
    alone = high_water(application, played([8, 60, 8, 8]), seconds)
    assert high_water(application, played([8, 8, 8, 8], second={1: 52}), seconds) == alone


def seconds(ticks):
    return ticks / 8000


def test_what_waits_meanwhile(application):
    """A window of 64 waits, and the 4 samples that come while the front end computes; then what comes meanwhile."""
    assert high_water(application, played([0, 0, 0]), seconds) == 68
    assert high_water(application, played([20, 20, 20]), seconds) == 68
    once = high_water(application, played([0, 60, 0, 0]), seconds)
    assert once == 64 + 4 + (60 + 4 - 32), "32 come late for the next window"
    always = high_water(application, played([60] * 20), seconds)
    assert always > application.capacity, "it falls behind without end"


def test_what_waits_before_a_resampler(tmp_path):
    settings = SETTINGS.replace("rate = 8000", "rate = 8000\nsensor-rate = 16000")
    application = read_application(write_application(tmp_path, settings))
    half = application.resampler.half
    in_time = high_water(application, played([0, 0], first=128, hop=64), seconds)
    assert in_time == 2 * half - 1 + 64 + 8
    assert in_time <= application.capacity

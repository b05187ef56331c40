"""How long an application's work takes on hardware, and what waits meanwhile."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from boardproof.device.protocol.app_session import StepFlag
from boardproof.project.boards import TickUnit
from boardproof.report.replay import HopTicks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from boardproof.device.types import Hello
    from boardproof.project.apps.application import Application
    from boardproof.proof.playing import Played

CYCLES_PER_INSTRUCTION = 1.5
"""Of a Cortex-M4 on kernels like these, by a simulation of its timing; only for estimates."""

CLOCK_HZ = 64_000_000
"""Of the Nano 33 BLE."""


def seconds_of(ticks: int, hello: Hello) -> float:
    """How long ticks take on hardware: measured where ticks say time, else estimated."""
    match hello.tick_unit:
        case TickUnit.INSTRUCTIONS:
            return ticks * CYCLES_PER_INSTRUCTION / CLOCK_HZ
        case TickUnit.CYCLES:
            return ticks / (hello.tick_rate or CLOCK_HZ)
        case _:
            return ticks / 1e6


def hop_ticks(application: Application, hello: Hello, heard: Sequence[Played]) -> HopTicks:
    """What hops take, one by one and on average, and the limit of the most laborious one.

    Its run of the second network is part of a hop.
    """
    steps = [step for played in heard for step in played.steps]
    ticks = [of_hop for played in heard for of_hop in played.ticks]
    most = max(ticks, default=0)
    seconds = [seconds_of(of_hop, hello) for of_hop in ticks]
    how = {
        TickUnit.INSTRUCTIONS: f"estimated: {CYCLES_PER_INSTRUCTION:g} cycles an instruction at {CLOCK_HZ / 1e6:g} MHz",
        TickUnit.CYCLES: "measured",
        TickUnit.MICROSECONDS: "of this machine, which is no board",
    }[hello.tick_unit]
    runs = [step.network_ticks for step in steps if StepFlag.SCORED in step.flags]
    second = [step.network_ticks for played in heard for step in played.second.values()]
    return HopTicks(
        unit=hello.tick_unit.value,
        front_end=int(median([step.front_end_ticks for step in steps] or [0])),
        network=int(median(runs or [0])),
        second=None if application.then is None else int(median(second or [0])),
        most=most,
        hop_ms=1000 * application.hop_s,
        share=max(seconds) / application.hop_s if seconds else None,
        load=sum(seconds) / (len(seconds) * application.hop_s) if seconds else None,
        how=how,
        limit_percent=None if hello.tick_unit is TickUnit.MICROSECONDS else application.hop_percent,
    )


def high_water(application: Application, played: Played, seconds: Callable[[int], float]) -> int:
    """The most of the sensor's samples that would wait in the ring if they came in time and steps took so long.

    A step begins as soon as its window is there and the step before is done. Its samples leave the ring when the front
    end is done with them. More than the ring holds means that samples would be lost.
    """
    resampler = application.resampler
    kept = application.window if resampler is None else resampler.half - 1
    hop = -(-application.hop * application.sensor_rate // application.rate)
    dropped = hop if resampler is None else 0  # by a step, of what it finds; a resampler takes its samples before
    now, most = 0.0, 0
    for step, ticks in zip(played.steps, played.ticks, strict=True):
        behind = step.position - kept + dropped
        arrived = step.position if resampler is None else step.position + resampler.half
        begin = max(now, application.seconds(arrived))
        front_end = begin + seconds(step.front_end_ticks)
        now = front_end + seconds(ticks - step.front_end_ticks)
        waiting = (front_end * application.sensor_rate - (behind - hop), now * application.sensor_rate - behind)
        most = max(most, *(int(samples) for samples in waiting))
    return most

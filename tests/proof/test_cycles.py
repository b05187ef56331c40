"""Cycles estimated from instructions."""

from __future__ import annotations

from dataclasses import replace

import pytest

from boardproof.project.boards import BOARDS
from boardproof.project.runtimes.aot.kernelsets import rate_of
from boardproof.project.runtimes.aot.kernelsets.types import USUAL_RATE
from boardproof.project.runtimes.base import Choice
from boardproof.proof.cycles import estimate_cycles
from boardproof.report.document import CycleEstimate, OpTicks
from boardproof.report.sections.facts import figures
from support.reports import made_up_report

M4 = BOARDS["mps2-an386"]
CHOICES = tuple(
    Choice(i, ("ADD",), "nn_add_s8", "", 0, 0, None, cycles, reads)
    for i, cycles, reads in ((0, 1.5, 0.1), (2, 2.0, 0.0))
)
OPS = tuple(OpTicks(i, "ADD", ticks, 0, ticks, ticks, 0.5) for i, ticks in ((0, 1000), (2, 500)))


def test_each_operators_instructions_count_as_its_kernel_says():
    assert estimate_cycles(M4, CHOICES, OPS) == CycleEstimate(1500 + 1000, 1500 + 1000 + 3 * 100, 64_000_000)


@pytest.mark.parametrize("board", ["native", "nano33ble"])
def test_only_boards_that_count_a_cortex_m4s_instructions_have_an_estimate(board):
    assert estimate_cycles(BOARDS[board], CHOICES, OPS) is None


def test_nothing_is_made_up_where_a_kernel_or_an_operator_is_not_known():
    assert estimate_cycles(M4, (), ()) is None
    assert estimate_cycles(M4, CHOICES[:1], OPS) is None
    assert estimate_cycles(M4, (CHOICES[0], replace(CHOICES[1], cycles_per_instruction=None)), OPS) is None


def test_kernels_that_nobody_has_counted_have_the_usual_rate():
    assert rate_of("nn_of_somebody_else_s8") is USUAL_RATE
    for kernel in ("nn_pointwise_s8_dsp", "nn_conv2d_s8"):
        assert 1.0 < rate_of(kernel).cycles < 2.0
        assert 0.0 < rate_of(kernel).constants < 0.5


def test_the_figures_say_cycles_and_milliseconds():
    report = replace(made_up_report(), cycles=CycleEstimate(6_400_000, 7_040_000, 64_000_000))
    (fact,) = [row for row in figures(report).blocks[0].rows if row.name == "cycles, estimated"]
    assert fact.value == "6,400,000, 100 ms on a Cortex-M4 at 64 MHz"
    assert fact.detail == "up to 7,040,000, 110 ms, if every constant read from flash waits"

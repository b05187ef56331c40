"""Every operator of every type on emulated cores, and every _dsp kernel on those that have its instructions: 0 LSB."""

from __future__ import annotations

import itertools

import pytest

from firmware import test_axes, test_dsp, test_elementwise, test_kernels, test_movement
from firmware.test_sanitizers import mixed
from firmware.test_variables import sequence
from support.aot import build_kernels, generate, plan_quickly
from support.cases import examples, models_of, one_of_each
from support.cores import BOARD, CORES, run_on_core
from support.dsp import build_all_kernels

MODELS = models_of(120)
"""Of each kind; the first is the simplest that there is, and left out."""

MAKE_NO_NUMBERS = {"LOG float32", "RSQRT float32", "SQRT float32"}
"""Of negative numbers: the sign of what is not a number depends on the processor, see docs/library.md."""

OPERATORS = [
    operator
    for test in (test_kernels, test_axes, test_elementwise, test_movement)
    for name, operator in test.OPERATORS.items()
    if name not in MAKE_NO_NUMBERS
]
SMALL, LARGE = 8, 80
"""Operators to a model, where there are 16 KB of RAM and elsewhere."""

pytestmark = pytest.mark.qemu


def kinds(core):
    """What makes models for a core."""
    size = SMALL if core.memory.data[1] < 64 else LARGE
    yield from (one_of_each(OPERATORS[i : i + size]) for i in range(0, len(OPERATORS), size))
    if size == LARGE:
        yield from (mixed("int8"), sequence)
    if core.board == BOARD:
        yield from (mixed("in fours"), test_dsp.EVERY_KERNEL)


@pytest.mark.parametrize("name", CORES)
def test_operators_equal_tflite_micro(name, tmp_path, monkeypatch):
    plan_quickly(monkeypatch)
    core = CORES[name]
    build = build_all_kernels if core.board == BOARD else build_kernels
    toolchain = build(tmp_path / "kernels", "arm-none-eabi-gcc", *core.flags)
    ran = skipped = 0
    for kind, make in enumerate(kinds(core)):
        for number, (data, inputs) in enumerate(itertools.islice(examples(make, MODELS), 1, None)):
            if generate(data, core.board, "speed").arena_bytes > core.memory.most_arena_bytes:
                skipped += 1
                continue
            ran += 1
            folder = tmp_path / f"{kind} {number}"
            assert run_on_core(core, data, inputs, toolchain, folder, "speed").wrong == 0
    assert skipped <= ran / 4

"""Every operator of every type on emulated cores, as generated for a board without kernels of its own: 0 LSB."""

from __future__ import annotations

import pytest

from firmware import test_elementwise
from firmware.test_sanitizers import MODELS, examples, one_of_each
from support.aot import build_kernels, plan_quickly
from support.cores import CORES, wrong_outputs

ROUNDS = 2
MAKE_NO_NUMBERS = {"RSQRT float32", "SQRT float32"}
"""Of negative numbers: the sign of what is not a number depends on the processor, see docs/operators.md."""

KINDS = MODELS | {
    "elementwise": one_of_each(
        [operator for name, operator in test_elementwise.OPERATORS.items() if name not in MAKE_NO_NUMBERS]
    )
}

pytestmark = pytest.mark.qemu


@pytest.mark.parametrize("name", CORES)
def test_operators_equal_tflite_micro(name, tmp_path, monkeypatch):
    plan_quickly(monkeypatch)
    core = CORES[name]
    toolchain = build_kernels(
        tmp_path / "kernels", "arm-none-eabi-gcc", *core.flags, "-mthumb", "-O2", "-ffunction-sections"
    )
    for kind, make in KINDS.items():
        for number, (data, inputs) in enumerate(examples(make)[-ROUNDS:]):
            assert wrong_outputs(core, data, inputs, toolchain, tmp_path / f"{kind} {number}") == 0, kind

"""Signal operators, generated and compiled, against tflite_micro: 0 LSB.

States carry over from sample to sample, as they do on the board.
"""

from __future__ import annotations

import numpy as np
import pytest

from support.aot import CompiledModel, oracle_outputs, plan_quickly
from support.cases import assert_cases_exact, examples, one_of_each
from support.operators_signal import SIGNAL

OPERATORS = SIGNAL

CASES_PER_MODEL = 60

pytestmark = pytest.mark.native


@pytest.mark.parametrize("operator", OPERATORS)
def test_operator_equals_tflite_micro(operator, toolchain, tmp_path, monkeypatch):
    plan_quickly(monkeypatch)
    assert_cases_exact(OPERATORS[operator], CASES_PER_MODEL, toolchain, tmp_path)


def test_states_begin_anew_with_model_init(toolchain, tmp_path):
    kept = ("SignalDelay", "SignalFilterBankSpectralSubtraction", "SignalFramer", "SignalOverlapAdd", "SignalStacker")
    *_, (data, inputs) = examples(one_of_each([SIGNAL[name] for name in kept], times=4), 3, which=1)
    model = CompiledModel(data, toolchain, tmp_path)
    expected = oracle_outputs(data, inputs)
    depends = False
    for _ in range(2):
        rows = [model.run([array[sample] for array in inputs]) for sample in range(len(inputs[0]))]
        for position, theirs in enumerate(expected):
            np.testing.assert_array_equal(np.stack([row[position] for row in rows]), theirs)
        again = model.run([array[0] for array in inputs])
        depends |= any((mine != theirs[0]).any() for mine, theirs in zip(again, expected, strict=True))
        assert model.library.model_init() == 0
    assert depends, "without a new beginning, the first sample gives something else"

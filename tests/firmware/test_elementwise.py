"""Operators that work element by element, generated and compiled, against tflite_micro: every byte, all types."""

from __future__ import annotations

import pytest

from support.aot import plan_quickly
from support.cases import assert_cases_exact
from support.operators_elementwise import FLOAT, INT8, INT16, PLAIN_NUMBERS

CASES_PER_MODEL = 60
OPERATORS = {**INT8, **INT16, **FLOAT, **PLAIN_NUMBERS}

pytestmark = pytest.mark.native


@pytest.mark.parametrize("operator", OPERATORS)
def test_elementwise_operator_equals_tflite_micro(operator, toolchain, tmp_path, monkeypatch):
    plan_quickly(monkeypatch)
    assert_cases_exact(OPERATORS[operator], CASES_PER_MODEL, toolchain, tmp_path)

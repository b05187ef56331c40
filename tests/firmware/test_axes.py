"""Operators along axes, and windows and dense layers on int16 and floats, against tflite_micro: every byte."""

from __future__ import annotations

import pytest

from support.aot import plan_quickly
from support.cases import assert_cases_exact
from support.operators_axes import NORMALIZATIONS, REDUCTIONS, WINDOWS

CASES_PER_MODEL = 60
OPERATORS = {**REDUCTIONS, **NORMALIZATIONS, **WINDOWS}

pytestmark = pytest.mark.native


@pytest.mark.parametrize("operator", OPERATORS)
def test_operator_along_axes_equals_tflite_micro(operator, toolchain, tmp_path, monkeypatch):
    plan_quickly(monkeypatch)
    assert_cases_exact(OPERATORS[operator], CASES_PER_MODEL, toolchain, tmp_path)

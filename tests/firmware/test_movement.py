"""Operators that move elements, products and recurrent layers, generated and compiled, against tflite_micro: 0 LSB.

Moved elements are of any type. States carry over from sample to sample, as they do on the board.
"""

from __future__ import annotations

import pytest

from support.aot import plan_quickly
from support.cases import assert_cases_exact
from support.operators_movement import MOVEMENT
from support.operators_products import PRODUCTS

OPERATORS = {**MOVEMENT, **PRODUCTS}

CASES_PER_MODEL = 60

pytestmark = pytest.mark.native


@pytest.mark.parametrize("operator", OPERATORS)
def test_operator_equals_tflite_micro(operator, toolchain, tmp_path, monkeypatch):
    plan_quickly(monkeypatch)
    assert_cases_exact(OPERATORS[operator], CASES_PER_MODEL, toolchain, tmp_path)

"""Operators that move elements, products and recurrent layers, generated and compiled, against tflite_micro: 0 LSB.

Moved elements are of any type. States carry over from sample to sample, as they do on the board.
"""

from __future__ import annotations

import itertools

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from support.aot import assert_exact, plan_quickly
from support.cases import models_of
from support.network import Network
from support.operators_movement import MOVEMENT
from support.operators_products import PRODUCTS

OPERATORS = {**MOVEMENT, **PRODUCTS}

CASES_PER_MODEL = 60
MODELS = models_of(CASES_PER_MODEL)

pytestmark = pytest.mark.native


@pytest.mark.parametrize("operator", OPERATORS)
def test_operator_equals_tflite_micro(operator, toolchain, tmp_path, monkeypatch):
    plan_quickly(monkeypatch)
    folders = (tmp_path / str(i) for i in itertools.count())

    # One failing operator among many does not get clearer by shrinking the others, and that takes long.
    @settings(
        max_examples=MODELS,
        deadline=None,
        phases=(Phase.reuse, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data(), st.integers(0, 2**32))
    def check(data, seed):
        net = Network(seed)
        for _ in range(CASES_PER_MODEL):
            net.outputs.append(OPERATORS[operator](data.draw, net).index)
        assert_exact(net.build(), net.vectors(4), toolchain, next(folders))

    check()

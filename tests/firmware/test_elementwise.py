"""Operators that work element by element, generated and compiled, against tflite_micro: every byte, all types.

The first model of each is hypothesis's simplest, so the others make the 300 cases.
"""

from __future__ import annotations

import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.aot import assert_exact, plan_quickly
from support.cases import models_of
from support.network import Network
from support.operators_elementwise import FLOAT, INT8, INT16, PLAIN_NUMBERS

CASES_PER_MODEL = 60
MODELS = models_of(CASES_PER_MODEL)
OPERATORS = {**INT8, **INT16, **FLOAT, **PLAIN_NUMBERS}

pytestmark = pytest.mark.native


@pytest.mark.parametrize("operator", OPERATORS)
def test_elementwise_operator_equals_tflite_micro(operator, toolchain, tmp_path, monkeypatch):
    plan_quickly(monkeypatch)
    folders = (tmp_path / str(i) for i in itertools.count())

    @settings(max_examples=MODELS, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.data(), st.integers(0, 2**32))
    def check(data, seed):
        net = Network(seed)
        for _ in range(CASES_PER_MODEL):
            net.outputs.append(OPERATORS[operator](data.draw, net).index)
        assert_exact(net.build(), net.vectors(3), toolchain, next(folders))

    check()

"""Generated code and kernels under AddressSanitizer and UndefinedBehaviorSanitizer: nothing undefined, and exact.

A sample of what the property tests make; with 300 cases or more, as many of each operator as they make. Models from
TensorFlow are in test_tensorflow_models.
"""

from __future__ import annotations

import pytest

from firmware import (
    test_axes,
    test_dsp,
    test_elementwise,
    test_folding,
    test_kernels,
    test_movement,
    test_random_graphs,
    test_signal,
    test_specialised,
    test_variables,
    test_winograd,
)
from support.aot import plan_quickly
from support.cases import examples, one_of_each, rounds_of
from support.cores import BOARD
from support.sanitized import assert_defined

ROUNDS = rounds_of(20)

pytestmark = pytest.mark.native

OPERATORS = {
    "along axes": one_of_each(test_axes.OPERATORS.values()),
    "elementwise": one_of_each(test_elementwise.OPERATORS.values()),
    "layers": one_of_each(test_kernels.OPERATORS.values()),
    "movement and products": one_of_each(test_movement.OPERATORS.values()),
    "signal": one_of_each(test_signal.OPERATORS.values()),
}


def mixed(kind):
    """Makes a random network of many operators, and samples."""

    def make(draw, _seed):
        net = draw(test_random_graphs.networks(kind))
        return net.build(), net.vectors(3)

    return make


MODELS = OPERATORS | {
    "constants": test_folding.constants,
    "networks": mixed("int8"),
    "networks int16": mixed("int16"),
    "variables": test_variables.sequence,
}
BOARD_MODELS = {
    "kernels": (test_dsp.EVERY_KERNEL, ROUNDS // test_dsp.TIMES + 1),
    "networks": (mixed("in fours"), ROUNDS),
    "specialised": (one_of_each(test_specialised.OPERATORS.values(), 3), 2),
    "winograd": (one_of_each([test_winograd.convolution], 12), 2),
}
"""Those with _dsp kernels, and how many."""


@pytest.mark.parametrize("name", MODELS)
def test_no_undefined_behaviour(name, sanitized, tmp_path, monkeypatch):
    plan_quickly(monkeypatch)
    for number, (data, inputs) in enumerate(examples(MODELS[name], ROUNDS)):
        assert_defined(data, inputs, sanitized, tmp_path / str(number))


@pytest.mark.parametrize("name", BOARD_MODELS)
def test_no_undefined_behaviour_of_dsp_kernels(name, sanitized, tmp_path, monkeypatch):
    plan_quickly(monkeypatch)
    for number, (data, inputs) in enumerate(examples(*BOARD_MODELS[name])):
        assert_defined(data, inputs, sanitized, tmp_path / str(number), BOARD, "speed")

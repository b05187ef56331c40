"""Damaged models through everything that happens before a compiler runs: an InputError, findings, or sources."""

from __future__ import annotations

import struct

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from boardproof.errors import InputError
from boardproof.model.macs import macs
from boardproof.model.preflight import Severity
from boardproof.model.tflite.reader import read_tflite
from boardproof.project.boards import BOARDS
from boardproof.project.runtimes.aot import AotRuntime
from boardproof.project.runtimes.base import Options
from firmware.test_variables import accumulator
from support.aot import plan_quickly
from support.network import Network
from support.operators_movement import MOVEMENT
from support.operators_products import PRODUCTS

INTERESTING = (0, 1, 2, 3, 4, 5, 127, 128, 255, 2**31 - 1, 2**31, 2**32 - 4, 2**32 - 1)


def seeds() -> list[bytes]:
    """Models with every operator that moves elements, multiplies or keeps a state."""
    found: list[bytes] = [accumulator()[0]]

    @settings(
        max_examples=3,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def collect(data):
        for operators in (MOVEMENT, PRODUCTS):
            net = Network(5)
            for operator in operators.values():
                net.outputs.append(operator(data.draw, net).index)
            found.append(net.build())

    collect()
    return found


SEEDS = seeds()


def use(data: bytes) -> None:
    """What every command does with a model."""
    try:
        graph = read_tflite(data)
        sum(macs(graph, operator) for operator in graph.operators)
        findings = AotRuntime().check(graph, BOARDS["native"], Options())
    except InputError as error:
        assert error.message.isprintable()  # noqa: PT017 raising is one of the right answers
        return
    assert all(finding.message.isprintable() and finding.hint for finding in findings)
    if not any(finding.severity is Severity.ERROR for finding in findings):
        AotRuntime().generate(graph, data, BOARDS["native"], Options())


@pytest.mark.parametrize("seed", SEEDS, ids=range(len(SEEDS)))
def test_seeds_are_sound(seed, monkeypatch):
    plan_quickly(monkeypatch)
    assert AotRuntime().check(read_tflite(seed), BOARDS["native"], Options()) == ()


def test_damaged_words(monkeypatch):
    """Offsets, lengths, indices, shapes and options are words or bytes: others take their places."""
    plan_quickly(monkeypatch)

    @settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def check(data):
        seed = bytearray(data.draw(st.sampled_from(SEEDS)))
        for word in data.draw(st.lists(st.integers(0, len(seed) // 4 - 1), min_size=1, max_size=3)):
            (value,) = struct.unpack_from("<I", seed, 4 * word)
            replacement = data.draw(st.sampled_from([*INTERESTING, value + 1, value - 1, 2 * value, value ^ 256]))
            struct.pack_into("<I", seed, 4 * word, replacement % 2**32)
        use(bytes(seed))

    check()

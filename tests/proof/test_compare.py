"""Runs on the test device compared with the oracle: what agrees, what does not, and by how much."""

from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from boardproof.device.types import BoardRun
from boardproof.errors import DeviceError
from boardproof.model.oracle import Outputs
from boardproof.model.samples import Vectors
from boardproof.proof.compare import compare, lsb_differences, max_lsb, run_on_board
from boardproof.report.verdict import FirstBad
from support.fake_model import expected_outputs, fake_session, random_inputs, same, seeded

SAMPLES = 6


def board_run(*outputs: np.ndarray) -> BoardRun:
    samples = len(outputs[0])
    return BoardRun(None, outputs, np.full(samples, 700), (100, 200, 300), 4000, 1234, 0.1)


def oracle(*outputs: np.ndarray) -> Outputs:
    return Outputs(outputs, "tflite_micro", "1.0")


@pytest.fixture(scope="module")
def vectors() -> Vectors:
    rng = seeded(3)
    columns = zip(*(random_inputs(rng) for _ in range(SAMPLES)), strict=True)
    return Vectors(tuple(np.stack(column) for column in columns))


@pytest.mark.native
def test_every_sample_runs_on_the_board(vectors):
    seen = []
    with fake_session() as session:
        run = run_on_board(session, vectors, on_progress=lambda done, total: seen.append((done, total)))
    assert seen == [(number, SAMPLES) for number in range(1, SAMPLES + 1)]
    for number in range(SAMPLES):
        expected = expected_outputs([array[number] for array in vectors.arrays])
        assert all(same(kept[number], output) for kept, output in zip(run.outputs, expected, strict=True))
    assert run.ticks.tolist() == [700] * SAMPLES
    assert run.op_ticks == (100, 200, 300)
    assert (run.arena_used_bytes, run.stack_bytes) == (4000, 1234)
    expected = tuple(
        np.stack(column)
        for column in zip(
            *(expected_outputs([array[number] for array in vectors.arrays]) for number in range(SAMPLES)), strict=True
        )
    )
    verdict = compare(oracle(*expected), run)
    assert verdict.agrees
    assert (verdict.exact, verdict.samples, verdict.max_lsb, verdict.first_bad) == (SAMPLES, SAMPLES, 0, None)


def test_a_difference_is_counted_measured_and_located():
    expected = np.zeros((5, 1, 4), np.int8)
    got = expected.copy()
    got[2, 0, 3] = 2
    got[4, 0, 0] = -100
    verdict = compare(oracle(expected), board_run(got))
    assert not verdict.agrees
    assert (verdict.samples, verdict.exact, verdict.max_lsb) == (5, 3, 100)
    assert verdict.first_bad == FirstBad(sample=2, output=0, element=(0, 3), expected=0, got=2)
    assert verdict.tensors[0].histogram == {"0": 18, "2": 1, ">16": 1}
    assert verdict.tensors[0].max_abs == 100.0


def test_the_first_bad_sample_counts_before_the_first_output():
    ints, floats = np.zeros((3, 2), np.int16), np.zeros((3, 2), np.float32)
    bad_ints, bad_floats = ints.copy(), floats.copy()
    bad_ints[2, 0] = 1
    bad_floats[1, 1] = 0.5
    verdict = compare(oracle(ints, floats), board_run(bad_ints, bad_floats))
    assert verdict.exact == 1
    assert verdict.first_bad == FirstBad(1, 1, (1,), 0.0, 0.5)
    assert [tensor.exact for tensor in verdict.tensors] == [2, 2]
    assert verdict.tensors[1].max_abs == 0.5


def test_floats_are_exact_only_bit_for_bit():
    one = np.array([[1.0], [0.0], [np.nan], [np.inf]], np.float32)
    other = np.array([[np.nextafter(np.float32(1), np.float32(2))], [-0.0], [np.nan], [-np.inf]], np.float32)
    verdict = compare(oracle(one), board_run(other))
    assert verdict.exact == 1
    assert lsb_differences(one, other).ravel().tolist()[:3] == [1, 1, 0]
    assert compare(oracle(one), board_run(one)).agrees


def test_a_verdict_is_json_whatever_the_values():
    expected = np.array([[np.inf, 1.0]], np.float32)
    got = np.array([[np.nan, 1.0]], np.float32)
    verdict = compare(oracle(expected), board_run(got))
    document = json.loads(json.dumps(asdict(verdict), allow_nan=False))
    assert document["first_bad"] == {"sample": 0, "output": 0, "element": [0], "expected": "inf", "got": "nan"}


@pytest.mark.parametrize("got", [np.zeros((2, 3), np.int8), np.zeros((2, 2), np.uint8)])
def test_outputs_of_another_form_are_an_error(got):
    with pytest.raises(DeviceError) as caught:
        compare(oracle(np.zeros((2, 2), np.int8)), board_run(got))
    assert "the oracle's are [('int8', (2, 2))]" in caught.value.message
    assert "firmware built for this model" in caught.value.hint


@given(arrays(np.float32, 8), arrays(np.float32, 8))
def test_float_differences_are_symmetric_and_zero_only_for_equal_bits(one, other):
    forth, back = lsb_differences(one, other), lsb_differences(other, one)
    assert (forth == back).all()
    assert ((forth == 0) == (one.view(np.uint32) == other.view(np.uint32))).all()


@given(st.integers(-128, 127), st.integers(-128, 127))
def test_integer_differences_do_not_overflow(one, other):
    assert lsb_differences(np.array([one], np.int8), np.array([other], np.int8)).tolist() == [abs(one - other)]


def test_the_largest_difference_of_several_tensors():
    assert max_lsb((np.array([1, -128], np.int8),), (np.array([1, 127], np.int8),)) == 255
    assert max_lsb((np.zeros((0,), np.int8),), (np.zeros((0,), np.int8),)) == 0
    assert max_lsb((), ()) == 0
    one, tiny = np.float32(1), np.float32(1e-45)
    after = np.nextafter(one, np.float32(2))
    assert max_lsb((np.array([one]), np.array([tiny])), (np.array([after]), np.array([-tiny]))) == 2
    assert max_lsb((np.array([np.float32(0)]),), (np.array([np.float32(-0.0)]),)) == 1

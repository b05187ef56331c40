"""The digits network on a board, as tests: `pytest examples/digits`; --boardproof-board nano33ble runs on hardware."""

from pathlib import Path

import numpy as np
import pytest

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def boardproof_model():
    return HERE / "digits.keras"


def test_the_board_computes_what_the_host_does(board):
    verdict = board.verify()  # the samples that boardproof.toml names
    assert verdict.agrees, verdict


def test_most_digits_are_read_right(board):
    samples = np.load(HERE / "digits_test.npz")
    answers = board.infer(samples["x"]).argmax(axis=-1)
    assert (answers == samples["y"]).mean() > 0.95


def test_it_fits_beside_an_application(board):
    assert board.flash_bytes < 128 * 1024
    assert board.arena_bytes < 16 * 1024

"""Scores, and the intervals that the number of samples allows."""

from __future__ import annotations

import numpy as np
import pytest

from boardproof.errors import InputError
from boardproof.ladder.score import score, wilson


def test_accuracy_of_class_numbers_and_of_one_hot_rows():
    outputs = np.eye(3)[[0, 1, 2, 2]]
    for labels in (np.array([0, 1, 2, 0]), np.eye(3)[[0, 1, 2, 0]]):
        found = score(labels, outputs, "tflite_micro")
        assert (found.metric, found.value, found.samples, found.by) == ("accuracy", 0.75, 4, "tflite_micro")
        assert (found.low, found.high) == wilson(3, 4)


def test_one_probability_tells_two_classes_apart():
    assert score(np.array([0, 1, 1]), np.array([[0.2], [0.9], [0.4]]), "x").value == pytest.approx(2 / 3)


def test_wilsons_interval_is_the_published_one():
    low, high = wilson(81, 263)  # Newcombe 1998, table I, method 3
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)
    assert wilson(0, 20)[0] == 0.0
    assert round(wilson(0, 20)[1], 4) == 0.1611
    assert wilson(20, 20)[1] == 1.0


def test_real_values_have_a_mean_error():
    found = score(np.array([[1.0], [2.0], [3.0], [4.0]]), np.array([[1.0], [2.5], [3.0], [3.0]]), "x")
    assert (found.metric, found.value, found.higher_is_better) == ("MAE", 0.375, False)
    assert found.rmse == pytest.approx(np.sqrt(1.25 / 4))
    assert found.low < 0.375 < found.high


def test_the_users_metric():
    def worst(labels, outputs):
        return np.abs(labels - outputs).max()

    found = score(np.array([1.0, 2.0]), np.array([1.0, 5.0]), "x", worst, higher_is_better=False)
    assert (found.metric, found.value, found.low, found.higher_is_better) == ("worst", 3.0, None, False)
    with pytest.raises(InputError) as caught:
        score(np.array([1.0]), np.array([1.0]), "x", lambda *_: np.nan)
    assert "is not a number" in caught.value.message


def test_labels_that_do_not_fit():
    with pytest.raises(InputError) as caught:
        score(np.array([0, 3]), np.zeros((2, 3)), "x")
    assert caught.value.message == "The test labels go from 0 to 3; the network tells 3 classes apart."
    with pytest.raises(InputError) as caught:
        score(np.zeros((2, 2)), np.zeros((2, 3)), "x")
    assert "The labels have 2 values for each sample, the network gives 3." in caught.value.message

"""Scores, and the intervals that the number of samples allows."""

from __future__ import annotations

import numpy as np
import pytest

from boardproof.errors import InputError
from boardproof.ladder.score import _area, doubt, of_outputs, others, own_score, score, wilson


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

    found = own_score(worst, np.array([1.0, 2.0]), np.array([1.0, 5.0]), "x", higher_is_better=False)
    assert (found.metric, found.value, found.low, found.higher_is_better) == ("worst", 3.0, None, False)
    with pytest.raises(InputError) as caught:
        own_score(lambda *_: np.nan, np.array([1.0]), np.array([1.0]), "x")
    assert "is not a number" in caught.value.message


def test_labels_that_do_not_fit():
    with pytest.raises(InputError) as caught:
        score(np.array([0, 3]), np.zeros((2, 3)), "x")
    assert caught.value.message == "The test labels go from 0 to 3; the network tells 3 classes apart."
    with pytest.raises(InputError) as caught:
        score(np.zeros((2, 2)), np.zeros((2, 3)), "x")
    assert caught.value.message == (
        "The labels have shape [2, 2] and type float64, which fit no outputs of shape [2, 3]."
    )
    assert "as many real values as the network has outputs" in caught.value.hint


def test_one_probability_has_labels_of_any_type():
    for labels in (np.array([0.0, 1.0, 1.0]), np.array([[0.0], [1.0], [1.0]]), np.array([False, True, True])):
        found = score(labels, np.array([[0.2], [0.9], [0.4]]), "x")
        assert (found.metric, found.value) == ("accuracy", pytest.approx(2 / 3))


def test_whole_numbers_for_one_output_are_values():
    assert score(np.array([20, 80, 35]), np.array([[21.0], [79.0], [35.0]]), "x").metric == "MAE"


def test_marks_and_places_are_shares_with_the_interval_of_their_samples():
    marks = np.array([[1, 0, 1], [0, 0, 1], [1, 1, 0], [0, 0, 0]])
    found = score(marks, np.where(marks == 1, 0.9, 0.1) - 0.5 * np.eye(4, 3), "x")  # one mark is missed
    assert (found.metric, found.value, found.higher_is_better) == ("accuracy of a label", pytest.approx(11 / 12), True)
    half = 1.959964 * np.std([2 / 3, 1, 1, 1], ddof=1) / 2
    assert (found.low, found.high) == (pytest.approx(11 / 12 - half), 1.0)
    places = np.array([[0, 1], [1, 1]])
    for labels in (places, np.eye(2)[places]):
        found = score(labels, np.eye(2)[[[0, 1], [1, 0]]], "x")
        assert (found.metric, found.value, found.samples) == ("accuracy of a place", 0.75, 2)


def test_an_autoencoder_is_judged_by_what_it_tells_apart():
    inputs = np.zeros((4, 3))
    outputs = np.array([0.1, 0.3, 0.2, 0.4])[:, None] * np.ones((1, 3))
    found = score(np.array([0, 0, 1, 1]), outputs, "x", inputs)
    assert (found.metric, found.value, found.higher_is_better) == ("AUC", 0.75, True)
    assert 0 < found.low < 0.75 < found.high == 1.0
    only_normal = score(np.zeros(4, int), outputs, "x", inputs)
    assert (only_normal.metric, only_normal.higher_is_better) == ("MSE of reproduction", False)


def test_the_interval_of_an_area_is_that_of_hanley_and_mcneil():
    area = _area(0.8931, 51, 58, "x")  # by hand: Q1 0.80685, Q2 0.84267, standard error 0.0325
    assert (area.value - area.low) / 1.959964 == pytest.approx(0.0325, abs=1e-4)


def test_logits_are_not_taken_for_probabilities_in_silence():
    labels, logits = np.array([0, 1, 1]), np.array([[-3.0], [0.2], [4.0]])
    said = doubt(score(labels, logits, "x"), logits)
    assert said == (
        "outputs go from -3 to 4 and were compared with 0.5: of logits that is wrong, let the network end in sigmoid"
    )
    assert doubt(score(labels, np.array([[0.1], [0.2], [1.0]]), "x"), np.array([[0.1], [0.2], [1.0]])) == ""
    assert doubt(score(labels, np.array([[-3.0, 1], [0, 1], [4, 9]]), "x"), np.array([[-3.0, 1], [0, 1]])) == ""


def test_of_several_outputs_the_first_counts_and_all_are_told():
    size, kind = np.array([1.0, 2.5]), np.array([0, 1])
    assert [label[0] for label in of_outputs({"size": size, "kind": kind}, ["kind", "size"])] == [0, 1.0]
    assert of_outputs([kind, size], ["kind", "size"])[1] is size
    scores = [score(kind, np.eye(2), "x"), score(size, np.array([[1.0], [2.0]]), "x")]
    assert others(["kind", "size"], scores) == ["the score is of output kind; size MAE 0.25"]
    assert others(["kind"], scores[:1]) == []
    for labels in (kind, {"kind": kind, "weight": size}):
        with pytest.raises(InputError) as caught:
            of_outputs(labels, ["kind", "size"])
        assert "The network has the outputs kind, size; the labels are" in caught.value.message
        assert "y={name: array" in caught.value.hint

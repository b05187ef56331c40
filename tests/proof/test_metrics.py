"""Measures that fit the labels, and whether the board is worse than chance explains."""

from __future__ import annotations

import numpy as np
import pytest

from boardproof.model.samples import Samples
from boardproof.proof.metrics.measure import answers, measure
from boardproof.proof.metrics.paired import worse_classes, worse_values
from boardproof.proof.metrics.task import Task, task_of


@pytest.mark.parametrize(
    ("labels", "output", "task"),
    [
        ([0, 2, 1], (3,), Task.CLASSES),
        ([[0], [2], [1]], (3,), Task.CLASSES),
        ([[1, 0, 0], [0, 0, 1]], (3,), Task.CLASSES),
        ([[1, 0, 1], [0, 0, 0]], (3,), Task.LABELS),
        ([[0.5, 1.0, 2.0], [1, 2, 3]], (3,), Task.VALUES),
        ([0, 1, 1], (1,), Task.CLASSES),
        ([0.25, 1, 3], (1,), Task.VALUES),
        ([3, 7, 20], (1,), Task.VALUES),
        ([0, 1, 1], (4, 2), Task.ANOMALIES),
        ([[0, 1, 1, 0], [1, 1, 0, 0]], (4, 2), Task.PLACES),
        ([[[0], [1], [1], [0]]], (4, 2), Task.PLACES),
        ([[[0, 1], [1, 0], [1, 0], [0, 1]]], (4, 2), Task.PLACES),
        ([[0, 1, 2, 0]], (4, 2), None),
        ([[[0.5, 1], [1, 0], [1, 0], [0, 1]]], (4, 2), Task.VALUES),
        ([[0, 1], [1, 1]], (3,), None),
        (["a", "b"], (3,), None),
    ],
)
def test_labels_say_what_a_network_does(labels, output, task):
    assert task_of(np.asarray(labels), output, (4, 2)) is task


def judged(labels, floats, board, inputs=None):
    labels, board = np.asarray(labels), np.asarray(board, np.float64)
    row = board.reshape(len(board), 1, -1)
    floats = None if floats is None else np.asarray(floats, np.float64).reshape(row.shape)
    given = np.zeros((len(board), 1, 7)) if inputs is None else np.asarray(inputs, np.float64).reshape(row.shape)
    return measure(Samples({}, labels, "data.npz"), answers(floats, row, row, None), given)


def figures(quality):
    return {m.name: (m.float_model, m.host, m.board) for m in quality.measures}


def test_classes_with_their_confusions():
    scores = np.eye(3)[[0, 1, 1, 2]]
    quality, warnings = judged([0, 1, 2, 2], np.eye(3)[[0, 1, 2, 2]], scores)
    assert figures(quality) == {"accuracy": (1.0, 0.75, 0.75)}
    assert quality.confusions == ((1, 0, 0), (0, 1, 0), (0, 1, 1))
    assert quality.classes == ("0", "1", "2")
    assert warnings == ()


def test_a_probability_is_two_classes():
    quality, _ = judged([0, 1, 1], None, [[0.2], [0.9], [0.4]])
    assert figures(quality)["accuracy"] == (None, 2 / 3, 2 / 3)
    assert quality.confusions == ((1, 0), (1, 1))


def test_several_labels_a_sample():
    quality, _ = judged([[1, 0, 1], [0, 0, 0]], None, [[0.9, 0.8, 0.7], [0.1, 0.2, 0.3]])
    assert figures(quality)["accuracy of a label"][2] == 5 / 6
    assert figures(quality)["F1, over all labels"][2] == 2 * 2 / (3 + 2)


@pytest.mark.parametrize("one_hot", [False, True])
def test_a_class_for_each_place(one_hot):
    classes = np.array([[0, 1, 1], [1, 0, 0]])
    labels = np.eye(2)[classes] if one_hot else classes
    scores = np.eye(2)[[[0, 1, 0], [1, 0, 0]]][:, None]
    quality, warnings = measure(Samples({}, labels, "data.npz"), answers(None, scores, scores, None), np.zeros((2, 1)))
    assert figures(quality) == {"accuracy of a place": (None, 5 / 6, 5 / 6)}
    assert warnings == ()


def test_real_values():
    quality, _ = judged([[0.5, 1.5], [2.5, 3.5]], None, [[0.5, 2.5], [2.5, 0.5]])
    assert figures(quality) == {
        "mean absolute error": (None, 1.0, 1.0),
        "root mean square error": (None, np.sqrt(10 / 4), np.sqrt(10 / 4)),
    }


def test_anomalies_by_reconstruction():
    inputs = np.zeros((4, 3))
    quality, _ = judged([0, 1, 0, 1], None, [[0, 0, 0], [3, 0, 0], [1, 0, 0], [0.5, 0, 0]], inputs)
    assert figures(quality)["area under the ROC curve"][2] == 0.75


def test_the_area_is_counted_over_all_pairs():
    rng = np.random.default_rng(3)
    errors = np.sqrt(rng.integers(0, 6, (200, 1)) / 2)  # with ties
    abnormal = rng.integers(0, 2, 200)
    quality, _ = judged(abnormal.tolist(), None, np.repeat(errors, 2, axis=1).tolist(), np.zeros((200, 2)))
    pairs = [(a, b) for a in errors[abnormal == 1, 0] for b in errors[abnormal == 0, 0]]
    expected = sum((a > b) + (a == b) / 2 for a, b in pairs) / len(pairs)
    assert figures(quality)["area under the ROC curve"][2] == pytest.approx(expected, abs=1e-12)


def test_labels_that_fit_nothing_are_said_to_be_ignored():
    quality, (warning,) = judged([[0, 1], [1, 1]], None, [[1, 0, 0], [0, 1, 0]])
    assert quality is None
    assert warning == (
        "the labels in data.npz are ignored: they have shape [2, 2], and the network's output [samples, 3], which fit "
        "no measure"
    )


def right(count, lost, won):
    first = np.ones(count, bool)
    second = first.copy()
    second[:lost] = False
    first[lost : lost + won] = False
    return first, second


@pytest.mark.parametrize(
    ("lost", "won", "warned"), [(0, 0, False), (1, 0, False), (4, 0, False), (5, 0, True), (9, 5, False), (30, 5, True)]
)
def test_what_chance_explains_is_no_warning(lost, won, warned):
    """One side of McNemar's exact test at 5 %: 5 of 5 have a chance of 1/32."""
    assert (worse_classes(*right(300, lost, won), "data.npz") is not None) == warned
    assert worse_classes(*right(300, won, lost), "data.npz") is None or won > lost


def test_the_warning_says_what_was_counted():
    assert worse_classes(*right(300, 30, 0), "data.npz") == (
        "accuracy fell from 100.0% (float model) to 90.0% (board) on data.npz: of 300, 30 that the float model has "
        "right are wrong on the board, and 0 the other way round; chance alone would do that less than once in 1,000 "
        "times"
    )


def test_errors_that_grow():
    rng = np.random.default_rng(0)
    errors = rng.random(200)
    assert worse_values(errors, errors + rng.normal(scale=0.5, size=200), "d") is None
    assert worse_values(errors, errors * 1.01, "d") is None  # certain, but nothing to speak of
    assert worse_values(errors, errors * 2, "d").startswith("the mean absolute error grew from 0.5")

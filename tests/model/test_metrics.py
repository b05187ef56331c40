"""Labels, accuracy and distances."""

from __future__ import annotations

import numpy as np
import pytest

from boardproof.errors import InputError
from boardproof.model.graph import Quantization
from boardproof.model.metrics import accuracy, class_count, class_labels
from boardproof.model.samples import Samples
from boardproof.model.tflite.reader import read_tflite
from support.flatbuffer_models import ModelBuilder


def graph_with_outputs(*shapes):
    builder = ModelBuilder()
    outputs = [builder.add_tensor(shape, scale=0.5) for shape in shapes]
    return read_tflite(builder.build(outputs, outputs))


def labels(values, count=3, classes=4):
    return class_labels(Samples({}, np.asarray(values), "data.npz"), count, classes)


@pytest.mark.parametrize(
    ("shapes", "classes"),
    [
        ([(1, 10)], 10),
        ([(1, 1)], 2),
        ([(1, 1, 1, 5)], 5),
        ([(1, 4, 4, 3)], None),
        ([(1, 2), (1, 2)], None),
        ([()], None),
    ],
)
def test_classes_are_counted_where_the_output_is_one_row(shapes, classes):
    assert class_count(graph_with_outputs(*shapes)) == classes


@pytest.mark.parametrize(
    "values",
    [[0, 3, 1], [[0], [3], [1]], [0.0, 3.0, 1.0], [[1, 0, 0, 0], [0, 0, 0, 1], [0, 1, 0, 0]]],
)
def test_labels_are_indices_or_one_hot(values):
    np.testing.assert_array_equal(labels(values), [0, 3, 1])


def test_no_labels_and_real_valued_targets_are_none():
    assert class_labels(Samples({}), 3, 4) is None
    assert labels([0.5, 1.0, 2.0]) is None
    assert labels(np.zeros((3, 7))) is None
    assert labels(["a", "b", "c"]) is None


@pytest.mark.parametrize("values", [[0, 1], [0, 1, 2, 3], 1])
def test_labels_must_be_as_many_as_samples(values):
    with pytest.raises(InputError, match=r"data.npz holds \d labels for 3 samples") as caught:
        labels(values)
    assert "same order" in caught.value.hint


@pytest.mark.parametrize(
    ("values", "wrong"), [([0, 4, 1], "Label 4 of sample 1"), ([0, 1, -1], "Label -1 of sample 2")]
)
def test_labels_must_be_classes(values, wrong):
    with pytest.raises(InputError, match=wrong) as caught:
        labels(values)
    assert "not one of the 4 classes, 0 to 3" in caught.value.message
    assert "from 0" in caught.value.hint


def test_accuracy_takes_the_first_of_the_highest():
    scores = np.array([[[5, 5, 1]], [[1, 5, 5]], [[0, 0, 1]]], np.int8)
    assert accuracy(scores, np.array([0, 1, 2])) == 1.0
    assert accuracy(scores, np.array([1, 2, 2])) == pytest.approx(1 / 3)


def test_accuracy_of_one_probability_uses_its_real_value():
    scores = np.array([[-128], [-1], [1], [127]], np.int8)
    assert accuracy(scores, np.array([0, 0, 1, 1]), Quantization((1 / 256,), (-128,))) == 1.0


@pytest.mark.parametrize(
    ("values", "classes", "hint"),
    [
        ([1, 2, 3], 3, "They run from 1 to 3: subtract 1."),
        ([-1, 1, 1], 2, "They are -1 and 1: write 0 for -1."),
        ([0, 7, 1], 3, "Number the classes from 0, in the order of the network's outputs."),
    ],
)
def test_labels_numbered_otherwise_get_the_way_out(values, classes, hint):
    with pytest.raises(InputError) as caught:
        labels(values, len(values), classes)
    assert caught.value.hint == hint


def test_more_words_than_classes_are_named():
    with pytest.raises(InputError) as caught:
        class_labels(Samples({}, np.array([0, 1, 2]), "pets", ("cat", "dog", "fox")), 3, 2)
    assert caught.value.message == "pets has 3 classes (cat, dog, fox); the network tells 2 apart."

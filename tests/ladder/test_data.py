"""The data of an experiment: one array or several, words for classes, and what is told of those that do not fit."""

from __future__ import annotations

import numpy as np
import pytest

from boardproof.errors import InputError
from boardproof.ladder import Data
from boardproof.ladder.arrays import each, in_order, named


def pair(count: int = 8):
    return np.ones((count, 4), np.float32), np.arange(count) % 2


def data(**parts) -> Data:
    return Data(**{"train": pair(), "validation": pair(), "test": pair(), **parts})


def several(count: int = 8):
    x = {"picture": np.ones((count, 3, 3, 1)), "table": np.zeros((count, 2))}
    return x, [np.arange(count) % 2, np.ones(count)]


def test_several_inputs_and_outputs_keep_their_structure():
    found = Data(train=several(), validation=several(), test=several(4)).checked()
    assert found.sample_shapes == {"picture": (3, 3, 1), "table": (2,)}
    assert {name: len(part) for name, part in named(found.representative).items()} == {"picture": 8, "table": 8}
    assert isinstance(found.train.y, list)
    assert [part.shape for part in in_order(found.test.x, ["table", "picture"])] == [(4, 2), (4, 3, 3, 1)]
    halves = each(found.test.x, lambda _, array: array[:2])
    assert {name: len(part) for name, part in named(halves).items()} == {"picture": 2, "table": 2}
    swapped = {name: found.train.x[name] for name in ("table", "picture")}
    other = Data(train=(swapped, several()[1]), validation=several(), test=several(4)).checked()
    assert other.digest != found.digest


def test_a_list_with_an_array_for_each_sample_is_one_array():
    x, y = pair()
    found = data(train=(list(x), list(np.eye(2)[y])), representative=list(x)).checked()
    assert found.sample_shapes == {"x": (4,)}
    assert found.train.y.shape == (8, 2)
    lists = data(train=([row.tolist() for row in x], y.tolist())).checked()
    assert np.array_equal(lists.train.x, x)


def test_words_become_class_numbers_over_all_parts():
    x, _ = pair(4)
    parts = {name: (x, np.array(words.split())) for name, words in (("train", "dog ape dog ape"), ("test", "cat " * 4))}
    found = data(**parts, validation=(x, np.array(["ape"] * 4, object))).checked()
    assert found.train.y.tolist() == [2, 0, 2, 0]
    assert found.test.y.tolist() == [1, 1, 1, 1]
    assert found.validation.y.tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("parts", "message", "hint"),
    [
        ({"train": (np.array([["a"]]), [1])}, "train holds inputs of type <U1, which are no numbers.", "one-hot rows"),
        ({"train": (pair()[0], np.full(8, np.nan))}, "train holds labels that are no finite numbers.", "NaN"),
        ({"train": ([[1.0], [1.0, 2.0]], [0, 1])}, "inputs of the data's train are no array: rows differ", "one shape"),
        ({"test": (3, [1])}, "The inputs of the data's test are int, which is no array.", "samples first"),
        ({"test": several()}, "A sample of test has shape picture [3, 3, 1], table [2], one of train x [4].", "alike"),
        (
            {"representative": np.full((3, 4), np.inf)},
            "The data's representative holds inputs that are no finite numbers.",
            "infinity",
        ),
        ({"representative": np.ones((3, 5))}, "A representative sample has shape [5], one of train [4].", "alone"),
        ({"train": (several()[0], pair(7)[1])}, "The data's train holds 8 samples and 7 labels.", "same order"),
    ],
)
def test_what_does_not_fit_is_told(parts, message, hint):
    with pytest.raises(InputError) as caught:
        data(**parts).checked()
    assert message in caught.value.message
    assert hint in caught.value.hint

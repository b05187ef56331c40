"""Samples as a Python program has them: each form that people use, and what is wrong with one."""

from __future__ import annotations

import numpy as np
import pytest

from boardproof.errors import InputError
from boardproof.model.data.objects import samples_of_objects

X = np.arange(24, dtype=np.float32).reshape(8, 3)
Y = np.arange(8) % 2


def refused(given, source="the samples"):
    with pytest.raises(InputError) as caught:
        samples_of_objects(given, source)
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize("given", [X, X.tolist(), list(X), (X, None), {"x": X}])
def test_inputs_alone(given):
    samples = samples_of_objects(given, "the samples")
    np.testing.assert_array_equal(samples.inputs["x"], X)
    assert samples.labels is None


@pytest.mark.parametrize("labels", [Y, Y.tolist(), Y[:, None]])
def test_inputs_and_labels(labels):
    samples = samples_of_objects((X, labels), "the samples")
    np.testing.assert_array_equal(np.ravel(samples.labels), Y)


def test_words_as_pandas_has_them():
    samples = samples_of_objects((X, np.array(["no", "yes"] * 4, dtype=object)), "the samples")
    assert samples.labels.dtype.kind == "U"


def test_several_inputs_by_name_and_as_a_list():
    samples = samples_of_objects({"a": X, "b": X[:, :2]}, "the samples")
    assert list(samples.inputs) == ["a", "b"]
    samples = samples_of_objects(([X, X[:, :2]], Y), "the samples")
    assert list(samples.inputs) == ["x0", "x1"]
    np.testing.assert_array_equal(samples.inputs["x1"], X[:, :2])


@pytest.mark.parametrize("kind", ["single", "batched", "dropped", "mapped", "cached"])
def test_tf_data(kind):
    import tensorflow as tf

    dataset = tf.data.Dataset.from_tensor_slices((X, Y))
    made = {
        "single": lambda: dataset,
        "batched": lambda: dataset.batch(3),
        "dropped": lambda: dataset.batch(4, drop_remainder=True).prefetch(1),
        "mapped": lambda: dataset.batch(4, drop_remainder=True).map(lambda x, y: (x * 1, y)),
        "cached": lambda: dataset.batch(2).unbatch().cache(),
    }[kind]()
    samples = samples_of_objects(made, "the samples")
    np.testing.assert_array_equal(samples.inputs["x"], X)
    np.testing.assert_array_equal(samples.labels, Y)


def test_tf_data_with_names():
    import tensorflow as tf

    dataset = tf.data.Dataset.from_tensor_slices(({"a": X, "b": X[:, :1]}, Y)).batch(3)
    samples = samples_of_objects(dataset, "the samples")
    assert list(samples.inputs) == ["a", "b"]
    assert samples.inputs["b"].shape == (8, 1)


def test_tf_data_with_labels_of_several_outputs_and_words():
    import tensorflow as tf

    words = tf.constant(["né", "oui"] * 4)
    dataset = tf.data.Dataset.from_tensor_slices((X, (Y, words))).batch(3)
    samples = samples_of_objects(dataset, "the samples")
    np.testing.assert_array_equal(samples.labels, Y)
    assert samples.further[0].tolist() == ["né", "oui"] * 4
    named = tf.data.Dataset.from_tensor_slices((X, {"word": Y}))
    assert refused(named).message == "The labels of the samples are several arrays by name (word)."


def test_tf_data_without_an_end_and_without_elements():
    import tensorflow as tf

    from boardproof.model.data import objects

    dataset = tf.data.Dataset.from_tensor_slices(X)
    limit, objects._MOST_ELEMENTS = objects._MOST_ELEMENTS, 20
    try:
        assert "no end within 20 elements" in refused(dataset.repeat()).message
    finally:
        objects._MOST_ELEMENTS = limit
    assert "without elements" in refused(dataset.take(0)).message


@pytest.mark.parametrize(
    ("given", "message", "hint"),
    [
        ([[1.0, 2.0], [1.0]], "the samples: rows differ in length", "Pad or cut"),
        ((X, Y, Y), "a tuple of 3", "Give (inputs, labels)"),
        ((X, {"a": Y, "b": Y}), "several arrays by name (a, b)", "in the order of the model's outputs"),
        ((row for row in X), "a generator is no array", "numpy.stack"),
        (object(), "object is no array", "numpy arrays"),
    ],
)
def test_what_is_no_data_is_told(given, message, hint):
    error = refused(given)
    assert message in error.message
    assert hint in error.hint


def test_labels_of_several_outputs_are_a_list():
    samples = samples_of_objects((X, [Y, X[:, 0]]), "the samples")
    np.testing.assert_array_equal(samples.labels, Y)
    np.testing.assert_array_equal(samples.further, [X[:, 0]])

"""Distillation: the loss is the one of the paper, and the student is what was trained."""

from __future__ import annotations

import numpy as np
import pytest

from boardproof.errors import InputError
from support.compress_models import float_tensors, prove_on, samples_for
from support.keras_int8 import as_int8


def network(ending: str | None = "softmax", outputs: int = 3):
    import keras

    keras.utils.set_random_seed(2)
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(outputs, activation=ending)], name="student")


def softmax(logits):
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def measured_loss(student, labels, teacher, loss: str, **options) -> float:
    """What Keras reports before the weights move."""
    from boardproof.compress import distilled, with_teacher

    model = distilled(student, **options)
    model.compile("sgd", loss)
    x = samples_for(student, len(labels))
    return model.train_on_batch(x, with_teacher(labels, teacher), return_dict=True)["loss"]


def test_the_loss_is_the_papers():
    student = network()
    x, labels = samples_for(student, 8), np.arange(8) % 3
    teacher = softmax(np.random.default_rng(0).normal(size=(8, 3)))
    logits = x @ np.asarray(student.layers[0].kernel) + np.asarray(student.layers[0].bias)
    hard = -np.log(softmax(logits)[np.arange(8), labels]).mean()
    soft_teacher, soft_student = softmax(np.log(teacher) / 3), softmax(logits / 3)
    soft = 9 * (soft_teacher * np.log(soft_teacher / soft_student)).sum(axis=-1).mean()
    found = measured_loss(student, labels, teacher, "sparse_categorical_crossentropy", temperature=3.0, alpha=0.25)
    assert found == pytest.approx(0.75 * hard + 0.25 * soft, rel=1e-5)


def test_one_probability_is_of_two_classes():
    student = network("sigmoid", 1)
    x, labels = samples_for(student, 8), np.arange(8) % 2
    teacher = np.random.default_rng(0).uniform(0.1, 0.9, (8, 1))
    p = 1 / (1 + np.exp(-(x @ np.asarray(student.layers[0].kernel) + np.asarray(student.layers[0].bias))))
    expected = (teacher * np.log(teacher / p) + (1 - teacher) * np.log((1 - teacher) / (1 - p))).mean()
    found = measured_loss(student, labels, teacher, "binary_crossentropy", temperature=1.0, alpha=1.0)
    assert found == pytest.approx(expected, rel=1e-5)


def test_a_regression_follows_the_teachers_values():
    student = network(None)
    x, labels = samples_for(student, 8), np.zeros((8, 3))
    teacher = np.random.default_rng(0).normal(size=(8, 3))
    values = x @ np.asarray(student.layers[0].kernel) + np.asarray(student.layers[0].bias)
    found = measured_loss(student, labels, teacher, "mse", alpha=0.5)
    assert found == pytest.approx(0.5 * (values**2).mean() + 0.5 * ((values - teacher) ** 2).mean(), rel=1e-5)


def test_the_student_is_trained_and_validated_on_plain_labels():
    from boardproof.compress import distilled, with_teacher

    student = network()
    x, labels = samples_for(student, 64), np.arange(64) % 3
    before = np.asarray(student(x))
    teacher = softmax(samples_for(student, 64, seed=4)[:, :3])
    model = distilled(student)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x, with_teacher(labels, teacher), validation_data=(x, labels), epochs=2, verbose=0).history
    assert set(history) == {"accuracy", "loss", "val_accuracy", "val_loss"}
    assert not np.array_equal(before, np.asarray(student(x)))
    assert np.array_equal(np.asarray(student(x)), np.asarray(model(x)))
    right = np.asarray(student(x)).argmax(axis=1) == labels
    assert history["val_accuracy"][-1] == pytest.approx(right.mean())


@pytest.mark.qemu
def test_a_student_is_exact_on_the_board(reference, tmp_path):
    import keras

    from boardproof.compress import distilled, shrink, with_teacher

    student = shrink(reference, 0.75)
    x = samples_for(reference)
    model = distilled(student)
    model.compile(keras.optimizers.SGD(1e-3), "sparse_categorical_crossentropy")
    model.fit(x, with_teacher(np.zeros(len(x)), reference.predict(x, verbose=0)), verbose=0)
    data = as_int8(student, x)
    assert float_tensors(data) == []
    assert prove_on("mps2-an386", data, tmp_path).agrees


def test_what_is_refused():
    import keras

    from boardproof.compress import distilled, with_teacher

    with pytest.raises(InputError) as caught:
        distilled(network(), temperature=0.5)
    assert caught.value.message == "Temperature 0.5 and alpha 0.5 do not make a loss."
    assert caught.value.hint == "Temperature ≥ 1, and 0 ≤ alpha ≤ 1."
    image = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Conv2D(2, 3)], name="image")
    with pytest.raises(InputError) as caught:
        distilled(image)
    assert "Model image cannot be taught: it needs one output" in caught.value.message
    with pytest.raises(InputError) as caught:
        with_teacher(np.zeros(3), np.zeros((4, 2)))
    assert caught.value.message == "There are 3 labels and 4 predictions of the teacher."
    assert "all of them" in caught.value.hint


def test_a_student_that_ends_in_a_model_or_gives_a_dictionary_is_taught_all_the_same():
    import keras

    from boardproof.compress import distilled, with_teacher

    given = keras.Input((4,))
    student = keras.Model(given, {"word": network()(given)})
    teacher = softmax(np.random.default_rng(0).normal(size=(8, 3)))
    model = distilled(student, alpha=1.0)
    model.compile("sgd", "sparse_categorical_crossentropy")
    found = model.train_on_batch(samples_for(network(), 8), with_teacher(np.arange(8) % 3, teacher), return_dict=True)
    expected = measured_loss(network(), np.arange(8) % 3, teacher, "sparse_categorical_crossentropy", alpha=1.0)
    assert found["loss"] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("ending", "outputs", "found"), [(None, 3, "[3], of kind linear"), ("softmax", 5, "[5], of kind softmax")]
)
def test_a_teacher_of_another_kind_is_refused(ending, outputs, found):
    from boardproof.compress.distill import check_teacher

    check_teacher(network(), network())
    with pytest.raises(InputError) as caught:
        check_teacher(network(), network(ending, outputs))
    assert caught.value.message == (
        f"Model student cannot teach student: its outputs are {found}; the student's are [3], of kind softmax."
    )
    assert caught.value.hint == "Let both end alike, such as both in softmax over the same classes."

"""What a user wrote and boards cannot take: the layer is named, and following the advice works."""

from __future__ import annotations

import numpy as np
import pytest

import boardproof
from boardproof.errors import InputError
from boardproof.model.quiet import captured_output

pytestmark = [
    pytest.mark.filterwarnings("ignore::boardproof.BoardproofWarning"),
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]
INDICES = np.random.default_rng(7).integers(0, 10, (60, 5))


@pytest.fixture(scope="module")
def keras():
    with captured_output():
        import keras

        return keras


def embedding(keras, dtype, *first):
    layers = keras.layers
    given = keras.Input((5,), dtype=dtype, name="tokens")
    last = (layers.Embedding(10, 4, name="table"), layers.Flatten(), layers.Dense(2))
    return keras.Sequential([given, *first, *last], name="m")


def runs(model, samples=INDICES):
    return boardproof.inspect(model, representative=samples).runnable


def refused(model, samples=None):
    with pytest.raises(InputError) as caught:
        boardproof.inspect(model, representative=samples)
    return caught.value


def test_an_embedding_that_is_fed_real_values(keras):
    error = refused(embedding(keras, "float32"), INDICES.astype(np.float32))
    assert error.message.startswith("TensorFlow has no integer version of layer table")
    assert error.message.endswith(
        "(CAST) in m.keras: it takes indices, and the input tokens is declared as real values."
    )
    assert 'keras.Input(shape, dtype="int32")' in error.hint
    assert runs(embedding(keras, "int32"))


@pytest.mark.parametrize(
    ("name", "dtype", "vocabulary"), [("StringLookup", "string", ["a", "b"]), ("IntegerLookup", "int64", [1, 2])]
)
def test_a_layer_that_looks_up_belongs_on_the_host(name, dtype, vocabulary, keras):
    model = embedding(keras, dtype, getattr(keras.layers, name)(vocabulary=vocabulary, name="words"))
    error = refused(model)
    assert error.message == f'The layer "words" in m.keras is of class {name}, which boards cannot compute.'
    assert 'It belongs on the host. Begin the model after it, with keras.Input(shape, dtype="int32")' in error.hint
    assert runs(keras.Sequential([keras.Input((5,), dtype="int32"), *model.layers[1:]]))


def test_a_subclassed_model_runs_as_the_folder_that_it_exports(keras, tmp_path):
    class Subclassed(keras.Model):
        def __init__(self):
            super().__init__(name="own")
            self.last = keras.layers.Dense(2)

        def call(self, inputs):
            return self.last(inputs)

    model, x = Subclassed(), INDICES.astype(np.float32)
    error = refused(model, x)
    assert error.message == "own.keras does not say what shape its input has."
    assert 'call it once, model.export("folder"), and give that folder' in error.hint
    with captured_output():
        model(x)
        model.export(tmp_path / "folder", verbose=False)
    assert runs(tmp_path / "folder", x)


def test_a_layer_of_ones_own_runs_as_the_folder_that_its_model_exports(keras, tmp_path):
    class Doubled(keras.layers.Layer):
        def call(self, inputs):
            return inputs * 2

    x = INDICES.astype(np.float32)
    with captured_output():
        model = keras.Sequential([keras.Input((5,)), Doubled(), keras.layers.Dense(2)])
        model.save(tmp_path / "m.keras")
        model.export(tmp_path / "folder", verbose=False)
    error = refused(tmp_path / "m.keras", x)
    assert error.message.startswith("m.keras needs Doubled, which is not part of Keras")
    assert 'model.export("folder") writes the model without it: give that folder' in error.hint
    assert runs(tmp_path / "folder", x)


def test_masks_are_told_and_the_model_without_them_runs(keras):
    layers = keras.layers
    recurrent = (layers.SimpleRNN(2), layers.Dense(2))
    x = np.random.default_rng(1).standard_normal((60, 5, 2)).astype(np.float32)
    error = refused(keras.Sequential([keras.Input((5, 2)), layers.Masking(), *recurrent], name="m"), x)
    assert error.message.startswith("m.keras masks steps of its input (a Masking layer, or an Embedding with")
    assert error.hint.startswith("Build the model without the mask")
    assert runs(keras.Sequential([keras.Input((5, 2)), *recurrent]), x)


def test_an_embedding_with_a_mask_takes_indices(keras):
    def model(dtype):
        layers = keras.layers
        table = layers.Embedding(10, 4, mask_zero=True, name="table")
        return keras.Sequential([keras.Input((5,), dtype=dtype, name="tokens"), table, layers.SimpleRNN(2)], name="m")

    error = refused(model("float32"), INDICES.astype(np.float32))
    assert error.message.endswith("it takes indices, and the input tokens is declared as real values.")
    assert runs(model("int32"))


@pytest.mark.parametrize(("dtype", "high"), [("uint8", 256), ("bool", 2), ("int32", 1000)])
def test_whole_numbers_that_a_model_makes_floats_of_are_quantized(dtype, high, keras):
    given = keras.Input((4,), dtype=dtype, name="bytes")
    model = keras.Model(given, keras.layers.Dense(2)(keras.layers.Rescaling(1 / high)(given)), name="m")
    x = np.random.default_rng(2).integers(0, high, (60, 4)).astype(dtype)
    found = boardproof.inspect(model, representative=x)
    assert found.runnable
    (tensor,) = found.graph.input_tensors
    assert (tensor.dtype, tensor.name) == ("int8", "bytes")
    if dtype == "uint8":
        assert refused(model, x / 256).message == (
            "the array of representative samples holds float64 values that do not fit uint8, the type of bytes."
        )


def test_indices_beyond_the_table_are_told(keras):
    error = refused(embedding(keras, "int32"), INDICES + 3)
    assert "holds indices from 3 to 12, first in sample" in error.message
    assert "the input tokens is looked up in a table of 10 entries, 0 to 9." in error.message
    assert error.hint.startswith("Give the numbers that the model was trained on")


def test_a_stateful_layer_for_many_samples_runs_for_one(keras):
    given = keras.Input(batch_shape=(8, 3, 2))
    model = keras.Model(given, keras.layers.SimpleRNN(2, stateful=True)(given), name="m")
    assert runs(model, np.random.default_rng(3).standard_normal((60, 3, 2)).astype(np.float32))


@pytest.mark.parametrize(("activation", "operator"), [("elu", "ELU"), ("hard_silu", "HARD_SWISH")])
def test_activations_without_an_int16_version_are_named_with_those_that_have_one(activation, operator, keras):
    x = np.random.default_rng(5).standard_normal((60, 4)).astype(np.float32)
    layers = [keras.layers.Dense(3, activation=activation), keras.layers.Dense(2)]
    model = keras.Sequential([keras.Input((4,)), *layers], name="m")
    with pytest.raises(InputError) as caught:
        boardproof.inspect(model, representative=x, scheme="int16x8")
    assert caught.value.message == (
        f"TensorFlow has no int16 version of {operator}, which m.keras uses (for the activation {activation})."
    )
    assert caught.value.hint.startswith("Use --scheme int8, where every activation is a table, or another activation")
    assert runs(model, x)

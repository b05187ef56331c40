"""Quantization-aware training of networks with layers that it does not round inside, and of normalizations."""

from __future__ import annotations

import numpy as np
import pytest

from boardproof.errors import InputError
from support.compress_models import float_tensors, run_exactly, samples_for, seasoned


def trained(model, **options):
    from boardproof.compress import quantization_aware

    aware = quantization_aware(model, **options)
    x = samples_for(aware)
    y = np.random.default_rng(1).random((len(x), *aware.output_shape[1:])).astype(np.float32)
    aware.compile("sgd", "mse")
    aware.fit(x, y, epochs=2, batch_size=16, verbose=0)
    return aware


def compare(model, data, steps: float) -> None:
    """The .tflite computes what a model does, to a few steps of its output in the mean."""
    assert float_tensors(data) == []
    x = samples_for(model, 64)
    found, scale = run_exactly(data, x)
    assert np.abs(found - np.asarray(model(x, training=False)).reshape(found.shape)).mean() < steps * scale


def attentive_network():
    import keras

    keras.utils.set_random_seed(1)
    layers = keras.layers
    x = keras.Input((3, 4))
    h = layers.Dense(8, activation="relu", name="wide")(x)
    h = layers.LayerNormalization(name="norm")(h + layers.MultiHeadAttention(2, 4, name="look")(h, h))
    return keras.Model(x, layers.Dense(3, name="last")(layers.Flatten()(h)))


def test_what_is_not_rounded_inside_is_named_and_calibrated():
    from boardproof.compress import convert, left_in_float, strip

    model = attentive_network()
    aware = trained(model)
    assert left_in_float(aware) == ["look (MultiHeadAttention)", "norm (LayerNormalization)"]
    with pytest.raises(InputError) as caught:
        convert(aware)
    assert caught.value.message.startswith("look (MultiHeadAttention), norm (LayerNormalization) of")
    assert "ranges in it are yet to be found" in caught.value.message
    assert "convert(model, representative=" in caught.value.hint
    compare(strip(aware), convert(aware, samples_for(aware, 64)), 4)
    assert {type(layer).__name__ for layer in strip(aware).layers} == {type(layer).__name__ for layer in model.layers}


def test_recurrent_layers_are_left_between_rounded_tensors():
    import keras

    from boardproof.compress import left_in_float, quantization_aware

    layers = keras.layers
    both = layers.Bidirectional(layers.GRU(4, return_sequences=True), name="both")
    rows = [keras.Input((6, 3)), layers.Masking(name="masking"), both, layers.LSTM(4, name="memory"), layers.Dense(2)]
    aware = quantization_aware(keras.Sequential(rows))
    assert left_in_float(aware) == ["masking (Masking)", "both (Bidirectional)", "memory (LSTM)"]
    ranges = [layer.name for layer in aware.layers if type(layer).__name__ == "FakeQuantize"]
    assert len(ranges) == 5  # input, and what comes out of each layer


def test_weights_of_four_bits_beside_a_layer_that_is_left():
    import keras

    from boardproof.compress import convert
    from boardproof.model.tflite.reader import read_tflite

    layers = keras.layers
    words = keras.Sequential(
        [
            keras.Input((6,), dtype="int32"),
            layers.Embedding(20, 8, name="words"),
            layers.Conv1D(8, 3, padding="causal", activation="relu"),
            layers.GlobalMaxPooling1D(),
            layers.Dense(3),
        ]
    )
    from boardproof.compress import left_in_float, quantization_aware

    aware = quantization_aware(words, bits=4)
    x = np.random.default_rng(0).integers(0, 20, (64, 6)).astype(np.int32)
    aware.compile("sgd", "mse")
    aware.fit(x, np.zeros((64, 3)), verbose=0)
    assert left_in_float(aware) == ["words (Embedding)"]
    graph = read_tflite(convert(aware, x))
    kernels = [op for op in graph.operators if op.name in {"CONV_2D", "FULLY_CONNECTED"}]
    assert {graph.tensors[op.inputs[1]].dtype.value for op in kernels} == {"int4"}


def test_a_table_before_a_concatenation_is_left():
    import keras

    from boardproof.compress import convert, left_in_float, strip

    keras.utils.set_random_seed(1)
    layers = keras.layers
    x = keras.Input((8,))
    left = layers.Dense(4, activation="gelu", name="left")(x)
    aware = trained(keras.Model(x, layers.Dense(3)(layers.Concatenate(name="both")([left, layers.Dense(4)(x)]))))
    assert left_in_float(aware) == ["left_gelu (Activation)"]
    compare(strip(aware), convert(aware, samples_for(aware, 64)), 2)


def tabular_network():
    """As for rows of a table: each column scaled, and BatchNormalization behind the activation."""
    import keras

    layers = keras.layers
    scaled = layers.Normalization()
    scaled.adapt(np.random.default_rng(2).normal(3.0, [1.0, 2.0, 0.5, 4.0], (100, 4)))
    rows = [keras.Input((4,)), scaled, layers.Dense(16, activation="relu"), layers.BatchNormalization()]
    return seasoned(keras.Sequential([*rows, layers.Dense(2)]))


def test_normalizations_of_rows_keep_their_values_and_are_rounded():
    from boardproof.compress import convert, left_in_float, shrink, strip

    model = tabular_network()
    x = samples_for(model)
    aware = trained(model)
    assert left_in_float(aware) == []
    compare(aware, convert(aware), 2)
    for changed in (strip(aware), shrink(model, 0.5)):
        norm = next(layer for layer in changed.layers if type(layer).__name__ == "Normalization")
        np.testing.assert_allclose(norm(x), model.layers[0](x), rtol=1e-6)


def test_losses_by_the_outputs_names_fit_what_is_made_of_a_model():
    import keras

    from boardproof.compress import convert, quantization_aware, strip

    x = keras.Input((4,))
    h = keras.layers.Dense(8, activation="relu")(x)
    outputs = [keras.layers.Dense(3, activation="softmax", name="kind")(h), keras.layers.Dense(1, name="size")(h)]
    aware = quantization_aware(keras.Model(x, outputs))
    aware.compile("sgd", {"kind": "sparse_categorical_crossentropy", "size": "mse"})
    y = {"size": np.ones(32), "kind": np.arange(32) % 3}
    aware.fit(np.ones((32, 4)), y, verbose=0)
    assert aware.output_names == strip(aware).output_names == ["kind", "size"]
    assert float_tensors(convert(aware)) == []


def test_a_layer_that_cannot_be_copied_is_named():
    import keras

    from boardproof.compress import quantization_aware

    class Own(keras.layers.Layer):
        def __init__(self, size, **options):  # and no get_config()
            super().__init__(**options)
            self.size = size

        def call(self, inputs):
            return inputs * self.size.real

    with pytest.raises(InputError) as caught:
        quantization_aware(keras.Sequential([keras.Input((4,)), Own(1 + 1j, name="mine")]))
    assert caught.value.message.startswith("Layer mine (Own) cannot be copied: ")
    assert "get_config()" in caught.value.hint

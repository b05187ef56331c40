"""Quantization-aware training: what it converts to, that the ranges are those it learned, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

from boardproof.errors import InputError
from boardproof.model.tflite.reader import read_tflite
from support.compress_models import (
    float_tensors,
    mixed_network,
    prove_on,
    run_exactly,
    samples_for,
    seasoned,
    sequence_network,
)


def train(model, epochs: int = 2, callbacks=(), samples: int = 32):
    """A little, to anything: the ranges follow what passes."""
    x = samples_for(model, samples)
    y = np.random.default_rng(1).random((len(x), *model.output_shape[1:])).astype(np.float32)
    model.compile("sgd", "mse")
    model.fit(x, y, epochs=epochs, batch_size=16, verbose=0, callbacks=list(callbacks))
    return model


@pytest.mark.qemu
def test_reference_networks_become_int8_and_are_exact_on_the_board(reference, tmp_path):
    from boardproof.compress import convert, quantization_aware

    data = convert(train(quantization_aware(reference), epochs=1))
    assert float_tensors(data) == []
    report = prove_on("mps2-an386", data, tmp_path)
    assert report.agrees
    assert report.kernels == "dsp"


@pytest.mark.parametrize("build", [sequence_network, mixed_network])
def test_every_kind_of_layer_computes_in_int8_what_training_saw(build):
    from boardproof.compress import convert, quantization_aware

    model = train(quantization_aware(seasoned(build())))
    data = convert(model)
    assert float_tensors(data) == []
    x = samples_for(model, seed=3)
    found, scale = run_exactly(data, x)
    seen = np.asarray(model(x, training=False)).reshape(found.shape)
    assert np.abs(found - seen).mean() < 2 * scale  # the board rounds sums where training only rounds values


def test_the_ranges_learned_are_the_ranges_used():
    from boardproof.compress import convert, quantization_aware

    model = train(quantization_aware(sequence_network()))
    ranges = [layer for layer in model.layers if type(layer).__name__ == "FakeQuantize"]
    learned = sorted((float(layer.high) - float(layer.low)) / 255 for layer in ranges)
    activations = [t for t in read_tflite(convert(model)).tensors if not t.is_constant and t.quantization is not None]
    of_sigmoid = 1 / 256  # which TensorFlow Lite fixes
    used = sorted({t.quantization.scale for t in activations} - {of_sigmoid})
    assert np.allclose(used, learned, rtol=1e-6)


def test_convolutions_have_a_scale_per_channel_and_dense_layers_one():
    from boardproof.compress import convert, quantization_aware

    graph = read_tflite(convert(train(quantization_aware(mixed_network()))))
    scales = {
        operator.name: len(graph.tensors[operator.inputs[1]].quantization.scales)
        for operator in graph.operators
        if operator.name in {"CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV", "FULLY_CONNECTED"}
    }
    assert scales["FULLY_CONNECTED"] == 1
    assert min(scales["CONV_2D"], scales["DEPTHWISE_CONV_2D"], scales["TRANSPOSE_CONV"]) == 8


def test_a_dense_layer_is_rounded_with_its_batchnorm_in_it():
    import keras

    from boardproof.compress import convert, quantization_aware

    network = keras.Sequential(
        [
            keras.Input((16,)),
            keras.layers.Dense(8, use_bias=False),
            keras.layers.BatchNormalization(),
            keras.layers.ReLU(),
        ]
    )
    model = train(quantization_aware(seasoned(network)))
    x = samples_for(model, seed=3)
    found, scale = run_exactly(convert(model), x)
    assert np.abs(found - np.asarray(model(x, training=False))).max() <= 1.01 * scale


TABLES = ("celu", "elu", "exponential", "gelu", "log_sigmoid", "mish", "selu", "softplus", "softsign", "squareplus")


def test_activations_that_boards_lack_become_tables():
    import keras

    from boardproof.compress import convert, quantization_aware

    layers = keras.layers
    inputs = keras.Input((8,))
    branches = [layers.Dense(4, activation=name, name=f"of_{name}")(inputs) for name in TABLES]
    branches.append(layers.ELU(0.5)(layers.Dense(4)(inputs)))
    model = train(quantization_aware(keras.Model(inputs, sum(branches[1:], branches[0]))))
    data = convert(model)
    assert float_tensors(data) == []
    assert [operator.name for operator in read_tflite(data).operators].count("GATHER") == len(branches)
    x = samples_for(model, seed=3)
    found, scale = run_exactly(data, x)
    assert np.abs(found - np.asarray(model(x, training=False))).mean() < 2 * scale


def branches_of(activation):
    import keras

    layers = keras.layers
    inputs = keras.Input((8,))
    left = layers.Dense(4, activation=activation, name="left")(inputs)
    return keras.Model(inputs, layers.Dense(3)(layers.Concatenate(name="both")([left, layers.Dense(4)(inputs)])))


@pytest.mark.parametrize("activation", ["swish", "tanh", "relu"])
def test_an_activation_before_a_concatenation_is_kept(activation):
    from boardproof.compress import convert, quantization_aware, strip

    model = branches_of(activation)
    aware = train(quantization_aware(model))
    x = samples_for(aware, seed=3)
    found, scale = run_exactly(convert(aware), x)
    assert np.abs(found - np.asarray(aware(x, training=False))).mean() < 2 * scale
    plain = strip(aware)
    model.set_weights(plain.get_weights())
    np.testing.assert_allclose(plain(x), model(x), rtol=1e-5, atol=1e-5)


@pytest.mark.native
def test_weights_of_four_bits_are_stored_so_and_exact_on_the_board(tmp_path):
    from boardproof.compress import convert, quantization_aware

    model = train(quantization_aware(seasoned(mixed_network()), bits=4))
    data = convert(model)
    assert float_tensors(data) == []
    graph = read_tflite(data)
    kernels = {
        (operator.name, graph.tensors[operator.inputs[1]].dtype.value)
        for operator in graph.operators
        if operator.name in {"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV"}
    }
    packed = {(name, "int4") for name in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")}
    assert kernels - packed == {("TRANSPOSE_CONV", "int8")}
    x = samples_for(model, seed=3)
    found, scale = run_exactly(data, x)
    assert np.abs(found - np.asarray(model(x, training=False)).reshape(found.shape)).mean() < 3 * scale
    assert prove_on("native", data, tmp_path).agrees


def test_strip_gives_the_plain_model_back():
    from boardproof.compress import quantization_aware, strip

    model = seasoned(mixed_network())
    x = samples_for(model)
    plain = strip(quantization_aware(model))
    assert not any(type(layer).__module__.startswith("boardproof") for layer in plain.layers)
    assert np.abs(np.asarray(plain(x)) - np.asarray(model(x))).max() < 1e-5


def test_ranges_stand_still_when_they_are_frozen():
    from boardproof.compress import FreezeRanges, quantization_aware

    model = train(quantization_aware(sequence_network()), epochs=1)
    ranges = [layer for layer in model.layers if type(layer).__name__ == "FakeQuantize"]
    before = [float(layer.high) for layer in ranges]
    train(model, epochs=2, callbacks=[FreezeRanges(after=0.0)])
    assert [float(layer.high) for layer in ranges] == before


def test_ranges_that_have_seen_nothing_are_not_frozen():
    from boardproof.compress import FreezeRanges, quantization_aware

    model = train(quantization_aware(sequence_network()), epochs=1, callbacks=[FreezeRanges(after=0.0)])
    assert all(float(layer.high) > float(layer.low) for layer in model.layers if hasattr(layer, "seen"))
    with pytest.raises(InputError) as caught:
        FreezeRanges(75)
    assert caught.value.message == "Ranges cannot be frozen after 75 of the epochs."
    assert caught.value.hint == "Give a share, from 0 to 1."


def test_layers_that_are_split_can_be_called_twice():
    import keras

    from boardproof.compress import quantization_aware, strip

    layers = keras.layers
    scale, encode = layers.Rescaling(0.5, 0.1), layers.Dense(8, activation="tanh")
    pair = [keras.Input((4,)), keras.Input((4,))]
    model = keras.Model(pair, layers.Subtract()([encode(scale(given)) for given in pair]))
    x = list(np.random.default_rng(0).normal(size=(2, 3, 4)).astype("float32"))
    np.testing.assert_allclose(strip(quantization_aware(model))(x), model(x), atol=1e-6)


def test_batchnorm_stays_as_it_is_when_it_is_frozen():
    from boardproof.compress import quantization_aware, strip

    model = seasoned(sequence_network())
    trained = train(quantization_aware(model, freeze_batchnorm=True), epochs=1)
    before, after = (
        next(layer for layer in one.layers if type(layer).__name__ == "BatchNormalization").get_weights()
        for one in (model, strip(trained))
    )
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))


def test_what_was_not_trained_is_not_converted():
    from boardproof.compress import convert, quantization_aware

    with pytest.raises(InputError) as caught:
        convert(quantization_aware(sequence_network()))
    assert "has seen no data" in caught.value.message
    assert "call fit()" in caught.value.hint
    with pytest.raises(InputError) as caught:
        convert(sequence_network())
    assert "has no learned ranges" in caught.value.message
    assert "quantization_aware()" in caught.value.hint


def test_a_model_without_a_graph_is_refused():
    import keras

    from boardproof.compress import quantization_aware

    class Own(keras.Model):
        pass

    with pytest.raises(InputError) as caught:
        quantization_aware(Own(name="own"))
    assert "own (Own) has no graph" in caught.value.message
    assert "keras.Model(inputs, outputs)" in caught.value.hint


def test_weights_of_three_bits_are_refused():
    from boardproof.compress import quantization_aware

    with pytest.raises(InputError) as caught:
        quantization_aware(sequence_network(), bits=3)
    assert caught.value.message == "Weights of 3 bits are not possible."
    assert caught.value.hint == "Choose 8 or 4."

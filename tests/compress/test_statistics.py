"""BatchNormalization's statistics, taken anew."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from boardproof.compress import recalibrate_batch_norm


@pytest.fixture
def network():
    """Two inputs; a BatchNormalization inside a nested model, and one behind."""
    inner = keras.Sequential([keras.Input((3,)), layers.BatchNormalization(name="inner")])
    one, two = keras.Input((3,)), keras.Input((3,))
    scaled = layers.Rescaling(10.0)(layers.Add()([inner(one), two]))
    return keras.Model([one, two], layers.BatchNormalization(name="last")(scaled))


@pytest.fixture
def samples():
    rng = np.random.default_rng(1)
    return [rng.normal([1, 2, 3], [1, 2, 3], (4000, 3)).astype(np.float32), np.full((4000, 3), 7, np.float32)]


def test_they_are_those_of_the_samples(network, samples):
    assert recalibrate_batch_norm(network, samples) == 2
    inner = next(layer for layer in network.layers if isinstance(layer, keras.Sequential)).get_layer("inner")
    np.testing.assert_allclose(inner.moving_mean, samples[0].mean(axis=0), rtol=0.05)
    np.testing.assert_allclose(inner.moving_variance, samples[0].var(axis=0), rtol=0.05)
    np.testing.assert_allclose(network.get_layer("last").moving_mean, np.full(3, 70), rtol=0.05)
    np.testing.assert_allclose(network.get_layer("last").moving_variance, np.full(3, 100), rtol=0.05)


def test_nothing_else_changes(network, samples):
    last = network.get_layer("last")
    last.trainable = False
    last.momentum = 0.9
    last.gamma.assign([2, 3, 4])
    assert recalibrate_batch_norm(network, samples) == 1
    assert last.momentum == 0.9
    assert np.array_equal(last.moving_mean, np.zeros(3))
    assert np.array_equal(last.gamma, [2, 3, 4])


def test_the_same_samples_give_the_same(network, samples):
    recalibrate_batch_norm(network, samples)
    once = [weight.copy() for weight in network.get_weights()]
    recalibrate_batch_norm(network, samples)
    assert all(map(np.array_equal, once, network.get_weights()))


def test_few_samples_and_none_to_do():
    plain = keras.Sequential([keras.Input((2,)), layers.Dense(1)])
    assert recalibrate_batch_norm(plain, np.ones((5, 2), np.float32)) == 0
    normed = keras.Sequential([keras.Input((2,)), layers.BatchNormalization(name="only")])
    assert recalibrate_batch_norm(normed, np.array([[1, 2], [3, 6]], np.float32)) == 1
    np.testing.assert_allclose(normed.get_layer("only").moving_mean, [2, 4], rtol=1e-5)


def test_what_lost_its_channels_computes_again_what_it_learned(samples):
    """Statistics that are far from the truth, as after channels have gone: inference is as in training again."""
    model = keras.Sequential([keras.Input((3,)), layers.BatchNormalization(name="only")])
    model.get_layer("only").moving_mean.assign([100, 100, 100])
    x = samples[0]
    trained = np.asarray(model(x, training=True))
    assert np.abs(np.asarray(model(x)) - trained).max() > 10
    recalibrate_batch_norm(model, x)
    assert np.abs(np.asarray(model(x)) - trained).max() < 0.2

"""Weights go from model to model with all that is made of them."""

from __future__ import annotations

import numpy as np

from boardproof.model.batches import with_free_batch


def test_a_normalization_goes_on_with_its_mean_and_variance():
    import keras

    scaled = keras.layers.Normalization()
    scaled.adapt(np.array([[1.0, 50.0], [3.0, 70.0]], np.float32))
    fixed = keras.Sequential([keras.Input(batch_shape=(1, 2)), keras.Sequential([keras.Input((2,)), scaled])])
    x = np.array([[3.0, 50.0]], np.float32)
    assert np.allclose(with_free_batch(fixed)(x), [[1.0, -1.0]])

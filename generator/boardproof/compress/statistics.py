"""BatchNormalization's statistics, taken anew: after short training they are still those of the network before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from keras import layers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import keras
    from numpy.typing import NDArray

_BATCHES, _BATCH_SIZE = 64, 128


def recalibrate_batch_norm(
    model: keras.Model, samples: NDArray[np.generic] | Sequence[NDArray[np.generic]], *, seed: int = 0
) -> int:
    """Sets the moving mean and variance of every BatchNormalization to what it sees on samples, in place.

    They are moving averages, which forget slowly: with Keras's momentum of 0.99, a seventh of them is still of before
    after 188 batches. A network that lost channels and was trained for an epoch or two computes in inference what it
    never learned. Known as adaptive batch normalization (Li et al. 2020, EagleEye, arXiv:2007.02491). Weights stay as
    they are, and so does a layer that is not trainable, whose statistics training does not touch either.

    Args:
        model: A Keras model.
        samples: Training inputs, [samples, ...]; of several inputs a list, in the order of the model's. Up to 64
            batches of 128 are drawn from them.
        seed: Of what is drawn.

    Returns:
        How many layers have new statistics.
    """
    found = [layer for layer in _inner_layers(model) if isinstance(layer, layers.BatchNormalization)]
    found = [layer for layer in found if layer.trainable]
    if not found:
        return 0
    arrays = [np.asarray(array) for array in (samples if isinstance(samples, (list, tuple)) else [samples])]
    momenta = [layer.momentum for layer in found]
    try:
        for count, rows in enumerate(_batches(len(arrays[0]), seed)):
            for layer in found:
                layer.momentum = count / (count + 1)  # the mean of all batches so far
            batch = [array[rows] for array in arrays]
            model(batch if len(batch) > 1 else batch[0], training=True)
    finally:
        for layer, momentum in zip(found, momenta, strict=True):
            layer.momentum = momentum
    return len(found)


def _batches(samples: int, seed: int) -> Iterator[NDArray[np.int64]]:
    """Rows of each batch: every sample once, and again where there are few."""
    rng = np.random.default_rng(seed)
    size = min(_BATCH_SIZE, samples)
    left = np.empty(0, np.int64)
    for _ in range(_BATCHES):
        if len(left) < size:
            left = rng.permutation(samples)
        yield left[:size]
        left = left[size:]


def _inner_layers(model: keras.Model) -> Iterator[keras.layers.Layer]:
    """Those in nested models and in wrappers too."""
    yield from model._flatten_layers(include_self=False, recursive=True)

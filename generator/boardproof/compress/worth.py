"""What a channel is worth, by its weights or by what it gives to the layers behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from keras import layers

from boardproof.compress.channels import PRODUCERS, TRANSPOSED
from boardproof.compress.graph import consumers, describe, nodes, variable
from boardproof.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from boardproof.compress.channels import Channels

    Score = Callable[[keras.layers.Layer], NDArray[np.floating[Any]]]
    """How much each channel that a layer makes is worth, [channels]."""
    Samples = NDArray[np.generic] | Sequence[NDArray[np.generic]]
    """Inputs, [samples, …]; of a model with several inputs an array for each."""

_BATCH = 64


def worth(
    model: keras.Model, channels: Channels, score: Score | None = None, samples: Samples | None = None
) -> dict[int, float]:
    """The worth of each unit that can go, relative to the average of its layer.

    Args:
        model: A flat model.
        channels: Its units.
        score: What channels are worth.
        samples: Without a score: inputs on which it is seen what each unit gives to the layers that take it. Without
            either, the norm of its weights counts, and of a BatchNormalization right behind them.

    Raises:
        InputError: A score of another shape than the layer's channels.
    """
    if score is None and samples is not None:
        given = _given(model, channels, samples)
        of_layer = {
            layer.name: np.array([given.get(int(unit), 0.0) for unit in channels.made[layer.name]])
            for layer in model.layers
            if isinstance(layer, PRODUCERS)
        }
    else:
        norms = _norms_behind(model)
        of_layer = {
            layer.name: _scored(layer, score, channels) if score else _weight_norms(layer, norms.get(layer.name))
            for layer in model.layers
            if isinstance(layer, PRODUCERS)
        }
    if score is None:
        of_layer = {name: found / (found.mean() + 1e-12) for name, found in of_layer.items()}
    return {
        unit: float(sum(of_layer[name][index] for name, index in producers))
        for unit, producers in channels.producers.items()
    }


def _given(model: keras.Model, channels: Channels, samples: Samples) -> dict[int, float]:
    """By unit: the root of its mean square where layers take it, times the norm of the weights that take it."""
    takers = [node for node in nodes(model) if isinstance(node.operation, PRODUCERS)]
    squares = _mean_squares(model, [node.input_tensors[0] for node in takers], samples)
    given: dict[int, float] = {}
    for node, means in zip(takers, squares, strict=True):
        units = channels.taken[node.operation.name]
        kernel = _by_output(node.operation)
        if kernel.shape[-2] != len(units):
            continue  # of a grouped convolution, which keeps all it takes
        amounts = (kernel**2).sum(axis=(*range(kernel.ndim - 2), kernel.ndim - 1)) * means
        for unit, amount in zip(units, amounts, strict=True):
            given[int(unit)] = given.get(int(unit), 0.0) + float(amount)
    return {unit: amount**0.5 for unit, amount in given.items()}


def _mean_squares(model: keras.Model, tensors: list[Any], samples: Samples) -> list[NDArray[np.float64]]:
    """Of each tensor, [channels]: over the samples and all places."""
    arrays = samples if isinstance(samples, (list, tuple)) else [samples]
    seen, count = keras.Model(model.inputs, tensors), len(arrays[0])
    means = [np.zeros(tensor.shape[-1]) for tensor in tensors]
    for start in range(0, count, _BATCH):
        batch = [array[start : start + _BATCH] for array in arrays]
        values = [np.asarray(value, np.float64) for value in keras.tree.flatten(seen(batch, training=False))]
        for index, value in enumerate(values):
            means[index] += (value**2).reshape(len(value), -1, value.shape[-1]).mean(axis=1).sum(axis=0) / count
    return means


def _scored(layer: keras.layers.Layer, score: Score, channels: Channels) -> NDArray[np.floating[Any]]:
    found = np.asarray(score(layer))
    if found.shape != (len(channels.made[layer.name]),):
        raise InputError(
            f"The score of layer {describe(layer)} has shape {list(found.shape)}; the layer makes "
            f"{len(channels.made[layer.name])} channels.",
            "Return one number for each channel.",
        )
    return found


def _norms_behind(model: keras.Model) -> dict[str, keras.layers.Layer]:
    """By layer name: the BatchNormalization right behind a layer."""
    users = consumers(model)
    found = {}
    for node in nodes(model):
        after = users.get(id(node.outputs[0]), [])
        if len(after) == 1 and isinstance(after[0].operation, layers.BatchNormalization):
            found[node.operation.name] = after[0].operation
    return found


def _weight_norms(layer: keras.layers.Layer, norm: keras.layers.Layer | None) -> NDArray[np.floating[Any]]:
    """The norm of each output channel's weights."""
    kernel = _by_output(layer)
    found = np.sqrt((kernel.reshape(-1, kernel.shape[-1]) ** 2).sum(axis=0))
    if norm is not None:
        found = found / np.sqrt(np.asarray(norm.moving_variance) + norm.epsilon)
        if norm.gamma is not None:
            found = found * np.abs(np.asarray(norm.gamma))
    return np.asarray(found)


def _by_output(layer: Any) -> NDArray[np.float64]:
    """The kernel, [..., inputs, outputs]."""
    kernel = np.asarray(variable(layer, "kernel"), np.float64)
    return kernel.swapaxes(-1, -2) if isinstance(layer, TRANSPOSED) else kernel

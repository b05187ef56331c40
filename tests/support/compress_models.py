"""Networks for the tests of techniques that make models smaller. Keras is imported inside functions only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.oracle import run_oracle
from boardproof.model.samples import Samples, vectors_for
from boardproof.model.tflite.reader import read_tflite

if TYPE_CHECKING:
    from pathlib import Path


def samples_for(model, count: int = 32, seed: int = 0):
    """Inputs of standard normal values, float32 [count, *shape]."""
    return np.random.default_rng(seed).standard_normal((count, *model.input_shape[1:])).astype(np.float32)


def seasoned(model):
    """The model with biases and BatchNormalization statistics as of a trained one: none is as Keras begins."""
    rng = np.random.default_rng(5)
    for layer in model.layers:
        for weight in layer.weights:
            if weight.name in {"moving_variance", "gamma"}:
                weight.assign(rng.uniform(0.5, 1.5, weight.shape))
            elif weight.name in {"moving_mean", "beta", "bias"}:
                weight.assign(rng.normal(0.0, 0.3, weight.shape))
    return model


def sequence_network():
    """Convolutions over time: one that is separable, with an activation that TensorFlow Lite does not fuse."""
    import keras

    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((30, 3)),
            layers.Conv1D(8, 3, activation="relu"),
            layers.SeparableConv1D(8, 3, activation="swish"),
            layers.MaxPooling1D(),
            layers.DepthwiseConv1D(3, padding="same"),
            layers.BatchNormalization(),
            layers.GlobalAveragePooling1D(),
            layers.Dense(4, activation="sigmoid"),
        ]
    )


def mixed_network():
    """Branches, a squeeze-and-excite block, a transposed convolution, operations of keras.ops and a model inside."""
    import keras

    layers = keras.layers
    image = keras.Input((12, 12, 3), name="image")
    x = layers.BatchNormalization()(layers.Rescaling(2.0, -1)(image))
    x = layers.Conv2D(8, 3, padding="same", activation="relu6")(x)
    left = layers.LeakyReLU()(layers.SeparableConv2D(8, 3, padding="same", depth_multiplier=2)(x))
    right = layers.Conv2DTranspose(8, 3, padding="same")(x)
    right = layers.ReLU()(layers.BatchNormalization()(right))
    x = layers.Concatenate()([left, right])
    gate = layers.Dense(4, activation="relu")(layers.GlobalAveragePooling2D(keepdims=True)(x))
    x = layers.Multiply()([x, layers.Dense(16, activation="sigmoid")(gate)])
    x = keras.ops.relu(layers.Add()([x, x * 0.5]))
    tail = keras.Sequential(
        [keras.Input((12, 12, 16)), layers.Conv2D(8, 3), layers.AveragePooling2D(2), layers.Flatten()], name="tail"
    )
    return keras.Model(image, layers.Dense(5, name="scores")(tail(x)))


def generator_network():
    """From a vector to an image: what one long axis is cut into is channels."""
    import keras

    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((10,)),
            layers.Dense(4 * 4 * 8, activation="relu"),
            layers.Reshape((4, 4, 8)),
            layers.Conv2DTranspose(16, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2D(3, 3, padding="same"),
        ]
    )


def run_exactly(data: bytes, x):
    """The oracle's outputs as real values, [samples, outputs], and the output's scale."""
    graph = read_tflite(data)
    output = graph.output_tensors[0].quantization
    found = run_oracle(data, vectors_for(graph, Samples({"x": x}))).arrays[0].reshape(len(x), -1)
    return (found.astype(np.float64) - output.zero_point) * output.scale, output.scale


def float_tensors(data: bytes) -> list[str]:
    """The names of a .tflite's tensors that are not integer."""
    return [tensor.name for tensor in read_tflite(data).tensors if tensor.dtype.value.startswith("float")]


def prove_on(board: str, data: bytes, folder: Path):
    """The report of five random samples on a board."""
    from boardproof import pipeline
    from boardproof.progress import Silent
    from boardproof.settings import Settings

    path = folder / "model.tflite"
    path.write_bytes(data)
    return pipeline.run(Settings(model=path, random=5, board=board, out=folder / board), Silent())

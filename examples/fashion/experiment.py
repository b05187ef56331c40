"""Two networks for Fashion-MNIST, and every way that boardproof knows to make them smaller.

boardproof ladder examples/fashion/experiment.py --report ladder.html
"""

from __future__ import annotations

import data as fashion
import keras
from keras import layers

from boardproof.ladder import Ladder


def large():
    """Two convolutions and a wide dense layer, as tutorials have it."""
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dropout(0.25),
            layers.Dense(128, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ],
        name="large",
    )


def light():
    """Depthwise separable blocks and an average in place of the dense layer, as keyword spotters have."""

    def block(width: int, stride: int) -> list[layers.Layer]:
        return [
            layers.DepthwiseConv2D(3, strides=stride, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Conv2D(width, 1, use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
        ]

    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(16, 3, strides=2, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            *block(32, 1),
            *block(48, 2),
            *block(32, 1),
            layers.GlobalAveragePooling2D(),
            layers.Dense(10, activation="softmax"),
        ],
        name="light",
    )


def train(model, data, *, epochs, callbacks=()):
    model.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(
        *data.train,
        validation_data=tuple(data.validation),
        epochs=epochs,
        batch_size=128,
        verbose=2,
        callbacks=callbacks,
    )


ladder = Ladder(data=fashion.load, train=train, epochs=5, finetune=2)
big, small = ladder.model(large), ladder.model(light)

big.quantize("float32", "float16", "dynamic", "int8", "int16x8")
big.qat()
big.prune(0.5)
big.prune(0.8)
big.prune(0.9, scope="global")
big.prune(pattern=(2, 4))
big.shrink(0.25)
big.shrink(0.5).qat()
big.shrink(0.5, epochs=4)
big.shrink(0.75)
big.shrink(flash=48_000, ticks=600_000)
small.quantize("float32", "int8", "int16x8")
small.qat()
small.shrink(0.5)
small.distill(big)

"""Two networks for Fashion-MNIST, and how they are trained."""

from __future__ import annotations

import keras
from keras import layers


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

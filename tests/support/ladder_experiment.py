"""A tiny experiment as a user writes it: blobs of four classes, two networks, a variant of each kind."""

EXPERIMENT = """
import keras
import numpy as np
from boardproof.ladder import Data, Ladder

layers = keras.layers


def data():
    rng = np.random.default_rng(0)
    y = np.arange(400) % 4
    x = (np.eye(4)[y][:, :, None] + rng.normal(0, 0.3, (400, 4, 4)))[..., None].astype("float32")
    return Data(train=(x[:240], y[:240]), validation=(x[240:280], y[240:280]), test=(x[280:], y[280:]))


def large():
    return keras.Sequential(
        [
            keras.Input((4, 4, 1)),
            layers.Conv2D(16, 3, padding="same", activation="relu"),
            layers.Flatten(),
            layers.Dense(4, activation="softmax"),
        ]
    )


def light():
    return keras.Sequential([keras.Input((4, 4, 1)), layers.Flatten(), layers.Dense(4, activation="softmax")])


def train(model, data, *, epochs, callbacks=()):
    model.compile(keras.optimizers.Adam(1e-2), "sparse_categorical_crossentropy")
    model.fit(*data.train, epochs=epochs, batch_size=32, verbose=0, callbacks=list(callbacks))


ladder = Ladder(data=data, train=train, epochs=3, finetune=1)
big, small = ladder.model(large), ladder.model(light)
"""

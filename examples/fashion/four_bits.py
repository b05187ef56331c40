"""Weights of 4 bits: what they cost a depthwise network after training, and what training for them wins back.

boardproof ladder examples/fashion/four_bits.py

The learning rate falls to zero at the end, and BatchNormalization follows within some batches: else its averages lag
behind weights that still move, by more than what is to be seen.
"""

from __future__ import annotations

import data as fashion
import keras
import networks

from boardproof.ladder import Ladder

FIRST, BATCH = 4, 128


def light():
    """The light network, its BatchNormalization with a shorter memory."""
    model = networks.light()
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.9
    return model


def train(model, data, *, epochs, callbacks=()):
    x, y = data.train
    steps = epochs * -(-len(x) // BATCH)
    falling = keras.optimizers.schedules.CosineDecay(5e-3 if epochs == FIRST else 1e-3, steps)
    model.compile(keras.optimizers.Adam(falling), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, epochs=epochs, batch_size=BATCH, verbose=2, callbacks=callbacks)


ladder = Ladder(data=fashion.load, train=train, epochs=FIRST, finetune=2, seeds=3)
small = ladder.model(light)
small.quantize("float32", "int8", "int8x4")
small.qat(bits=4)

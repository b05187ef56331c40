"""Trains the digits example: a small separable CNN on the 8x8 handwritten digits that ship inside scikit-learn.

Writes, beside this file or to the folder of `--out`:
    digits.keras                the float model
    digits_representative.npz   x float32 [200,8,8,1]: calibrates the quantizer (training samples)
    digits_test.npz             x float32 [360,8,8,1], y int64 [360]: what the board is checked on (never trained on)

Needs scikit-learn besides boardproof's own requirements; takes some seconds.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import keras
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

HERE = Path(__file__).parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=HERE)
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(1)
    digits = load_digits()
    images = (digits.images / 16.0).astype(np.float32)[..., np.newaxis]
    x_train, x_test, y_train, y_test = train_test_split(
        images, digits.target, test_size=360, random_state=1, stratify=digits.target
    )
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1), name="image"),
            keras.layers.Conv2D(8, 3, padding="same", activation="relu"),
            keras.layers.DepthwiseConv2D(3, strides=2, padding="same", activation="relu"),
            keras.layers.Conv2D(24, 1, activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(10, activation="softmax", name="digit"),
        ],
        name="digits",
    )
    model.compile(keras.optimizers.Adam(5e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x_train, y_train, epochs=40, batch_size=64, verbose=0)
    accuracy = model.evaluate(x_test, y_test, verbose=0)[1]
    model.save(out / "digits.keras")
    np.savez_compressed(out / "digits_representative.npz", x=x_train[:200])
    np.savez_compressed(out / "digits_test.npz", x=x_test, y=y_test)
    print(f"{model.count_params():,} parameters, test accuracy {accuracy:.1%}")


if __name__ == "__main__":
    main()

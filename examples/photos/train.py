"""Makes the photos example: pictures of handwritten digits, a front end that sizes them, a small network.

The digits are scikit-learn's (from UCI's "Optical Recognition of Handwritten Digits", CC BY 4.0), 8x8, which are
enlarged here to what a small camera might give: 30x40 and grey, the digit somewhere in the middle. Takes a minute.

    python examples/photos/train.py [--quick] [--out FOLDER]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from PIL import Image
from sklearn.datasets import load_digits

from boardproof.features import image

HERE = Path(__file__).parent
SIZE, TO = (30, 40), (16, 16)
PICTURES = 40


def photographed(rng: np.random.Generator, digit: np.ndarray) -> np.ndarray:
    """A digit of 8x8 on a grey sheet of 30x40, in its middle but for some pixels, in some light."""
    ink = Image.fromarray((digit * 255 / 16).astype(np.uint8)).resize((24, 24), Image.Resampling.BICUBIC)
    light, dark = rng.uniform(150, 230), rng.uniform(10, 60)
    sheet = np.full(SIZE, light)
    top, left = 3 + rng.integers(-2, 3), 8 + rng.integers(-3, 4)
    part = np.asarray(ink, np.float32) / 255
    sheet[top : top + 24, left : left + 24] += (dark - light) * part
    return np.clip(sheet + rng.normal(0, 4, SIZE), 0, 255).astype(np.uint8)


def network() -> keras.Model:
    layers = keras.layers
    x = inputs = keras.Input((*TO, 1), name="picture")
    for channels in (12, 24, 32):
        x = layers.Conv2D(channels, 3, strides=2 if channels > 12 else 1, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(x))


def quantized(model: keras.Model, x: np.ndarray) -> bytes:
    """int8 in and out; the input is the front end's integers, which the pictures at both ends of int8 bring about."""
    ends = np.stack([np.full(x.shape[1:], value, np.float32) for value in (-128, 127)])
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    converter.representative_dataset = lambda: ([row[None]] for row in np.concatenate([ends, x[:200]]))
    return converter.convert()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--out", type=Path, default=HERE)
    arguments = parser.parse_args()
    keras.utils.set_random_seed(3)
    rng = np.random.default_rng(3)
    digits, labels = load_digits(return_X_y=True)
    order = rng.permutation(len(digits))
    order = order[:300] if arguments.quick else order
    pictures = np.stack([photographed(rng, digits[i].reshape(8, 8)) for i in order])
    labels = labels[order]
    front_end = image(size=SIZE, channels=1, to=TO)
    x = front_end.compute(pictures.reshape(len(pictures), -1))[:, 0].astype(np.float32)
    held_out = len(x) // 5
    model = network()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x[held_out:], labels[held_out:], batch_size=32, epochs=2 if arguments.quick else 40, verbose=2)
    loss, accuracy = model.evaluate(x[:held_out], labels[:held_out], verbose=0)
    print(f"{accuracy:.3f} of {held_out} pictures held out, as float32 (loss {loss:.3f})")
    arguments.out.mkdir(parents=True, exist_ok=True)
    front_end.save(arguments.out / "front_end.tflite")
    (arguments.out / "photos.tflite").write_bytes(quantized(model, x[held_out:]))
    folder = arguments.out / "pictures"
    folder.mkdir(exist_ok=True)
    before = [list(labels[:i]).count(labels[i]) for i in range(PICTURES)]
    chosen = sorted(range(PICTURES), key=lambda i: (before[i], labels[i]))  # seldom a digit twice in a row
    for number, i in enumerate(chosen):
        Image.fromarray(pictures[i]).save(folder / f"{number:02}-{labels[i]}.png")


if __name__ == "__main__":
    main()

"""Makes the gestures example: exercises of the shoulder, as a watch on the wrist feels them, and a small network.

The recordings are those of the package seglearn (BSD-3-Clause; D. Burns and others, https://arxiv.org/abs/1802.01489):
ten people, both arms, seven exercises, three axes of acceleration and three of rotation, 50 times a second. HELD_OUT
are people who are never trained on. A training takes about a minute; `--quick` makes it short, to see that it works.

    pip install --no-deps seglearn
    python examples/gestures/train.py [--quick] [--out FOLDER] [--seed 3]
"""

from __future__ import annotations

import argparse
from importlib.metadata import files
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from boardproof.features import scaled_window

RATE = 50
HOP = 25
ROWS = 8
"""Windows of half a second that the network sees at once: four seconds."""
UNITS = 1000
"""Of the sensor's integers for 1 g, and for 1 radian a second."""
RANGES = (3000, 3000, 3000, 6000, 6000, 6000)
LABELS = ("pendulum", "abduction", "elevation", "internal rotation", "external rotation", "trapezius", "row")
TUNED_ON = (8,)
"""Who decisions are tuned on, by number."""
HELD_OUT = (9, 10)
"""Who is heard only by the test, by number."""
SHORT = 14
"""Seconds of each exercise in the recording that is committed."""

HERE = Path(__file__).parent

Piece = tuple[np.ndarray, int]
"""Samples [samples, 6] int16, and the exercise's place in LABELS."""


def recordings() -> dict[int, list[Piece]]:
    """Of each person, all exercises of the one arm and then of the other. The package itself is not imported."""
    found = [file for file in files("seglearn") or [] if file.name == "watch_dataset.npy"]
    data = np.load(found[0].locate(), allow_pickle=True).item()
    people: dict[int, list[Piece]] = {}
    for i in np.lexsort((data["y"], data["side"], data["subject"])):
        samples = np.clip(np.rint(data["X"][i] * UNITS), -32768, 32767).astype(np.int16)
        people.setdefault(int(data["subject"][i]), []).append((samples, int(data["y"][i])))
    return people


def windows(features: np.ndarray, exercise: int) -> tuple[np.ndarray, np.ndarray]:
    """Of one exercise, all that the network would see: [windows, ROWS, HOP, axes] int8, and the labels."""
    x = np.stack([features[last - ROWS : last] for last in range(ROWS, len(features) + 1)])
    return x, np.full(len(x), exercise)


def examples(people: dict[int, list[Piece]], who: list[int], offsets: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Windows of people, cut from each of the offsets on: [windows, samples, axes] float32, and labels."""
    front_end = scaled_window(window=HOP, hop=HOP, ranges=RANGES)
    pairs = [
        windows(front_end.compute(samples[offset:]), exercise)
        for person in who
        for samples, exercise in people[person]
        for offset in offsets
    ]
    x = np.concatenate([x for x, _ in pairs])
    return x.reshape(len(x), -1).astype(np.float32), np.concatenate([y for _, y in pairs])


def network() -> keras.Model:
    """Four convolutions over time, of some 7,000 parameters."""
    layers = keras.layers
    x = inputs = keras.Input((ROWS * HOP * len(RANGES),), name="rows")
    x = layers.Reshape((ROWS * HOP, 1, len(RANGES)))(x)
    for channels, width, stride in ((16, 8, 4), (24, 5, 2), (32, 5, 2), (32, 3, 2)):
        x = layers.Conv2D(channels, (width, 1), strides=(stride, 1), padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.Dropout(0.3)(layers.GlobalAveragePooling2D()(x))
    return keras.Model(inputs, layers.Dense(len(LABELS), activation="softmax")(x))


def trained(x: np.ndarray, y: np.ndarray, epochs: int) -> keras.Model:
    """A network that has seen the windows so many times."""
    model = network()
    rate = keras.optimizers.schedules.CosineDecay(2e-3, epochs * (len(x) // 64 + 1))
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, batch_size=64, epochs=epochs, verbose=2)
    return model


def quantized(model: keras.Model, x: np.ndarray) -> bytes:
    """int8 in and out; the input is the front end's integers, which the two rows at the ends of int8 bring about."""
    ends = np.stack([np.full(x.shape[1], value, np.float32) for value in (-128, 127)])
    representative = np.concatenate([ends, x[:: max(len(x) // 300, 1)]])
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    converter.representative_dataset = lambda: ([row[None]] for row in representative)
    return converter.convert()


def write_stream(path: Path, pieces: list[Piece], seconds: float | None = None) -> None:
    """One exercise after the other as one recording, each cut to so many seconds, and labels beside it."""
    cut = [(samples[: None if seconds is None else int(seconds * RATE)], exercise) for samples, exercise in pieces]
    np.savez_compressed(path, x=np.concatenate([samples for samples, _ in cut]), rate=RATE)
    ends = np.cumsum([len(samples) for samples, _ in cut]) / RATE
    lines = [
        f"{end - len(samples) / RATE:.2f}\t{end:.2f}\t{LABELS[exercise]}\n"
        for end, (samples, exercise) in zip(ends, cut, strict=True)
    ]
    path.with_suffix(".txt").write_text("".join(lines))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--out", type=Path, default=HERE)
    parser.add_argument("--seed", type=int, default=3)
    arguments = parser.parse_args()
    keras.utils.set_random_seed(arguments.seed)
    people = recordings()
    who = [person for person in people if person not in (*TUNED_ON, *HELD_OUT)]
    x, y = examples(people, who[:1] if arguments.quick else who, (0,) if arguments.quick else (0, 8, 16))
    print(f"{len(x)} windows: {dict(zip(LABELS, np.bincount(y, minlength=len(LABELS)).tolist(), strict=True))}")
    model = trained(x, y, 1 if arguments.quick else 12)
    for name, others in (("tuned on", TUNED_ON), ("held out", HELD_OUT)):
        test_x, test_y = examples(people, list(others), (0,))
        right = np.argmax(model.predict(test_x, verbose=0), axis=1) == test_y
        print(f"{name}: {right.mean():.3f} of {len(right)} windows right, as float32")
    arguments.out.mkdir(parents=True, exist_ok=True)
    scaled_window(window=HOP, hop=HOP, ranges=RANGES).save(arguments.out / "front_end.tflite")
    (arguments.out / "gestures.tflite").write_bytes(quantized(model, x))
    write_stream(arguments.out / "long-tune.npz", [piece for person in TUNED_ON for piece in people[person]])
    write_stream(arguments.out / "long-test.npz", [piece for person in HELD_OUT for piece in people[person]])
    write_stream(arguments.out / "test.npz", people[HELD_OUT[0]][: len(LABELS)], SHORT)


if __name__ == "__main__":
    main()

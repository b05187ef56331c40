"""Makes the gestures example: exercises of the shoulder, as a watch on the wrist feels them, and a small network.

The recordings are those of the package seglearn (BSD-3-Clause; D. Burns and others, https://arxiv.org/abs/1802.01489):
ten people, both arms, seven exercises, three axes of acceleration and three of rotation, 50 times a second. HELD_OUT
are people who are never trained on. They do exercises and nothing else; what stands for everything else ("other") is
computed: an arm that turns at random is trained on, one that swings as in walking is only tested on. A training takes
some minutes; `--quick` makes it short, to see that it works.

    pip install --no-deps seglearn
    python examples/gestures/train.py [--quick] [--out FOLDER] [--seed 3] [--control]
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
GRAVITY = 1000
"""In these units."""
LABELS = ("pendulum", "abduction", "elevation", "internal rotation", "external rotation", "trapezius", "row",
          "other")  # fmt: skip
OTHER = LABELS.index("other")
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


def _turned(rates: np.ndarray, gravity: np.ndarray) -> np.ndarray:
    """Gravity as a sensor feels it that turns at rates [samples, 3] in radians a second: [samples, 3]."""
    felt = np.empty((len(rates), 3))
    for i, rate in enumerate(rates / RATE):
        gravity = gravity - np.cross(rate, gravity)
        gravity /= np.linalg.norm(gravity)
        felt[i] = gravity
    return GRAVITY * felt


def _as_samples(acceleration: np.ndarray, rates: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    both = np.concatenate([acceleration, UNITS * rates], axis=1) + rng.normal(0, 15, (len(rates), 6))
    return np.clip(np.rint(both), -32768, 32767).astype(np.int16)


def turning(rng: np.random.Generator, seconds: float) -> np.ndarray:
    """An arm that turns and pushes at random, between stillness and haste: samples [samples, 6]. Computed."""
    count = int(seconds * RATE)
    width = int(rng.uniform(0.2, 1.5) * RATE)
    kernel = np.hanning(width + 2)[1:-1]
    kernel /= np.sqrt((kernel**2).sum())
    smooth = [np.convolve(rng.normal(size=count + width - 1), kernel, "valid") for _ in range(6)]
    moves = np.stack(smooth, axis=1) * rng.uniform(0, 1) ** 2
    rates = rng.uniform(0.5, 3) * moves[:, :3]
    direction = rng.normal(size=3)
    return _as_samples(_turned(rates, direction / np.linalg.norm(direction)) + 300 * moves[:, 3:], rates, rng)


def walking(rng: np.random.Generator, seconds: float) -> np.ndarray:
    """An arm that swings beside a walker: samples [samples, 6]. Computed, and never trained on."""
    time = np.arange(int(seconds * RATE)) / RATE
    step = 2 * np.pi * rng.uniform(0.8, 1.1)
    axis = rng.normal(size=3)
    axis /= np.linalg.norm(axis)
    rates = rng.uniform(0.8, 2.5) * np.cos(step * time)[:, None] * axis
    down = np.cross(axis, rng.normal(size=3))
    felt = _turned(rates, down / np.linalg.norm(down))
    return _as_samples(felt * (1 + rng.uniform(0.1, 0.3) * np.sin(2 * step * time + 1)[:, None]), rates, rng)


def varied(samples: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The same motion by someone faster or slower, whose watch sits a little otherwise."""
    speed = rng.uniform(0.8, 1.25)
    places = np.arange(0, len(samples) - 1, speed)
    found = np.stack([np.interp(places, np.arange(len(samples)), axis) for axis in samples.T], axis=1)
    found[:, 3:] *= speed
    angle, axis = rng.uniform(-0.4, 0.4), rng.normal(size=3)
    x, y, z = axis / np.linalg.norm(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    turn = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    found = np.concatenate([found[:, :3] @ turn.T, found[:, 3:] @ turn.T], axis=1)
    return np.clip(np.rint(found), -32768, 32767).astype(np.int16)


def windows(features: np.ndarray, exercise: int) -> tuple[np.ndarray, np.ndarray]:
    """Of one exercise, all that the network would see: [windows, ROWS, HOP, axes] int8, and the labels."""
    x = np.stack([features[last - ROWS : last] for last in range(ROWS, len(features) + 1)])
    return x, np.full(len(x), exercise)


def examples(pieces: list[Piece], offsets: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Windows of pieces, cut from each of the offsets on: [windows, samples * axes] float32, and labels."""
    front_end = scaled_window(window=HOP, hop=HOP, ranges=RANGES)
    pairs = [
        windows(front_end.compute(samples[offset:]), exercise) for samples, exercise in pieces for offset in offsets
    ]
    x = np.concatenate([x for x, _ in pairs])
    return x.reshape(len(x), -1).astype(np.float32), np.concatenate([y for _, y in pairs])


def training_pieces(people: dict[int, list[Piece]], who: list[int], rng: np.random.Generator) -> list[Piece]:
    """What people do, each once more varied; and other motion, as much as of two exercises."""
    done = [piece for person in who for piece in people[person]]
    seconds = sum(len(samples) for samples, _ in done) / RATE
    other = [(turning(rng, 30.0), OTHER) for _ in range(int(seconds / 30 * 2 / 7) + 1)]
    return done + [(varied(samples, rng), exercise) for samples, exercise in done] + other


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


def linear() -> keras.Model:
    """The control: one dense layer on the mean of each half second and axis, which is how the arm is held."""
    layers = keras.layers
    inputs = keras.Input((ROWS * HOP * len(RANGES),), name="rows")
    x = layers.Reshape((ROWS * HOP, 1, len(RANGES)))(inputs)
    x = layers.Flatten()(layers.AveragePooling2D((HOP, 1))(x))
    return keras.Model(inputs, layers.Dense(len(LABELS), activation="softmax")(layers.Rescaling(1 / 32)(x)))


def trained(x: np.ndarray, y: np.ndarray, model: keras.Model, epochs: int) -> keras.Model:
    """The model, after it has seen the windows so many times."""
    rate = keras.optimizers.schedules.CosineDecay(3e-3, epochs * (len(x) // 128 + 1))
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, batch_size=128, epochs=epochs, verbose=2)
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


def with_other(pieces: list[Piece], rng: np.random.Generator) -> list[Piece]:
    """After every second exercise half a minute of other motion: walking, and turning at random, in turn."""
    found: list[Piece] = []
    for number, piece in enumerate(pieces):
        found.append(piece)
        if number % 2:
            found.append(((walking if number % 4 == 1 else turning)(rng, 30.0), OTHER))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--out", type=Path, default=HERE)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--control", action="store_true", help="train one dense layer instead")
    arguments = parser.parse_args()
    keras.utils.set_random_seed(arguments.seed)
    rng = np.random.default_rng(arguments.seed)
    people = recordings()
    who = [person for person in people if person not in (*TUNED_ON, *HELD_OUT)]
    x, y = examples(
        training_pieces(people, who[:1] if arguments.quick else who, rng), (0,) if arguments.quick else (0, 12)
    )
    print(f"{len(x)} windows: {dict(zip(LABELS, np.bincount(y, minlength=len(LABELS)).tolist(), strict=True))}")
    model = trained(x, y, linear() if arguments.control else network(), 1 if arguments.quick else 12)
    for name, others in (("tuned on", TUNED_ON), ("held out", HELD_OUT)):
        test_x, test_y = examples([piece for person in others for piece in people[person]], (0,))
        right = np.argmax(model.predict(test_x, verbose=0), axis=1) == test_y
        print(f"{name}: {right.mean():.3f} of {len(right)} windows right, as float32")
    arguments.out.mkdir(parents=True, exist_ok=True)
    scaled_window(window=HOP, hop=HOP, ranges=RANGES).save(arguments.out / "front_end.tflite")
    (arguments.out / "gestures.tflite").write_bytes(quantized(model, x))
    motion = np.random.default_rng(0)  # the same other motion for every seed
    for name, others in (("tune", TUNED_ON), ("test", HELD_OUT)):
        for person in others:
            write_stream(arguments.out / f"long-{name}-{person}.npz", with_other(people[person], motion))
    write_stream(arguments.out / "test.npz", people[HELD_OUT[0]][:OTHER], SHORT)


if __name__ == "__main__":
    main()

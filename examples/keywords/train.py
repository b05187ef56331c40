"""Makes the keywords example: words spoken by synthesizers, a front end, a small network, recordings with labels.

Everything that is heard here is synthetic: espeak-ng and flite (apt-get install espeak-ng flite) speak the words
(`speech.py`), noises and rooms are computed (`streams.py`). Takes less than ten minutes on two cores; `--quick` makes
everything small, to see that it works. What is heard is the same for every seed. Controls: one dense layer on the same
features (`linear`); the same network on energies without noise reduction and gain control (`plain`); and training
without what varies it (`same`): other throats, parts of words, masks.

    python examples/keywords/train.py [--quick] [--out FOLDER] [--minutes 15] [--seed 7] [--control linear]
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import keras
import numpy as np
import tensorflow as tf
from speech import RATE, Word, check_voices, spoken
from streams import Label, stream, write_recording
from words import KEYWORDS, TESTED, TRAINED, TUNED, UNKNOWN

from boardproof.features import FrontEnd, log_mel

if TYPE_CHECKING:
    from collections.abc import Callable

HOP, WINDOW = 320, 480
ROWS = 49
"""Of features that the network sees: a second."""
CHANNELS = 40
STEP = 4
"""Rows from one output of the network to the next, where it is trained on more rows than it takes on the board."""
LABELS = ("background", UNKNOWN, *KEYWORDS)
AFTER_S = (0.08, 0.45)
"""How long ago a word ended when it is to be recognized: from when on it is clear that no more follows, until when."""

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Heard:
    """A stream's rows [rows, CHANNELS] int8; and of each as the last one of a window, its label and what it counts."""

    rows: np.ndarray
    labels: np.ndarray
    weights: np.ndarray


def heard_in(rows: np.ndarray, labels: list[Label]) -> Heard:
    """What is to be recognized in every window: a word that is whole and has just ended, another one, or nothing."""
    ends = (np.arange(len(rows)) * HOP + WINDOW) / RATE
    begins = ends - ((ROWS - 1) * HOP + WINDOW) / RATE
    what, weights = np.zeros(len(rows), np.int64), np.ones(len(rows), np.float32)
    for number, (start, stop, label) in enumerate(labels):
        following = labels[number + 1][0] if number + 1 < len(labels) else np.inf
        inside = (begins < stop) & (ends > start)
        ended = inside & (ends >= stop) & (ends < stop + AFTER_S[1] + 0.1)
        just = ended & (ends >= stop + AFTER_S[0]) & (ends < min(stop + AFTER_S[1], following))
        just &= begins <= start + 0.15 * (stop - start)
        what[inside] = LABELS.index(UNKNOWN)
        what[just] = LABELS.index(label)
        if label != UNKNOWN:
            weights[ended & ~just] = 0.0  # too early or too late: either is right
    return Heard(rows, what, weights)


def training_streams(
    rng: np.random.Generator, front_end: FrontEnd, words: list[Word], minutes: int, varied: bool
) -> list[Heard]:
    """So many streams of a minute."""
    made = (stream(rng, words, 60, varied) for _ in range(minutes))
    return [heard_in(front_end.compute(sound), labels) for sound, labels in made]


def network(rows: int | None = None) -> keras.Model:
    """A depthwise separable network of some 9,000 parameters: rows to scores, one set for each STEP of them.

    No layer pads, so that of more rows it makes the scores of every window of ROWS among them. The last one weighs what
    is where in the window, by which it knows a word that is whole and over from one that goes on.
    """
    layers = keras.layers
    x = inputs = keras.Input((rows, CHANNELS, 1), name="rows")
    x = layers.Conv2D(24, (7, 5), strides=2, use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    for channels, stride in ((48, 2), (48, 1), (64, 1)):
        x = layers.DepthwiseConv2D(3, strides=stride, use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
        x = layers.Conv2D(channels, 1, use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.Dropout(0.2)(layers.AveragePooling2D((1, 4))(x))
    x = layers.Conv2D(len(LABELS), (6, 1))(x)
    return keras.Model(inputs, layers.Softmax()(layers.Reshape((-1, len(LABELS)))(x)))


def linear(rows: int | None = None) -> keras.Model:
    """The control: one dense layer on a window, which as a convolution gives one set of scores for each STEP."""
    layers = keras.layers
    inputs = keras.Input((rows, CHANNELS, 1), name="rows")
    x = layers.Conv2D(len(LABELS), (ROWS, CHANNELS), strides=(STEP, 1))(layers.Rescaling(1 / 128)(inputs))
    return keras.Model(inputs, layers.Softmax()(layers.Reshape((-1, len(LABELS)))(x)))


def masked(rng: np.random.Generator, x: np.ndarray) -> np.ndarray:
    """Pieces [pieces, rows, CHANNELS], each with some rows and some channels at int8's least, as silence is."""
    hidden = np.zeros(x.shape, bool)
    for axis, stripes in ((1, 4), (2, 1)):
        places = np.arange(x.shape[axis])
        for _ in range(stripes):
            begin = rng.integers(0, len(places), (len(x), 1))
            stripe = (places >= begin) & (places < begin + rng.integers(0, 6, (len(x), 1)))
            hidden |= np.expand_dims(stripe, 3 - axis)
    return np.where(hidden, np.int8(-128), x)


def pieces(rng: np.random.Generator, streams: list[Heard], windows: int) -> tuple[np.ndarray, ...]:
    """All streams, cut from some row on into pieces of so many windows: rows, labels and weights, in any order."""
    length, x, y, weights = windows * STEP, [], [], []
    for stream_ in streams:
        first = int(rng.integers(0, length))
        for begin in range(first, len(stream_.rows) - ROWS - length, length):
            last = slice(begin + ROWS - 1, begin + ROWS - 1 + length, STEP)
            x.append(stream_.rows[begin : begin + ROWS - STEP + length])
            y.append(stream_.labels[last])
            weights.append(stream_.weights[last])
    order = rng.permutation(len(x))
    return np.stack(x)[order], np.stack(y)[order], np.stack(weights)[order]


def trained(
    rng: np.random.Generator, streams: list[Heard], make: Callable[..., keras.Model], epochs: int, varied: bool
) -> keras.Model:
    """The network for one window, after it has heard all streams so many times."""
    windows, batch = 40, 16
    model = make()
    steps = epochs * (len(pieces(rng, streams, windows)[0]) // batch + 1)
    rate = keras.optimizers.schedules.CosineDecay(4e-3, steps)
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", weighted_metrics=["accuracy"])
    for _ in range(epochs):
        x, y, weights = pieces(rng, streams, windows)
        x = masked(rng, x) if varied else x
        model.fit(x[..., None].astype(np.float32), y, sample_weight=weights, batch_size=batch, verbose=2)
    on_board = make(ROWS)
    on_board.set_weights(model.get_weights())
    return on_board


def quantized(model: keras.Model, streams: list[Heard]) -> bytes:
    """int8 in and out; the input is the features' integers, which two windows at the ends of int8 bring about."""
    ends = [np.full((ROWS, CHANNELS), value) for value in (-128, 127)]
    starts = [(heard, at) for heard in streams for at in range(0, len(heard.rows) - ROWS, 499)]
    representative = ends + [heard.rows[at : at + ROWS] for heard, at in starts[:: max(len(starts) // 300, 1)]]
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    converter.representative_dataset = lambda: ([rows[None, ..., None].astype(np.float32)] for rows in representative)
    return converter.convert()


def write_tests(out: Path, minutes: float, quick: bool) -> None:
    """Long recordings of voices and words that were not trained on: one to tune on, and one to judge by."""
    for name, who, seed in (("long-tune", TUNED, 1), ("long-test", TESTED, 2)):
        rng = np.random.default_rng(seed)
        words = spoken(rng, who, *((2, 6) if quick else (70, 300)))
        write_recording(out / f"{name}.wav", *stream(rng, words, 60 * minutes))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--out", type=Path, default=HERE)
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--control", choices=("linear", "plain", "same"))
    arguments = parser.parse_args()
    check_voices()
    rng = np.random.default_rng(7)  # what is heard is the same for every seed
    keras.utils.set_random_seed(arguments.seed)
    cleans, varied = arguments.control != "plain", arguments.control != "same"
    front_end = log_mel(
        rate=RATE, window_ms=30, stride_ms=20, channels=CHANNELS, noise_reduction=cleans, gain_control=cleans
    )
    words = spoken(rng, TRAINED, *((3, 10) if arguments.quick else (400, 1600)))
    streams = training_streams(rng, front_end, words, 1 if arguments.quick else 120, varied)
    made_of = linear if arguments.control == "linear" else network
    model = trained(np.random.default_rng(arguments.seed), streams, made_of, 1 if arguments.quick else 20, varied)
    arguments.out.mkdir(parents=True, exist_ok=True)
    front_end.save(arguments.out / "front_end.tflite")
    (arguments.out / "keywords.tflite").write_bytes(quantized(model, streams))
    write_tests(arguments.out, arguments.minutes, arguments.quick)


if __name__ == "__main__":
    main()

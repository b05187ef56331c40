"""Makes the keywords example: words spoken by synthesizers, a front end, a small network, a recording with labels.

Everything that is heard here is synthetic: espeak-ng and flite (apt-get install espeak-ng flite) speak the words, and
the noise is computed. Takes some minutes on two cores; `--quick` makes everything small, to see that it works. The
recordings are the same for every seed. Controls: the same network on energies without noise reduction and gain control
(`plain`), and one dense layer on the same features (`linear`).

    python examples/keywords/train.py [--quick] [--out FOLDER] [--minutes 15] [--seed 7] [--control plain]
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import wave
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from boardproof.features import log_mel

RATE = 16000
HOP = 320
ROWS = 49
LABELS = ("background", "unknown", "yes", "no", "stop")
WORDS = LABELS[2:]
OTHERS = [
    "maybe",
    "left",
    "right",
    "seven",
    "nine",
    "hello",
    "window",
    "table",
    "yellow",
    "now",
    "stone",
    "list",
    "yet",
    "note",
    "top",
    "snow",
]
NEVER_TRAINED = ["paper", "river", "yard", "noble", "stock", "mess", "gold", "garden", "yesterday", "know"]
"""Other words that only the test has, beside OTHERS."""

HERE = Path(__file__).parent

ESPEAK = [f"{accent}+{variant}" for accent in ("en-us", "en-gb", "en-gb-scotland", "en-029") for variant in
          ("m1", "m2", "m3", "m4", "m5", "m7", "f1", "f2", "f3", "f4")]  # fmt: skip
FLITE = ("kal", "awb", "rms", "slt")
HELD_OUT = {"en-gb+m3", "en-us+f3", "en-029+m5", "en-gb-scotland+f1", "rms"}
"""Voices that no training example has."""


def speak(text: str, voice: str, speed: float, pitch: int) -> np.ndarray:
    """A word as int16 at RATE, without silence around it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "word.wav")
        if voice in FLITE:
            stretch = f"--setf duration_stretch={1 / speed:.2f}".split()
            command = ["flite", "-voice", voice, *stretch, "-t", text, "-o", str(path)]
        else:
            command = ["espeak-ng", "-v", voice, "-s", str(round(160 * speed)), "-p", str(pitch), "-w", str(path), text]
        subprocess.run(command, check=True, capture_output=True)
        with wave.open(str(path)) as file:
            rate = file.getframerate()
            samples = np.frombuffer(file.readframes(file.getnframes()), np.int16).astype(np.float32)
    places = np.arange(0, len(samples) - 1, rate / RATE)
    samples = np.interp(places, np.arange(len(samples)), samples)
    loud = np.flatnonzero(np.abs(samples) > 0.02 * np.abs(samples).max())
    return samples[loud[0] : loud[-1] + 1] if len(loud) else samples


def vocabulary(
    rng: np.random.Generator, voices: list[str], times: int, others: list[str]
) -> list[tuple[str, np.ndarray]]:
    """Every word by every voice, `times` times, each spoken otherwise; and some of the others."""
    found = []
    for voice in voices:
        for word in [*WORDS * times, *rng.permutation(others)[: 4 * times]]:
            found.append((str(word), speak(str(word), voice, rng.uniform(0.75, 1.3), int(rng.integers(20, 80)))))
    return found


def noise(rng: np.random.Generator, count: int) -> np.ndarray:
    """Hiss, rumble and a hum that come and go, with a root mean square of about 1."""
    white = rng.normal(size=count)
    rumble = np.cumsum(rng.normal(size=count))
    rumble -= np.convolve(rumble, np.ones(2000) / 2000, "same")
    hum = np.sin(2 * np.pi * rng.uniform(90, 400) * np.arange(count) / RATE)
    steps = np.linspace(0, 1, max(count // (4 * RATE), 2))
    mix = [np.interp(np.linspace(0, 1, count), steps, rng.uniform(0, 1, len(steps))) for _ in range(3)]
    return mix[0] * white + mix[1] * rumble / (rumble.std() + 1e-9) + 0.5 * mix[2] * hum


def stream(
    rng: np.random.Generator, words: list[tuple[str, np.ndarray]], seconds: float
) -> tuple[np.ndarray, list[tuple[float, float, str]]]:
    """Words with pauses over noise: int16 samples, and (start, end, label) in seconds."""
    count = int(seconds * RATE)
    sound = noise(rng, count) * np.interp(np.linspace(0, 1, count), np.linspace(0, 1, 9), rng.uniform(20, 500, 9))
    labels = []
    at = int(rng.uniform(0.7, 1.5) * RATE)
    while True:
        text, word = words[rng.integers(len(words))]
        if at + len(word) > count - RATE // 2:
            break
        level = 10 ** rng.uniform(3.2, 3.9) / (np.sqrt(np.mean(word**2)) + 1e-9)
        sound[at : at + len(word)] += word * level
        label = text if text in WORDS else "unknown"
        labels.append((at / RATE, (at + len(word)) / RATE, label))
        at += len(word) + int(rng.uniform(0.5, 2.0) * RATE)
    return np.clip(sound, -32768, 32767).astype(np.int16), labels


def windows(features: np.ndarray, labels: list[tuple[float, float, str]]) -> tuple[np.ndarray, np.ndarray]:
    """Windows of rows with what is heard in them: a word that is whole and has just ended, nothing, or neither."""
    x, y = [], []
    for last in range(ROWS - 1, len(features)):
        end = (last * HOP + 480) / RATE
        begin = end - (ROWS - 1) * HOP / RATE - 0.03
        whole = [label for start, stop, label in labels if begin <= start and stop <= end and end - stop < 0.3]
        part = any(start < end and stop > begin for start, stop, _ in labels)
        if whole:
            y.append(LABELS.index(whole[-1]))
        elif not part:
            if last % 3:
                continue
            y.append(0)
        elif last % 4 == 0:  # a word's beginning, or its end: nothing to decide yet, or no more
            y.append(1)
        else:
            continue
        x.append(features[last - ROWS + 1 : last + 1])
    return np.stack(x), np.array(y)


def network() -> keras.Model:
    """A depthwise separable network of some 5,000 parameters."""
    layers = keras.layers
    x = inputs = keras.Input((ROWS * 40,), name="rows")
    x = layers.Reshape((ROWS, 40, 1))(x)
    x = layers.Conv2D(24, (8, 5), strides=(2, 2), padding="same", use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    for channels, stride in ((32, 2), (32, 1), (48, 2)):
        x = layers.DepthwiseConv2D(3, strides=stride, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
        x = layers.Conv2D(channels, 1, use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.Dropout(0.2)(layers.GlobalAveragePooling2D()(x))
    return keras.Model(inputs, layers.Dense(len(LABELS), activation="softmax")(x))


def linear() -> keras.Model:
    """The control: one dense layer."""
    inputs = keras.Input((ROWS * 40,), name="rows")
    return keras.Model(
        inputs, keras.layers.Dense(len(LABELS), activation="softmax")(keras.layers.Rescaling(1 / 128)(inputs))
    )


def quantized(model: keras.Model, x: np.ndarray) -> bytes:
    """int8 in and out; the input is the features' integers, which the two rows at the ends of int8 bring about."""
    ends = np.stack([np.full(x.shape[1], value, np.float32) for value in (-128, 127)])
    representative = np.concatenate([ends, x[:: max(len(x) // 300, 1)].astype(np.float32)])
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    converter.representative_dataset = lambda: ([row[None]] for row in representative)
    return converter.convert()


def write_recording(path: Path, sound: np.ndarray, labels: list[tuple[float, float, str]]) -> None:
    """A .wav, and an Audacity label track beside it."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(sound.tobytes())
    path.with_suffix(".txt").write_text("".join(f"{a:.3f}\t{b:.3f}\t{label}\n" for a, b, label in labels))


def trained(x: np.ndarray, y: np.ndarray, model: keras.Model, epochs: int) -> keras.Model:
    """The model, after it has seen the windows so many times."""
    rate = keras.optimizers.schedules.CosineDecay(2e-3, epochs * (len(x) // 64 + 1))
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x.astype(np.float32), y, batch_size=64, epochs=epochs, verbose=2)
    return model


def write_tests(out: Path, trained_on: list[str], minutes: float, quick: bool) -> None:
    """Long recordings: to tune on, of voices that were trained on; and three times as long to judge by, of others."""
    rng = np.random.default_rng(2)
    times = 1 if quick else 2
    tune = vocabulary(rng, trained_on, times, OTHERS)
    write_recording(out / "long-tune.wav", *stream(rng, tune, 20 * minutes))
    test = vocabulary(rng, sorted(HELD_OUT)[:1] if quick else sorted(HELD_OUT), times, OTHERS + NEVER_TRAINED)
    write_recording(out / "long-test.wav", *stream(rng, test, 60 * minutes))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--out", type=Path, default=HERE)
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--control", choices=("plain", "linear"))
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    keras.utils.set_random_seed(arguments.seed)
    cleans = arguments.control != "plain"
    front_end = log_mel(rate=RATE, window_ms=30, stride_ms=20, channels=40, noise_reduction=cleans, gain_control=cleans)
    voices = [voice for voice in (*ESPEAK, *FLITE) if voice not in HELD_OUT][: 2 if arguments.quick else None]
    words = vocabulary(rng, voices, 1 if arguments.quick else 2, OTHERS)
    made = [stream(rng, words, 20 if arguments.quick else 60) for _ in range(2 if arguments.quick else 20)]
    pairs = [windows(front_end.compute(sound), labels) for sound, labels in made]
    x = np.concatenate([x for x, _ in pairs]).reshape(-1, ROWS * 40)
    y = np.concatenate([y for _, y in pairs])
    print(f"{len(x)} windows: {dict(zip(LABELS, np.bincount(y, minlength=len(LABELS)).tolist(), strict=True))}")
    made_of = linear() if arguments.control == "linear" else network()
    model = trained(x, y, made_of, 1 if arguments.quick else 14)
    arguments.out.mkdir(parents=True, exist_ok=True)
    front_end.save(arguments.out / "front_end.tflite")
    (arguments.out / "keywords.tflite").write_bytes(quantized(model, x))
    write_tests(arguments.out, voices, arguments.minutes, arguments.quick)


if __name__ == "__main__":
    main()

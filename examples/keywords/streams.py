"""Words with pauses over noise, as one recording with labels; rooms, noises and other throats are computed."""

from __future__ import annotations

import wave
from typing import TYPE_CHECKING

import numpy as np
from speech import RATE, Word
from words import UNKNOWN

if TYPE_CHECKING:
    from pathlib import Path

Label = tuple[float, float, str]
"""From when to when, in seconds, and what."""


def noise(rng: np.random.Generator, count: int) -> np.ndarray:
    """Hiss, rumble and a hum that come and go, with a root mean square of about 1."""
    white = rng.normal(size=count)
    rumble = np.cumsum(rng.normal(size=count))
    rumble -= np.convolve(rumble, np.ones(2000) / 2000, "same")
    hum = np.sin(2 * np.pi * rng.uniform(90, 400) * np.arange(count) / RATE)
    steps = np.linspace(0, 1, max(count // (4 * RATE), 2))
    mix = [np.interp(np.linspace(0, 1, count), steps, rng.uniform(0, 1, len(steps))) for _ in range(3)]
    return mix[0] * white + mix[1] * rumble / (rumble.std() + 1e-9) + 0.5 * mix[2] * hum


def room(rng: np.random.Generator, word: np.ndarray) -> np.ndarray:
    """The word as a room and a microphone pass it on: echoes that die away, highs or lows a little weaker."""
    fades = rng.uniform(0.03, 0.12)
    count = int(3 * fades * RATE)
    echoes = rng.normal(size=count) * np.exp(-np.arange(count) / (fades * RATE))
    echoes *= rng.uniform(0, 0.7) / np.sqrt((echoes**2).sum())
    echoes[0] = 1.0
    echoes[1] += rng.uniform(-0.6, 0.6)
    size = 1 << (len(word) + count).bit_length()
    both = np.fft.irfft(np.fft.rfft(word, size) * np.fft.rfft(echoes, size), size)
    return both[: len(word) + count].astype(np.float32)


def resized(rng: np.random.Generator, word: np.ndarray) -> np.ndarray:
    """The word out of a smaller or a larger throat: faster and higher, or slower and lower."""
    places = np.arange(0, len(word) - 1, rng.uniform(0.87, 1.15))
    return np.interp(places, np.arange(len(word)), word).astype(np.float32)


def disguised(rng: np.random.Generator, words: list[Word]) -> np.ndarray:
    """What has a keyword in it and is none: a part of one, or one with another word right behind it."""
    keywords = [word for label, word in words if label != UNKNOWN]
    word = keywords[rng.integers(len(keywords))]
    if rng.uniform() < 0.5:
        kept = int(len(word) * rng.uniform(0.3, 0.65))
        cut = (word[:kept] if rng.uniform() < 0.5 else word[-kept:]).copy()
        fade = min(RATE // 100, kept)
        cut[:fade] *= np.linspace(0, 1, fade)
        cut[-fade:] *= np.linspace(1, 0, fade)
        return cut
    other = words[rng.integers(len(words))][1]
    pair = (word, other) if rng.uniform() < 0.5 else (other, word)
    return np.concatenate([part / (np.sqrt(np.mean(part**2)) + 1e-9) for part in pair])


def stream(
    rng: np.random.Generator, words: list[Word], seconds: float, varied: bool = False
) -> tuple[np.ndarray, list[Label]]:
    """Words with pauses over noise: int16 samples, and labels. `varied`: as for training, of more kinds."""
    count = int(seconds * RATE)
    sound = noise(rng, count) * np.interp(np.linspace(0, 1, count), np.linspace(0, 1, 9), rng.uniform(20, 500, 9))
    labels: list[Label] = []
    at = int(rng.uniform(0.7, 1.5) * RATE)
    while True:
        label, word = words[rng.integers(len(words))]
        if varied:
            if rng.uniform() < 0.12:
                label, word = UNKNOWN, disguised(rng, words)
            word = resized(rng, word)
        if at + len(word) > count - RATE // 2:
            break
        heard = room(rng, word) if rng.uniform() < 0.5 else word
        level = 10 ** rng.uniform(3.2, 3.9) / (np.sqrt(np.mean(word**2)) + 1e-9)
        part = sound[at : at + len(heard)]
        part += heard[: len(part)] * level
        labels.append((at / RATE, (at + len(word)) / RATE, label))
        at += len(word) + int(rng.uniform(0.5, 2.0) * RATE)
    return np.clip(sound, -32768, 32767).astype(np.int16), labels


def write_recording(path: Path, sound: np.ndarray, labels: list[Label]) -> None:
    """A .wav, and an Audacity label track beside it."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(sound.tobytes())
    path.with_suffix(".txt").write_text("".join(f"{a:.3f}\t{b:.3f}\t{label}\n" for a, b, label in labels))

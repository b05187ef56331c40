"""Words that synthesizers speak: espeak-ng and flite (apt-get install espeak-ng flite)."""

from __future__ import annotations

import subprocess
import tempfile
import wave
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from words import ACCENTS, CODAS, KEYWORDS, ONSETS, TESTED, TRAINED, TUNED, UNKNOWN, VOWELS, Speakers

RATE = 16000

Word = tuple[str, np.ndarray]
"""A label, and samples [samples] float32 at RATE."""


def check_voices() -> None:
    """Raises SystemExit where a synthesizer is missing, or has not the voices: espeak-ng takes any name for one."""
    try:
        listed = [
            subprocess.run(command, check=True, capture_output=True, text=True).stdout
            for command in (["espeak-ng", "--voices=variant"], ["espeak-ng", "--voices=en"], ["flite", "-lv"])
        ]
    except FileNotFoundError as error:
        raise SystemExit(f"{error.filename} is not installed: apt-get install espeak-ng flite") from error
    there = set(" ".join(listed).replace("/", " ").split())
    wanted = {name for who in (TRAINED, TUNED, TESTED) for name in (*who.variants, *who.flite)} | set(ACCENTS)
    if missing := sorted(wanted - there):
        raise SystemExit(f"This espeak-ng or flite has not the voices {', '.join(missing)}; 1.51 and 2.2 have them.")


def speak(text: str, voice: str, speed: float, pitch: int) -> np.ndarray:
    """A text as float32 at RATE, without silence around it. `voice`: of flite, or accent+variant of espeak-ng."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "word.wav")
        if "+" not in voice:
            stretch = f"--setf duration_stretch={1 / speed:.2f}".split()
            command = ["flite", "-voice", voice, *stretch, "-t", text, "-o", str(path)]
        else:
            command = ["espeak-ng", "-v", voice, "-s", str(round(160 * speed)), "-p", str(pitch), "-w", str(path), text]
        subprocess.run(command, check=True, capture_output=True)
        with wave.open(str(path)) as file:
            rate = file.getframerate()
            samples = np.frombuffer(file.readframes(file.getnframes()), np.int16).astype(np.float32)
    places = np.arange(0, len(samples) - 1, rate / RATE)
    samples = np.interp(places, np.arange(len(samples)), samples).astype(np.float32)
    loud = np.flatnonzero(np.abs(samples) > 0.02 * np.abs(samples).max())
    return samples[loud[0] : loud[-1] + 1] if len(loud) else samples


def invented(rng: np.random.Generator) -> str:
    """A syllable or two that are no word, or not one that is listened for."""
    while True:
        syllables = [
            "".join(str(rng.choice(part)) for part in (ONSETS, VOWELS, CODAS)) for _ in range(rng.integers(1, 3))
        ]
        if not set(syllables) & {"yes", "stop"}:
            return "".join(syllables)


def _other(rng: np.random.Generator, others: tuple[str, ...]) -> str:
    """Something that is no keyword: mostly one word, at times several, or an invented one."""
    kind = rng.uniform()
    if kind < 0.15:
        return invented(rng)
    return " ".join(rng.choice(others, rng.integers(2, 5) if kind < 0.3 else 1))


def spoken(rng: np.random.Generator, who: Speakers, times: int, others: int) -> list[Word]:
    """Every keyword so many times and so many others, each by a voice, a speed and a pitch at random."""
    texts = [*KEYWORDS * times, *(_other(rng, who.others) for _ in range(others))]
    how = []
    for _ in texts:
        of_espeak = rng.uniform() < 0.8
        voice = f"{rng.choice(ACCENTS)}+{rng.choice(who.variants)}" if of_espeak else str(rng.choice(who.flite))
        how.append((voice, rng.uniform(0.75, 1.3), int(rng.integers(15, 85))))
    with ThreadPoolExecutor(4) as threads:
        sounds = threads.map(speak, texts, *zip(*how, strict=True))
        labels = (text if text in KEYWORDS else UNKNOWN for text in texts)
        return [(label, sound) for label, sound in zip(labels, sounds, strict=True) if len(sound) > RATE // 20]

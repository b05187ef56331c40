"""micro_speech's front end, as TensorFlow Lite Micro ships it, on this machine and on the emulated board."""

from __future__ import annotations

import shutil
import wave

import numpy as np
import pytest

from e2e.test_run import assert_exact, reference_model, run_json

WINDOW, HOP = 480, 320


def windows(recording):
    """Every hop of a recording, in order: the front end remembers what it heard."""
    with wave.open(str(recording)) as opened:
        samples = np.frombuffer(opened.readframes(opened.getnframes()), np.int16)
    hops = range(0, len(samples) - WINDOW + 1, HOP)
    return np.stack([samples[at : at + WINDOW] for at in hops])[:, None]


@pytest.mark.parametrize("board", ["native", "mps2-an386"])
def test_every_hop_is_exact(board, tmp_path, capsys):
    if board == "mps2-an386" and not shutil.which("qemu-system-arm"):
        pytest.skip("qemu-system-arm not on PATH")
    recording = reference_model("../clips/yes_1000ms.wav")
    np.savez(tmp_path / "windows.npz", x=windows(recording))
    arguments = ("--board", board, "--samples", str(tmp_path / "windows.npz"), "--out", str(tmp_path / "project"))
    assert_exact(run_json(capsys, reference_model("audio_preprocessor_int8.tflite"), *arguments), 49)

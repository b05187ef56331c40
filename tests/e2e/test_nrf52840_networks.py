"""Keyword spotting, from MLPerf Tiny, on the nRF52840 under unicorn. The network is not in this repository, so that its
absence is no failure even where QEMU tests must run.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from boardproof.device.build.compile import build
from boardproof.device.protocol.app_session import AppSession
from boardproof.device.protocol.session import Session
from boardproof.model.oracle import run_oracle
from boardproof.model.recordings import read_recording
from boardproof.model.samples import Vectors
from boardproof.model.tflite.reader import read_tflite
from boardproof.project.apps.render import render_application
from boardproof.project.apps.settings import read_application
from boardproof.project.boards import BOARDS
from boardproof.project.render import render
from boardproof.project.resources import resource_root
from boardproof.project.runtimes import RUNTIMES
from boardproof.project.runtimes.base import Options
from boardproof.proof.agreement import differences
from boardproof.proof.compare import compare, run_on_board
from boardproof.proof.expectation import expect
from boardproof.proof.playing import Player, whole
from e2e.test_replay import MICRO_SPEECH
from e2e.test_run import reference_model
from support.nrf52840_unicorn import UnicornLink

SAMPLES = 12


@pytest.fixture
def keywords() -> tuple[bytes, Vectors]:
    """The network, and some of its samples."""
    if shutil.which("arm-none-eabi-gcc") is None:
        pytest.skip("arm-none-eabi-gcc not on PATH")
    folder = Path(os.environ.get("BOARDPROOF_MODELS", resource_root().parent / "shared" / "models"))
    network, samples = folder / "kws_ref_model.tflite", folder / "kws01_200.npz"
    if not network.is_file() or not samples.is_file():
        pytest.skip(f"no {network.name} and {samples.name} in {folder}: name their folder in BOARDPROOF_MODELS")
    with np.load(samples) as arrays:
        return network.read_bytes(), Vectors((arrays["x"][:SAMPLES, None],))


def test_keyword_spotting_is_exact(keywords: tuple[bytes, Vectors], tmp_path: Path):
    data, inputs = keywords
    project, _ = render(read_tflite(data), data, BOARDS["nrf52840-renode"], RUNTIMES["aot"], Options())
    firmware = build(project, tmp_path / "project")
    with UnicornLink(firmware.elf) as link:
        run = run_on_board(Session(link, firmware.model_sha256), inputs)
    verdict = compare(run_oracle(data, inputs), run)
    assert verdict.agrees, verdict


def test_micro_speech_hears_yes_and_no(tmp_path: Path):
    names = {"front": "audio_preprocessor_int8.tflite", "network": "micro_speech_quantized.tflite"}
    paths = {part: reference_model(name) for part, name in names.items()}
    (tmp_path / "boardproof.toml").write_text(MICRO_SPEECH.format(**paths))
    application = read_application(tmp_path)
    board = BOARDS["nrf52840-renode"]
    firmware = build(render_application(application, board, RUNTIMES["aot"], Options()), tmp_path / "project")
    heard = {}
    with UnicornLink(firmware.elf) as link:
        session = AppSession(link, application.network.sha256)
        for name in ("yes", "no", "noise", "silence"):
            clip = read_recording(Path(reference_model(f"../clips/{name}_1000ms.wav")), application.form)
            played = Player(session, application).play(whole(clip.samples))
            expected = expect(application, played.hops)
            assert differences(played, expected) == ()
            heard[name] = [application.labels[decision.label] for decision in expected.heard]
    assert heard == {"yes": ["yes"], "no": ["no"], "noise": [], "silence": []}

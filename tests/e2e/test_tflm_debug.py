"""Debug builds of TensorFlow Lite Micro firmware keep the library's error texts, and release builds none of them.

Runs where BOARDPROOF_TFLM_LIB names a copy of the library. The first debug build compiles it all again: minutes.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest

from boardproof.device.build.compile import build
from boardproof.device.failures import ModelFailedError
from boardproof.device.protocol.session import Session
from boardproof.device.reach.links import open_link
from boardproof.device.tflm.arena import STAND_IN
from boardproof.model.oracle import run_oracle
from boardproof.model.tflite.reader import read_tflite
from boardproof.model.vectors import random_vectors
from boardproof.project.boards import BOARDS
from boardproof.project.render import render
from boardproof.project.runtimes.base import Options
from boardproof.project.runtimes.tflm import TflmRuntime
from support.tflm import conv_model, real_library, single_operator_model

if TYPE_CHECKING:
    from pathlib import Path

    from boardproof.device.types import Firmware

BOARD = BOARDS[STAND_IN]
LIBRARY_TEXTS = (
    b"Failed to allocate memory for node_and_registrations.",
    b"Failed to populate a temp TfLiteTensor struct from flatbuffer data!",
    b"Invoke() called after initialization failed",
)
"""In functions that every firmware has."""
REFUSED = "Only float32 is supported currently, got INT16"
"""What the library says of a RELU of int16."""


@pytest.fixture(scope="module")
def library() -> Path:
    missing = [name for name in ("arm-none-eabi-gcc", "qemu-system-arm") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} not on PATH")
    return real_library()


def firmware(data: bytes, library: Path, root: Path, *, debug: bool) -> Firmware:
    options = Options(tflm_lib=str(library), arena_bytes=16 * 1024, debug=debug)
    project, _ = render(read_tflite(data), data, BOARD, TflmRuntime(), options)
    return build(project, root / ("debug" if debug else "release"))


def test_a_debug_build_runs_and_keeps_the_texts_that_a_release_build_strips(library: Path, tmp_path: Path):
    data = conv_model()
    release, debug = (firmware(data, library, tmp_path, debug=debug) for debug in (False, True))
    for text in LIBRARY_TEXTS:
        assert text not in release.elf.read_bytes()
        assert text in debug.elf.read_bytes()
    assert debug.flash_bytes - release.flash_bytes > 10_000
    vectors = random_vectors(read_tflite(data), 3, seed=5)
    expected = run_oracle(data, vectors).arrays[0]
    for built in (release, debug):
        with open_link(built, BOARD) as link:
            session = Session(link, built.model_sha256)
            got = [session.infer((sample,)).outputs[0] for sample in vectors.arrays[0]]
        np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("debug", [False, True])
def test_an_operator_that_fails_speaks_for_itself_in_a_debug_build(library: Path, tmp_path: Path, *, debug: bool):
    data = single_operator_model("RELU", dtype="int16")
    built = firmware(data, library, tmp_path, debug=debug)
    sample = random_vectors(read_tflite(data), 1, seed=5).arrays[0][0]
    with open_link(built, BOARD) as link, pytest.raises(ModelFailedError) as caught:
        Session(link, built.model_sha256).infer((sample,))
    assert "failed while running: operator 0" in caught.value.message
    assert (REFUSED in caught.value.message) is debug
    assert caught.value.hint.startswith("Build with --debug for the library's own message")

"""TensorFlow Lite Micro on the nRF52840, as Renode gets it, run under unicorn.

Runs where BOARDPROOF_TFLM_LIB names a copy of the library. The first build takes minutes, the next ones 30 s in all.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from boardproof.device.build.compile import build
from boardproof.device.failures import ModelFailedError
from boardproof.device.protocol.session import Session
from boardproof.device.tflm.arena import STAND_IN, ArenaSource, Workload, find_arena
from boardproof.model.oracle import run_oracle
from boardproof.model.samples import Vectors
from boardproof.model.tflite.reader import read_tflite
from boardproof.model.vectors import random_vectors
from boardproof.project.boards import BOARDS, TickUnit
from boardproof.project.render import render
from boardproof.project.resources import resource_root
from boardproof.project.runtimes.base import Options
from boardproof.project.runtimes.tflm import TflmRuntime
from boardproof.project.runtimes.tflm.library import inspect_library
from boardproof.proof.compare import compare, run_on_board
from support.nrf52840_unicorn import UnicornLink
from support.tflm import conv_model, real_library

if TYPE_CHECKING:
    from boardproof.device.tflm.arena import ArenaSize
    from boardproof.device.types import Firmware

NRF52840 = BOARDS["nrf52840-renode"]
DATA = conv_model()
MODEL_ERROR_ARENA = -1
SAMPLES = 12
KWS_ARENA_BYTES = 32 * 1024


@pytest.fixture(scope="module")
def runtime() -> TflmRuntime:
    missing = [name for name in ("arm-none-eabi-gcc", "qemu-system-arm") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} not on PATH")
    return TflmRuntime(inspect_library(real_library()))


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tflm") / "project"


@pytest.fixture(scope="module")
def arena(runtime: TflmRuntime, root: Path) -> ArenaSize:
    return find_arena(Workload(read_tflite(DATA), DATA, runtime, Options()), NRF52840, root)


def build_firmware(data: bytes, runtime: TflmRuntime, arena_bytes: int, root: Path) -> Firmware:
    project, _ = render(read_tflite(data), data, NRF52840, runtime, Options(arena_bytes=arena_bytes))
    return build(project, root)


@pytest.fixture(scope="module")
def firmware(runtime: TflmRuntime, arena: ArenaSize, root: Path) -> Firmware:
    built = build_firmware(DATA, runtime, arena.arena_bytes, root)
    kept = shutil.copy(built.elf, root.parent / "firmware.elf")  # the same project is built again with less
    return replace(built, elf=kept)


def test_every_sample_is_exact(firmware: Firmware):
    inputs = random_vectors(read_tflite(DATA), SAMPLES, seed=3)
    with UnicornLink(firmware.elf) as link:
        run = run_on_board(Session(link, firmware.model_sha256), inputs)
    verdict = compare(run_oracle(DATA, inputs), run)
    assert verdict.agrees, verdict
    assert len(np.unique(run.outputs[0])) > 10  # outputs that vary: agreement means something


def test_hello_and_marks(firmware: Firmware, arena: ArenaSize):
    inputs = random_vectors(read_tflite(DATA), 1, seed=3)
    with UnicornLink(firmware.elf, counting=True) as link:
        run = run_on_board(Session(link, firmware.model_sha256), inputs)
    assert run.hello.runtime == "tflm"
    assert run.hello.tick_unit is TickUnit.INSTRUCTIONS
    assert len(run.op_ticks) == len(read_tflite(DATA).operators)
    assert min(run.op_ticks) > 0
    assert run.arena_used_bytes is not None
    assert arena.arena_bytes - 16 < run.arena_used_bytes <= arena.arena_bytes
    assert run.stack_bytes is not None
    assert 100 < run.stack_bytes < 4096


def test_the_arena_of_the_stand_in_is_the_smallest_here_too(runtime: TflmRuntime, arena: ArenaSize, root: Path):
    assert (arena.source, arena.measured_on) == (ArenaSource.MEASURED, STAND_IN)
    less = build_firmware(DATA, runtime, arena.arena_bytes - 16, root)
    with UnicornLink(less.elf) as link, pytest.raises(ModelFailedError) as caught:
        Session(link).connect()
    assert caught.value.code == MODEL_ERROR_ARENA
    assert caught.value.needed_bytes <= arena.arena_bytes


def test_keyword_spotting_is_exact(runtime: TflmRuntime, root: Path):
    folder = Path(os.environ.get("BOARDPROOF_MODELS", resource_root().parent / "shared" / "models"))
    network, samples = folder / "kws_ref_model.tflite", folder / "kws01_200.npz"
    if not network.is_file() or not samples.is_file():
        pytest.skip(f"no {network.name} and {samples.name} in {folder}: name their folder in BOARDPROOF_MODELS")
    data = network.read_bytes()
    with np.load(samples) as arrays:
        inputs = Vectors((arrays["x"][:SAMPLES, None],))
    built = build_firmware(data, runtime, KWS_ARENA_BYTES, root)
    with UnicornLink(built.elf) as link:
        run = run_on_board(Session(link, built.model_sha256), inputs)
    verdict = compare(run_oracle(data, inputs), run)
    assert verdict.agrees, verdict

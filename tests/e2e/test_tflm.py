"""Genuine TensorFlow Lite Micro firmware on the emulated Cortex-M4F: exact, in an arena that is measured and proved.

Runs where BOARDPROOF_TFLM_LIB names a copy of the library. The first build takes minutes, the next ones seconds.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from boardproof.device.arena_search import STAND_IN, ArenaSource, Workload, find_arena
from boardproof.device.build import build
from boardproof.device.failures import ModelFailedError
from boardproof.device.links import open_link
from boardproof.device.session import Session
from boardproof.errors import InputError
from boardproof.model.oracle import run_oracle
from boardproof.model.reader import read_tflite
from boardproof.model.samples import Vectors
from boardproof.model.vectors import random_vectors
from boardproof.project.boards import BOARDS
from boardproof.project.render import render
from boardproof.project.runtimes.base import Options
from boardproof.project.runtimes.tflm import TflmRuntime
from boardproof.project.runtimes.tflm_bound import arena_bound_bytes
from support.tflm import conv_model, dense_model, real_library

if TYPE_CHECKING:
    from boardproof.device.arena_search import ArenaSize
    from boardproof.device.types import Firmware
    from boardproof.model.graph import Graph

BOARD = BOARDS[STAND_IN]
SHARED_MODELS = Path(__file__).parents[3] / "shared" / "models"
MODEL_ERROR_ARENA = -1


@dataclass(frozen=True, slots=True)
class Built:
    """A network with its measured arena, and the firmware that has just that."""

    data: bytes
    graph: Graph
    options: Options
    arena: ArenaSize
    firmware: Firmware
    root: Path


@pytest.fixture(scope="module")
def library() -> Path:
    missing = [name for name in ("arm-none-eabi-gcc", "qemu-system-arm") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} not on PATH")
    return real_library()


def load(name: str) -> bytes:
    match name:
        case "conv":
            return conv_model()
        case "dense":
            return dense_model()
        case _:
            path = SHARED_MODELS / f"{name}.tflite"
            if not path.is_file():
                pytest.skip(f"there is no {path}")
            return path.read_bytes()


@pytest.fixture(
    scope="module",
    params=["conv", "dense", "hello_world_int8", "ad01_int8", "kws_ref_model", "pretrainedResnet_quant"],
)
def built(request: pytest.FixtureRequest, library: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    data = load(request.param)
    graph = read_tflite(data)
    root = tmp_path_factory.mktemp("tflm") / "project"
    options = Options(tflm_lib=str(library))
    arena = find_arena(Workload(graph, data, TflmRuntime(), options), BOARD, root)
    options = replace(options, arena_bytes=arena.arena_bytes)
    firmware = build_firmware(data, graph, options, root)
    kept = shutil.copy(firmware.elf, root.parent / "firmware.elf")  # the same project is built again with less
    return Built(data, graph, options, arena, replace(firmware, elf=Path(kept)), root)


def build_firmware(data: bytes, graph: Graph, options: Options, root: Path) -> Firmware:
    project, _ = render(graph, data, BOARD, TflmRuntime(), options)
    return build(project, root)


def workload(data: bytes, options: Options) -> Workload:
    return Workload(read_tflite(data), data, TflmRuntime(), options)


def vectors_for(built: Built, samples: int) -> Vectors:
    """Keyword recordings for the network that hears them, random numbers for the others."""
    if built.graph.input_tensors[0].shape == (1, 49, 10, 1) and (SHARED_MODELS / "kws01_200.npz").is_file():
        recordings = np.load(SHARED_MODELS / "kws01_200.npz")["x"]
        return Vectors((recordings[:, np.newaxis],))
    return random_vectors(built.graph, samples, seed=3)


def test_every_sample_is_exact(built: Built):
    vectors = vectors_for(built, 20)
    expected = run_oracle(built.data, vectors).arrays
    with open_link(built.firmware, BOARD) as link:
        session = Session(link, built.firmware.model_sha256)
        for sample in range(len(vectors.arrays[0])):
            got = session.infer(tuple(array[sample] for array in vectors.arrays))
            for output, wanted in zip(got.outputs, expected, strict=True):
                np.testing.assert_array_equal(output, wanted[sample])


def test_the_arena_was_measured_and_the_firmware_has_just_that(built: Built):
    assert built.arena.source is ArenaSource.MEASURED
    assert built.arena.measured_on == BOARD.name
    with open_link(built.firmware, BOARD) as link:
        session = Session(link)
        assert session.connect().arena_bytes == built.arena.smallest_bytes
        assert built.arena.arena_bytes - 16 < session.marks().arena_bytes <= built.arena.arena_bytes


def test_sixteen_bytes_less_fails_and_says_what_is_needed(built: Built):
    less = replace(built.options, arena_bytes=built.arena.arena_bytes - 16)
    firmware = build_firmware(built.data, built.graph, less, built.root)
    with open_link(firmware, BOARD) as link, pytest.raises(ModelFailedError) as caught:
        Session(link).connect()
    assert caught.value.code == MODEL_ERROR_ARENA
    assert less.arena_bytes < caught.value.needed_bytes <= built.arena.arena_bytes
    assert f"The tensor arena of {less.arena_bytes} bytes is too small" in caught.value.message


def test_the_bound_holds_where_it_can_be_checked(built: Built):
    assert arena_bound_bytes(built.graph, 32) >= built.arena.arena_bytes


def test_any_operators_output_can_be_read(built: Built):
    """The last one's is the network's; the first one's is what a network of that operator alone would give."""
    vectors = vectors_for(built, 1)
    inputs = tuple(array[0] for array in vectors.arrays)
    with open_link(built.firmware, BOARD) as link:
        session = Session(link)
        operators = len(session.connect().op_indices)
        outputs = session.infer(inputs).outputs
        (last,) = session.op_outputs(inputs, operators - 1, 1)
        (first,) = session.op_outputs(inputs, 0, 1)
        again = session.infer(inputs).outputs
    assert operators == len(built.graph.operators)
    np.testing.assert_array_equal(last, outputs[0])
    np.testing.assert_array_equal(again[0], outputs[0])
    assert first is not None
    assert first.shape == built.graph.tensors[built.graph.operators[0].output].shape


def test_per_channel_dense_weights_go_wrong_as_preflight_says(library: Path, tmp_path: Path):
    """Why that finding is an error. When this fails, the library has learned it, and so must the finding."""
    data = dense_model(per_channel=True)
    options = Options(tflm_lib=str(library), arena_bytes=8192)
    graph = read_tflite(data)
    assert "per-channel-fully-connected" in {f.code for f in TflmRuntime().check(graph, BOARD, options)}
    vectors = random_vectors(graph, 10, seed=3)
    with open_link(build_firmware(data, graph, options, tmp_path / "project"), BOARD) as link:
        session = Session(link)
        got = [session.infer((sample,)).outputs[0] for sample in vectors.arrays[0]]
    assert not np.array_equal(got, run_oracle(data, vectors).arrays[0])


def test_an_arena_the_user_gave_is_checked(library: Path, tmp_path: Path):
    data = conv_model()
    options = Options(tflm_lib=str(library), arena_bytes=256)
    with pytest.raises(InputError) as caught:
        find_arena(workload(data, options), BOARD, tmp_path / "project")
    assert caught.value.message.startswith("--arena-bytes 256 is too small: the model needs ")
    assert caught.value.hint.startswith("Leave --arena-bytes out, or give ")


def test_a_larger_arena_is_kept_and_the_waste_is_said(library: Path, tmp_path: Path):
    data = conv_model()
    options = Options(tflm_lib=str(library), arena_bytes=10_001)
    arena = find_arena(workload(data, options), BOARDS["nano33ble"], tmp_path / "project")
    assert (arena.arena_bytes, arena.source) == (10_016, ArenaSource.GIVEN)
    assert arena.arena_bytes == 10_016
    assert str(arena) == f"as given; {arena.smallest_bytes:,} bytes would do, measured on {STAND_IN}"


def test_without_an_emulator_the_size_is_a_bound_and_called_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    arena = find_arena(workload(conv_model(), Options()), BOARDS["nano33ble"], tmp_path / "project")
    assert (arena.source, arena.smallest_bytes, arena.measured_on) == (ArenaSource.BOUND, None, None)
    assert arena.arena_bytes == arena_bound_bytes(read_tflite(conv_model()), 32)
    assert "an upper bound, not measured: arm-none-eabi-gcc is not installed" in str(arena)


def test_without_an_emulator_a_hopeless_arena_is_still_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError) as caught:
        find_arena(workload(conv_model(), Options(arena_bytes=48)), BOARD, tmp_path / "project")
    assert "the activations alive at one moment alone take 68 bytes" in caught.value.message

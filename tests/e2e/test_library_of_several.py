"""Several networks in one library: built without boardproof's firmware, and each compared with tflite_micro."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import numpy as np
import pytest

from boardproof.cli.commands import run_command
from boardproof.device.build.compile import build
from boardproof.project.boards import BOARDS
from support.aot import WARNINGS, oracle_outputs
from support.flatbuffer_models import ModelBuilder
from support.sketches import library_project
from support.small_network import small_network
from support.streams import fifo_stream

if TYPE_CHECKING:
    from pathlib import Path

SAMPLES = 20
NAME = "sound_net"

# Runs both networks in turn on samples from stdin, and writes the outputs of both to stdout.
MAIN = """
#include "net.h"
#include "sound.h"
#include <stdio.h>

static uint8_t samples[SOUND_INPUT_WAVE_BYTES];

int main(void) {
    struct model_tensor tensor;
    if (net_init() != 0 || sound_init() != 0) {
        return 1;
    }
    for (;;) {
        if (net_input(NET_INPUT_T0, &tensor) != 0 || fread(tensor.data, 1, tensor.bytes, stdin) != NET_INPUT_T0_BYTES) {
            return 0;
        }
        if (net_invoke() != 0 || net_output(0, &tensor) != 0) {
            return 2;
        }
        fwrite(tensor.data, 1, tensor.bytes, stdout);
        if (fread(samples, 1, SOUND_INPUT_WAVE_BYTES, stdin) != SOUND_INPUT_WAVE_BYTES) {
            return 3;
        }
        sound_input(SOUND_INPUT_WAVE, &tensor);
        for (uint32_t i = 0; i < tensor.bytes; ++i) {
            ((uint8_t *)tensor.data)[i] = samples[i];
        }
        if (sound_invoke() != 0 || sound_output(SOUND_OUTPUT_CLASSES, &tensor) != 0) {
            return 4;
        }
        fwrite(tensor.data, 1, tensor.bytes, stdout);
    }
}
"""

USER = f"""
cmake_minimum_required(VERSION 3.13)
project(user LANGUAGES C)
add_subdirectory({NAME})
add_executable(user main.c)
target_link_libraries(user PRIVATE {NAME})
"""


def sound() -> bytes:
    """A dense layer that has a kernel in common with the small network."""
    rng = np.random.default_rng(8)
    builder = ModelBuilder()
    x = builder.add_tensor((1, 40), scale=0.5, zero_point=3, name="serving_default_wave:0")
    w = builder.add_tensor((7, 40), scale=0.01, data=rng.integers(-127, 128, (7, 40)))
    y = builder.add_tensor((1, 7), scale=0.9, zero_point=-5, name="classes")
    builder.add_operator("FULLY_CONNECTED", [x, w, -1], [y])
    return builder.build([x], [y])


def generate(folder: Path, *options: str, board: str = "native") -> Path:
    """One library of both networks."""
    for name, data in (("sound", sound()), ("small", small_network())):
        (folder / f"{name}.tflite").write_bytes(data)
    models = [f"sound={folder / 'sound.tflite'}", f"net={folder / 'small.tflite'}"]
    out = folder / NAME
    assert run_command(["generate", *models, "--as", "library", "--board", board, "--out", str(out), *options]) == 0
    return out


def assert_exact(program: Path) -> None:
    rng = np.random.default_rng(3)
    images, waves = (rng.integers(-128, 128, (SAMPLES, *shape), np.int8) for shape in ((1, 9, 7, 4), (1, 40)))
    given = b"".join(image.tobytes() + wave.tobytes() for image, wave in zip(images, waves, strict=True))
    done = subprocess.run([program], input=given, capture_output=True, check=True)
    expected = (oracle_outputs(data, [x])[0] for data, x in ((small_network(), images), (sound(), waves)))
    assert done.stdout == b"".join(a.tobytes() + b.tobytes() for a, b in zip(*expected, strict=True))


@pytest.mark.native
@pytest.mark.parametrize("options", [(), ("--share-arena",)], ids=["own arenas", "one arena"])
@pytest.mark.parametrize("board", ["native", "mps2-an386"])
def test_sources_alone_build_a_program_in_which_both_are_exact(board: str, options: tuple[str], tmp_path: Path) -> None:
    root = generate(tmp_path, *options, board=board)
    (tmp_path / "main.c").write_text(MAIN)
    sources = [*sorted((root / "src").glob("*.c")), tmp_path / "main.c"]
    command = ["gcc", "-O2", *WARNINGS, f"-I{root / 'src'}", *map(str, sources), "-o", str(tmp_path / "user")]
    subprocess.run(command, check=True)
    assert_exact(tmp_path / "user")


@pytest.mark.skipif(shutil.which("cmake") is None, reason="cmake not on PATH")
def test_cmake_builds_both_with_one_arena(tmp_path: Path) -> None:
    generate(tmp_path, "--share-arena", "--optimize", "size")
    (tmp_path / "main.c").write_text(MAIN)
    (tmp_path / "CMakeLists.txt").write_text(USER)
    for command in (["cmake", "-S", ".", "-B", "build"], ["cmake", "--build", "build"]):
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    assert_exact(tmp_path / "build" / "user")


@pytest.mark.qemu
def test_one_sketch_runs_both(tmp_path: Path) -> None:
    """Arduino's example prints a line for each network."""
    root = generate(tmp_path, "--share-arena", board="mps2-an386")
    sketch = (root / "examples" / NAME / f"{NAME}.ino").read_bytes()
    project = library_project(BOARDS["mps2-an386"], sketch, root, NAME)
    firmware = build(project, tmp_path / "project")
    with fifo_stream(firmware.elf) as stream:
        printed = [[int(number) for number in stream.line().split()] for _ in range(2)]
    zeros = (sound(), np.zeros((1, 1, 40), np.int8)), (small_network(), np.zeros((1, 1, 9, 7, 4), np.int8))
    expected = [oracle_outputs(data, [x])[0] for data, x in zeros]
    assert printed == [output.reshape(-1).tolist() for output in expected]


USAGE = [
    (["{a}", "{b}", "--as", "library"], "a.tflite has no name beside other models", "Write it as NAME="),
    (["x={a}", "y={b}"], "There are 2 models, and firmware has one", "Add --as library"),
    (["x={a}", "x={b}", "--as", "library"], "would define the same names", "none begins with another"),
    (["x={a}", "x_op={b}", "--as", "library"], "would define the same names", "none begins with another"),
    (["x={a}", "--name", "y", "--as", "library"], "--name is for one model without a name", "NAME=MODEL is enough"),
    (["{a}", "--name", "string", "--as", "library"], "there is a header or a function of that name", "string_net"),
    (["{a}", "--name", "Two Words", "--as", "library"], "cannot be called 'Two Words' in C", "kws or hello_world"),
    (["{a}", "--name", "kws"], "Firmware has one network, which it calls model", "--as library"),
    (["x={missing}", "--as", "library"], "There is no file", "Check the path of the model"),
]


@pytest.mark.parametrize(("arguments", "message", "hint"), USAGE)
def test_what_does_not_go_together_is_said(
    arguments: list[str], message: str, hint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = {name: str(tmp_path / f"{name}.tflite") for name in ("a", "b", "missing")}
    for name in ("a", "b"):
        (tmp_path / f"{name}.tflite").write_bytes(sound())
    given = [argument.format(**paths) for argument in arguments]
    assert run_command(["generate", *given, "--out", str(tmp_path / "out")]) == 2
    told = " ".join(capsys.readouterr().err.split())
    assert message in told
    assert hint in told
    assert not (tmp_path / "out").exists()

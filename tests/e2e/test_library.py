"""`generate --as library`: built without boardproof's firmware and compared with tflite_micro."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import numpy as np
import pytest

from boardproof.cli.commands import run_command
from boardproof.device.build.compile import build
from boardproof.project.boards import BOARDS
from boardproof.project.library import identifier
from boardproof.project.resources import resource
from support.aot import WARNINGS, oracle_outputs
from support.sketches import library_project
from support.small_network import small_network
from support.streams import fifo_stream

if TYPE_CHECKING:
    from pathlib import Path

SAMPLES = 40
NAME = "small_net"

# Reads samples from stdin until there are no more, writes outputs to stdout.
MAIN = """
#include "model.h"
#include <stdio.h>

int main(void) {
    struct model_tensor input, output;
    if (model_init() != 0 || model_input(0, &input) != 0 || model_output(0, &output) != 0) {
        return 1;
    }
    while (fread(input.data, 1, input.bytes, stdin) == input.bytes) {
        if (model_invoke() != 0 || fwrite(output.data, 1, output.bytes, stdout) != output.bytes) {
            return 2;
        }
    }
    return model_op_ticks(0) == 0 ? 0 : 3;
}
"""

USER = f"""
cmake_minimum_required(VERSION 3.13)
project(user LANGUAGES C)
add_subdirectory({NAME})
add_executable(user main.c)
target_link_libraries(user PRIVATE {NAME})
"""

ARM = ("arm-none-eabi-gcc", "-mthumb")
COMPILERS = {
    "cortex-m0plus": (*ARM, "-mcpu=cortex-m0plus", "-Os"),
    "cortex-m3": (*ARM, "-mcpu=cortex-m3", "-O2"),
    "cortex-m4": (*ARM, "-mcpu=cortex-m4", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16", "-O2"),
    "cortex-m7": (*ARM, "-mcpu=cortex-m7", "-mfloat-abi=hard", "-mfpu=fpv5-d16", "-O2"),
    "cortex-m33": (*ARM, "-mcpu=cortex-m33", "-mfloat-abi=hard", "-mfpu=fpv5-sp-d16", "-O2"),
    "clang": ("clang", "-O2"),
}


def generate(folder: Path, board: str, optimize: str = "balanced") -> Path:
    """The library of the small network, in a folder that is named after it."""
    model = folder / "small net.tflite"
    model.write_bytes(small_network())
    out = folder / NAME
    arguments = ["generate", model, "--as", "library", "--board", board, "--optimize", optimize, "--out", out]
    assert run_command([str(argument) for argument in arguments]) == 0
    return out


@pytest.fixture(scope="module")
def samples() -> tuple[np.ndarray, np.ndarray]:
    """Inputs, and what tflite_micro makes of them."""
    inputs = np.random.default_rng(3).integers(-128, 128, (SAMPLES, 1, 9, 7, 4), np.int8)
    return inputs, oracle_outputs(small_network(), [inputs])[0]


def assert_exact(program: Path, samples: tuple[np.ndarray, np.ndarray]) -> None:
    inputs, expected = samples
    done = subprocess.run([program], input=inputs.tobytes(), capture_output=True, check=True)
    np.testing.assert_array_equal(np.frombuffer(done.stdout, np.int8).reshape(expected.shape), expected)


@pytest.mark.native
@pytest.mark.parametrize("board", ["native", "mps2-an386"])
def test_sources_alone_build_a_program_that_is_exact(board: str, tmp_path: Path, samples) -> None:
    """With the portable kernels, and with the M4's on a core that has none of its instructions."""
    root = generate(tmp_path, board)
    (tmp_path / "main.c").write_text(MAIN)
    sources = [*sorted((root / "src").glob("*.c")), tmp_path / "main.c"]
    command = ["gcc", "-O2", *WARNINGS, f"-I{root / 'src'}", *map(str, sources), "-o", str(tmp_path / "user")]
    subprocess.run(command, check=True)
    assert_exact(tmp_path / "user", samples)


@pytest.mark.skipif(shutil.which("cmake") is None, reason="cmake not on PATH")
def test_cmake_builds_a_program_that_is_exact(tmp_path: Path, samples) -> None:
    generate(tmp_path, "native", "size")
    (tmp_path / "main.c").write_text(MAIN)
    (tmp_path / "CMakeLists.txt").write_text(USER)
    for command in (["cmake", "-S", ".", "-B", "build"], ["cmake", "--build", "build"]):
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    assert_exact(tmp_path / "build" / "user", samples)


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("board", ["native", "mps2-an386"])
def test_sources_are_free_of_warnings_for_every_core(board: str, compiler: str, tmp_path: Path) -> None:
    program, *flags = COMPILERS[compiler]
    if shutil.which(program) is None:
        pytest.skip(f"{program} not on PATH")
    root = generate(tmp_path, board)
    sources = [str(path) for path in sorted((root / "src").glob("*.c"))]
    done = subprocess.run(
        [program, *flags, *WARNINGS, "-c", *sources], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.native
def test_calls_are_timed_with_a_counter_of_the_users(tmp_path: Path) -> None:
    root = generate(tmp_path, "native")
    (tmp_path / "main.c").write_text(f"{MAIN}\nuint32_t count(void) {{ static uint32_t n; return n += 5; }}\n")
    sources = [*map(str, sorted((root / "src").glob("*.c"))), str(tmp_path / "main.c")]
    command = ["gcc", "-DMODEL_TICKS=count", f"-I{root / 'src'}", *sources, "-include", "stdint.h"]
    subprocess.run([*command, "-o", str(tmp_path / "user")], check=True)
    done = subprocess.run([tmp_path / "user"], input=bytes(9 * 7 * 4), capture_output=True, check=False)
    assert done.returncode == 3  # the first operator's ticks are not 0


@pytest.mark.parametrize("core", ["cortex-m0plus", "cortex-m4"])
@pytest.mark.parametrize("board", ["native", "mps2-an386"])
def test_the_arduino_library_compiles_as_arduino_does_it(board: str, core: str, tmp_path: Path) -> None:
    """Every source in src/ with the C compiler, the sketch with the C++ one; together they lack only Arduino's core."""
    program, *flags = COMPILERS[core]
    if shutil.which(program) is None:
        pytest.skip(f"{program} not on PATH")
    root = generate(tmp_path, board)
    cpp = [program.replace("gcc", "g++"), *flags, "-Wall", "-Wextra", "-Werror", "-fno-exceptions", "-fno-rtti"]
    includes = [f"-I{root / 'src'}", f"-I{resource('firmware/arduino')}"]
    objects = tmp_path / "objects"
    objects.mkdir()
    sketch = root / "examples" / NAME / f"{NAME}.ino"
    for command in (
        [program, *flags, *WARNINGS, includes[0], "-c", *map(str, sorted((root / "src").glob("*.c")))],
        [*cpp, *includes, "-include", "Arduino.h", "-x", "c++", "-c", str(sketch), "-o", "sketch.o"],
        [
            *cpp,
            "-nostdlib",
            "-r",
            *sorted(f"{path.stem}.o" for path in (root / "src").glob("*.c")),
            "sketch.o",
            "-o",
            "all",
        ],
    ):
        done = subprocess.run(command, cwd=objects, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
    listed = subprocess.run(
        ["arm-none-eabi-nm", "--undefined-only", "all"], cwd=objects, capture_output=True, text=True, check=True
    )
    missing = [line.split()[-1] for line in listed.stdout.splitlines()]
    assert "Serial" in missing
    assert [name for name in missing if name.startswith(("model_", "nn_"))] == []


@pytest.mark.qemu
def test_arduinos_example_prints_what_tflite_micro_computes(tmp_path: Path) -> None:
    root = generate(tmp_path, "mps2-an386")
    assert identifier("small net") == NAME
    sketch = (root / "examples" / NAME / f"{NAME}.ino").read_bytes()
    project = library_project(BOARDS["mps2-an386"], sketch, root, NAME)
    firmware = build(project, tmp_path / "project")
    with fifo_stream(firmware.elf) as stream:
        printed = [int(number) for number in stream.line().split()]
    expected = oracle_outputs(small_network(), [np.zeros((1, 1, 9, 7, 4), np.int8)])[0]
    assert printed == expected.reshape(-1).tolist()


def test_a_library_is_not_built_as_firmware(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = generate(tmp_path, "native")
    assert run_command(["build", str(root)]) == 2
    told = capsys.readouterr().err
    assert "is a library" in told
    assert "generate without --as library" in told


def test_a_library_has_no_protocol(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "m.tflite").write_bytes(small_network())
    assert run_command(["generate", str(tmp_path / "m.tflite"), "--as", "library", "--ci", "github"]) == 2
    assert "--ci and --protocol mean nothing" in capsys.readouterr().err

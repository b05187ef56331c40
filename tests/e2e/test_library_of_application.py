"""`generate --app --as library`: an application without boardproof's firmware, compared with the host on every hop."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import numpy as np
import pytest

from boardproof.cli.commands import run_command
from boardproof.device.build.compile import build
from boardproof.project.apps.settings import read_application
from boardproof.project.apps.stream import Windows
from boardproof.project.boards import BOARDS
from boardproof.project.resources import resource
from boardproof.proof.expectation import expect
from firmware.test_arduino_core import HEAP
from support.aot import WARNINGS
from support.sketches import library_project
from support.small_application import RATE, SETTINGS, THEN, sound, write_application
from support.streams import fifo_stream

if TYPE_CHECKING:
    from pathlib import Path

    from boardproof.project.apps.application import Application
    from boardproof.proof.expectation import Expected

NAME = "loud_or_not"
ARM = ("-mthumb", "-mcpu=cortex-m4", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16", "-O2")

# Takes samples from stdin, and writes position, features, scores and decision of every hop to stdout.
MAIN = """
#include "loud_or_not.h"
#include <stdio.h>

int main(void) {
    int16_t samples[40];
    struct app_result result;
    uint32_t position = 0;
    size_t count;
    for (int again = 0; again < 2; ++again) { /* what came before a reset is forgotten */
        if (loud_or_not_reset() != 0) {
            return 1;
        }
        loud_or_not_push(0, samples, 40, 0);
    }
    loud_or_not_reset();
    while ((count = fread(samples, sizeof samples[0], 40, stdin)) > 0) {
        if (loud_or_not_push(position, samples, (uint32_t)count, 0) != count) {
            return 2;
        }
        position += (uint32_t)count;
        do {
            if (loud_or_not_step(&result) != 0) {
                return 3;
            }
            if (result.flags & APP_HOP) {
                printf("[%u, [", (unsigned)result.position);
                for (int i = 0; i < 8; ++i) {
                    printf("%s%d", i ? ", " : "", ((const int8_t *)result.features)[i]);
                }
                printf("], [");
                for (uint32_t i = 0; i < result.score_bytes; ++i) {
                    printf("%s%d", i ? ", " : "", ((const int8_t *)result.scores)[i]);
                }
                printf("], %s]\\n", result.flags & APP_DECIDED ? "true" : "false");
            }
        } while (result.flags & APP_HOP);
    }
    return 0;
}
"""

USER = f"""
cmake_minimum_required(VERSION 3.13)
project(user LANGUAGES C)
add_subdirectory({NAME})
add_executable(user main.c)
target_link_libraries(user PRIVATE {NAME})
"""

# In place of the example's sensor: half a second of a loud sound, as one that stops.
LOUD = f"""
void {NAME}_sensor_poll() {{
    static uint32_t given;
    const int16_t sample = given < 800 ? 0 : 15000;
    if (given < 2400) {{
        {NAME}_sensed(0, &sample, 1);
        ++given;
    }}
}}
"""


def generate(folder: Path, *arguments: str, board: str = "native", settings: str = SETTINGS) -> Path:
    app, out = write_application(folder / "app", settings), folder / NAME
    command = ["generate", str(app), "--app", "--as", "library", "--board", board, "--out", str(out), *arguments]
    assert run_command(command) == 0
    return out


def expected_of(application: Application, samples: np.ndarray) -> Expected:
    return expect(application, Windows(application.window, application.hop, application.fill).push(0, samples))


@pytest.mark.skipif(shutil.which("cmake") is None, reason="cmake not on PATH")
@pytest.mark.native
def test_cmake_builds_a_program_that_does_what_the_host_does(tmp_path: Path) -> None:
    generate(tmp_path)
    (tmp_path / "main.c").write_text(MAIN)
    (tmp_path / "CMakeLists.txt").write_text(USER)
    for command in (["cmake", "-S", ".", "-B", "build"], ["cmake", "--build", "build"]):
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    samples = sound([(0.2, 0.4), (0.6, 0.8)])
    ran = subprocess.run([tmp_path / "build" / "user"], input=samples.tobytes(), capture_output=True, check=True)
    expected = expected_of(read_application(tmp_path / "app"), samples)
    runs = dict(zip(expected.runs, zip(expected.scores.tolist(), expected.decisions, strict=True), strict=True))
    lines = [
        [position, features, (run := runs.get(hop, ([], None)))[0], run[1] is not None]
        for hop, (position, features) in enumerate(zip(expected.positions, expected.features.tolist(), strict=True))
    ]
    assert [json.loads(line) for line in ran.stdout.decode().splitlines()] == lines
    assert sum(line[3] for line in lines) == 2


def compile_as_arduino(root: Path, objects: Path) -> Path:
    """Every source in src/ and the example, as Arduino compiles them, joined in one object."""
    objects.mkdir()
    includes = [f"-I{root / 'src'}", f"-I{resource('firmware/arduino')}"]
    cpp = ["arm-none-eabi-g++", *ARM, "-Wall", "-Wextra", "-Werror", "-fno-exceptions", "-fno-rtti"]
    (sketch,) = (root / "examples").glob("*/*.ino")
    for command in (
        ["arm-none-eabi-gcc", *ARM, *WARNINGS, includes[0], "-c", *map(str, sorted((root / "src").glob("*.c")))],
        [*cpp, *includes, "-c", *map(str, sorted((root / "src").glob("*.cpp")))],
        [*cpp, *includes, "-include", "Arduino.h", "-x", "c++", "-c", str(sketch), "-o", "sketch.o"],
    ):
        done = subprocess.run(command, cwd=objects, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
    joined = [*cpp, "-nostdlib", "-r", *(path.name for path in objects.glob("*.o")), "-o", "all"]
    subprocess.run(joined, cwd=objects, check=True)
    return objects / "all"


def symbols(linked: Path, which: str) -> set[str]:
    listed = subprocess.run(["arm-none-eabi-nm", which, linked], capture_output=True, text=True, check=True)
    return {line.split()[-1] for line in listed.stdout.splitlines()}


@pytest.mark.skipif(shutil.which("arm-none-eabi-g++") is None, reason="arm-none-eabi-g++ not on PATH")
@pytest.mark.parametrize("front_end", [True, False], ids=["front end", "samples alone"])
def test_the_arduino_library_compiles_and_keeps_to_its_names(front_end: bool, tmp_path: Path) -> None:
    settings = SETTINGS.replace("hop = 32", 'hop = 32\nactions = ["serial", "led", "callback"]')
    if not front_end:  # the front end's own output as scores, of its samples
        settings = settings.replace('front-end = "front.tflite"\nmodel = "network.tflite"', 'model = "front.tflite"')
        settings = settings.replace('["quiet", "loud"]', str([str(i) for i in range(8)])).replace(
            'silent = ["quiet"]', ""
        )
    settings += THEN if front_end else ""
    root = generate(tmp_path, "--name", "ear", board="mps2-an386", settings=settings)
    linked = compile_as_arduino(root, tmp_path / "objects")
    ours = {name for name in symbols(linked, "--extern-only") if "Arduino" not in name} - symbols(linked, "-u")
    plain = {name for name in ours if not name.startswith(("ear_", "nn_")) and "ear_" not in name}
    assert plain - {"shared_arena", "_Z5setupv", "_Z4loopv", "setup", "loop"} == set()
    assert ("shared_arena" in ours) == front_end
    missing = symbols(linked, "-u")
    assert "Serial" in missing
    assert [name for name in missing if "ear_" in name or "app_" in name or name.startswith("nn_")] == []
    assert not missing & HEAP


@pytest.mark.qemu
def test_the_sketch_decides_and_says_so(tmp_path: Path) -> None:
    """Both networks, by themselves: the loop takes the steps, and the action prints."""
    root = generate(tmp_path, board="mps2-an386", settings=SETTINGS + THEN)
    sketch = (root / "examples" / NAME / f"{NAME}.ino").read_text()
    begin, end = sketch.index("// Samples of your sensor"), sketch.index("// What is to happen")
    project = library_project(BOARDS["mps2-an386"], (sketch[:begin] + LOUD + sketch[end:]).encode(), root, NAME)
    with fifo_stream(build(project, tmp_path / "project").elf) as stream:
        said = [json.loads(stream.line()) for _ in range(2)]
    samples = np.where(np.arange(2400) < 800, 0, 15000).astype(np.int16)[:, None]
    application = read_application(tmp_path / "app")
    expected = expected_of(application, samples)
    decisions = [("loud", expected.heard[0]), ("goes on", expected.second.heard[0])]
    assert said == [{"ms": 1000 * d.position // RATE, "label": label, "sum": d.sum} for label, d in decisions]


def test_names_that_an_application_cannot_have(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    app = str(write_application(tmp_path / "app"))
    assert run_command(["generate", app, "--app", "--as", "library", "--name", "app"]) == 2
    told = capsys.readouterr().err
    assert "A network cannot be called app: there is a header or a function of that name." in told
    assert "Choose another name, such as app_net." in told
    assert run_command(["generate", app, "--app", "--name", "ear"]) == 2
    told = capsys.readouterr().err
    assert "Firmware of an application has no name in C." in told
    assert "Leave out --name, or add --as library." in told


@pytest.mark.parametrize("text", ['an "application"; */ \\ \n'.strip(), "Ünïcode", "9 lives"])
def test_any_name_makes_a_library(text: str, tmp_path: Path) -> None:
    settings = SETTINGS.replace('"loud or not"', f"'{text}'")
    root = generate(tmp_path, settings=settings)
    assert json.loads((root / "library.json").read_text())["name"].isascii()
    includes = f"-I{root / 'src'}"
    sources = sorted((root / "src").glob("app*.c"))
    command = ["gcc", *WARNINGS, includes, "-fsyntax-only", *map(str, sources)]
    subprocess.run(command, check=True)

"""The worked sections of docs/boards.md: each one's project, compiled for its core and linked against a stand-in for
its Arduino core. About 25 s.
"""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from boardproof.model.tflite.reader import read_tflite
from boardproof.project.boards import Feature
from boardproof.project.render import render
from boardproof.project.resources import resource
from boardproof.project.runtimes.aot import AotRuntime
from boardproof.project.runtimes.base import Options
from support.own_boards import worked_boards
from support.small_network import small_network

if TYPE_CHECKING:
    from pathlib import Path

    from boardproof.project.boards import Board

pytestmark = pytest.mark.qemu  # for the compiler

BOARDS = worked_boards()
NAMES = {"pico", "xiao-sense", "esp32s3", "teensy41", "portenta-h7", "nucleo-f446re"}
WARNINGS = ("-Wall", "-Wextra", "-Werror")
# What the stand-in's machine would do: the core is ours, and nothing runs.
MACHINE = """
#include "machine.h"
void machine_start(void) {}
size_t machine_read(uint8_t *buffer, size_t size, int wait) { (void)buffer; (void)size; (void)wait; return 0; }
void machine_write(const uint8_t *data, size_t size) { (void)data; (void)size; }
uint64_t machine_micros(void) { return 0; }
void machine_log(const char *text) { (void)text; }
void machine_exit(int status) { (void)status; for (;;) {} }
"""


def test_every_board_that_is_promised_is_there():
    assert set(BOARDS) == NAMES


def write(board: Board, root: Path) -> None:
    data = small_network()
    project, _ = render(read_tflite(data), data, board, AotRuntime(), Options())
    for name, content in project.files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)


def compile_all(board: Board, root: Path) -> list[str]:
    """Objects of the project and of the stand-in. C++ is as old as some cores want it."""
    core = resource("firmware/arduino")
    (root / "machine.c").write_text(MACHINE)
    folders = [root / "src", *sorted((root / "lib").iterdir())]
    includes = [f"-I{folder}" for folder in (*folders, core)]
    sources = [file for folder in folders for file in sorted(folder.iterdir()) if file.suffix in {".c", ".cpp"}]
    sources += [*sorted(core.glob("*.cpp")), root / "machine.c"]
    cross, flags = ("arm-none-eabi-", list(board.cpu.flags)) if board.cpu.flags else ("", [])
    objects = []
    for suffix, compiler, standard in ((".c", "gcc", "gnu11"), (".cpp", "g++", "gnu++17")):
        mine = [str(source) for source in sources if source.suffix == suffix]
        command = [cross + compiler, *flags, "-O2", f"-std={standard}", *WARNINGS, *includes, "-c", *mine]
        subprocess.run(command, cwd=root, check=True)
        objects += [f"{source.rpartition('/')[2].removesuffix(suffix)}.o" for source in mine]
    return objects


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_its_project_compiles_and_lacks_nothing(board: Board, tmp_path: Path):
    """An ESP32-S3's compiler is not at hand: the host's stands in for it, with another size of pointers."""
    write(board, tmp_path)
    objects = compile_all(board, tmp_path)
    if not board.cpu.flags:
        subprocess.run(["g++", *objects, "-lm", "-o", "firmware.elf"], cwd=tmp_path, check=True)
        return
    command = ["arm-none-eabi-g++", *board.cpu.flags, "--specs=nano.specs", "--specs=nosys.specs", *objects]
    done = subprocess.run([*command, "-lm", "-o", "firmware.elf"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    listing = subprocess.run(
        ["arm-none-eabi-objdump", "-d", "firmware.elf"], cwd=tmp_path, check=True, capture_output=True, text=True
    ).stdout
    assert ("smlad" in listing) == (Feature.DSP in board.cpu.features)
    undefined = subprocess.run(
        ["arm-none-eabi-nm", "-u", "arduino.o"], cwd=tmp_path, check=True, capture_output=True, text=True
    ).stdout
    assert ("micros" in undefined) == (not board.cpu.counts_cycles)

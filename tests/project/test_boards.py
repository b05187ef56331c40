"""A board is stated in boards.py; what must repeat it, because it lives without boardproof, is held to that."""

from __future__ import annotations

import configparser
import json
import re
from pathlib import Path
from typing import Any

import pytest

from boardproof.device.reach.links import ACCESS
from boardproof.project.boards import ARM, BOARDS, HOST_GCC, QEMU_BOARDS, Board, Reach

ROOT = Path(__file__).parents[2]
BUILDER = (ROOT / "platforms/emulated/builder/main.py").read_text(encoding="utf-8")
LINKER_SCRIPT = (ROOT / "firmware/arduino/cortex_m4/memory.ld").read_text(encoding="utf-8")
EMULATED = [board for board in BOARDS.values() if board.is_emulated]


def manifest(board: Board) -> dict[str, Any]:
    """What PlatformIO knows of an emulated board."""
    ini = configparser.ConfigParser(interpolation=None)
    ini.read(ROOT / "platformio.ini", encoding="utf-8")
    path = ROOT / "platforms/emulated/boards" / f"{ini[f'env:{board.env}']['board']}.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def test_every_reach_can_be_opened() -> None:
    assert set(ACCESS) == set(Reach)


@pytest.mark.parametrize("board", EMULATED, ids=lambda board: board.name)
def test_memories_and_core(board: Board) -> None:
    found = manifest(board)
    if board.flash_bytes is not None:
        assert found["upload"] == {"maximum_ram_size": board.ram_bytes, "maximum_size": board.flash_bytes}
        lengths = [int(kib) * 1024 for kib in re.findall(r"LENGTH = (\d+)K", LINKER_SCRIPT)]
        assert lengths == [board.flash_bytes, board.ram_bytes]
        assert tuple(found["build"]["cpu_flags"]) == board.cpu.flags
    assert board.toolchain is not None
    assert f"{found['build']['toolchain']}g" in board.toolchain.program


def test_what_a_project_says_without_boardproof() -> None:
    assert " ".join(ARM.packages) in BUILDER
    assert f'True: "{" ".join(HOST_GCC.packages)}"' in BUILDER
    for board in QEMU_BOARDS:
        command = manifest(board)["build"]["run"]
        assert command.startswith(f"qemu-system-arm -machine {board.machine} -icount shift=0 "), board.name


def test_setup_installs_what_the_boards_need() -> None:
    setup = (ROOT / "scripts/setup").read_text(encoding="utf-8")
    assert " ".join(ARM.packages) in setup
    for board in EMULATED:
        assert all(package in setup for package in board.packages), board.name

"""Boards of the user's own: from boardproof.toml to a project, and every slip with its line."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest

from boardproof.device.build.workspace import marker_board, read_marker, write_project
from boardproof.errors import InputError
from boardproof.model.preflight import Severity
from boardproof.model.tflite.reader import read_tflite
from boardproof.project.boards import BOARDS, Feature, Reach, TickUnit, Upload, UsbId, UsbMode
from boardproof.project.own_boards import board_table, check_core_sizes, own_board, own_boards
from boardproof.project.render import render
from boardproof.project.runtimes.aot import AotRuntime
from boardproof.project.runtimes.base import Options
from boardproof.settings import read_own_boards, read_settings_file, settings_for
from support.own_boards import PICO, worked_boards
from support.small_network import small_network

if TYPE_CHECKING:
    from pathlib import Path


def boards_of(text: str):
    return own_boards(tomllib.loads(text)["boards"], "boardproof.toml", text)


def test_a_section_makes_a_board():
    (pico,) = boards_of(PICO)
    assert (pico.name, pico.env, pico.reach) == ("pico", "pico", Reach.SERIAL)
    assert (pico.flash_bytes, pico.ram_bytes, pico.core_ram_bytes) == (2_097_152, 262_144, 0)
    assert pico.tick_unit is TickUnit.MICROSECONDS
    assert pico.cpu.features == frozenset()
    assert pico.recipe is not None
    assert (pico.recipe.platform, pico.recipe.board, pico.recipe.framework) == ("raspberrypi", "pico", "arduino")
    assert pico.recipe.upload is Upload.PLATFORMIO


def test_everything_that_can_be_said_is_kept_and_comes_back():
    text = """
[boards.mine]
title = "Mine"
platform = "p@1"
board = "b"
core = "cortex-m33"
flash_bytes = 1000
ram_bytes = 900
core_flash_bytes = 10
core_ram_bytes = 20
lib_deps = ["a/b@1"]
build_flags = ["-DX=1", "-DY"]
usb = ["2341:805a"]
bootloader_usb = ["2341:005A"]
upload = "touch"
serial = "Serial1"
[boards.mine.options]
upload_protocol = "cmsis-dap"
"""
    (mine,) = boards_of(text)
    assert mine.tick_unit is TickUnit.CYCLES
    assert Feature.DSP in mine.cpu.features
    assert mine.usb == (UsbId(0x2341, 0x805A, UsbMode.APPLICATION), UsbId(0x2341, 0x005A, UsbMode.BOOTLOADER))
    assert (mine.free_flash_bytes, mine.free_ram_bytes) == (990, 880)
    assert own_board("mine", board_table(mine)) == mine


SLIPS = [
    ('core = "cortex-m0plus"', 'core = "cortex-m9"', 6, "has an unknown core, cortex-m9", "Known cores: cortex-m0plus"),
    ('board = "pico"\n', "", 2, "lacks board", "Every board needs platform, board, core"),
    (
        "ram_bytes = 262_144",
        'ram_bytes = "256K"',
        8,
        "has a ram_bytes that is no number of bytes",
        "ram_bytes = 262_144",
    ),
    ("ram_bytes = 262_144", "ram_bytes = 0", 8, "has a ram_bytes that is no number of bytes", "ram_bytes = 262_144"),
    ('board = "pico"', 'board = "pico"\nboart = 1', 5, "has an unknown key, boart", "Did you mean board?"),
    ('board = "pico"', 'board = "pico"\nzzz = 1', 5, "has an unknown key, zzz", "Known keys: title, platform"),
    (
        "ram_bytes = 262_144",
        "ram_bytes = 262_144\ncore_ram_bytes = 262_144",
        9,
        "leaves no room: the core takes 262,144 of 262,144 bytes of RAM",
        "0 where unknown",
    ),
    ('framework = "arduino"', "framework = 3", 5, "has a framework that is no text", 'framework = "…"'),
    ('framework = "arduino"', 'framework = """a\nb"""', 5, "has a framework that is no text", "in quotes"),
    ('board = "pico"', 'board = "pico"\nusb = ["2e8a"]', 5, "has a USB id that is none, 2e8a", "2e8a:000a"),
    ('board = "pico"', 'board = "pico"\nlib_deps = "x"', 5, "has lib_deps that is no list of texts", "lib_deps = ["),
    ('board = "pico"', 'board = "pico"\nupload = "drive"', 5, "has an unknown upload, drive", "platformio, touch"),
    ('board = "pico"', 'board = "pico"\nupload = "touch"', 5, "must be known when it appears", "bootloader_usb"),
    ("[boards.pico]", "[boards.native]", 2, "has the name of one of boardproof's boards", "another name"),
    ("[boards.pico]", '[boards."a/b"]', 2, "has a name that cannot name a folder", "letters, digits"),
]


@pytest.mark.parametrize(("old", "new", "line", "what", "hint"), SLIPS)
def test_a_slip_is_told_with_its_line(old: str, new: str, line: int, what: str, hint: str):
    assert old in PICO
    with pytest.raises(InputError) as caught:
        boards_of(PICO.replace(old, new))
    assert caught.value.message.startswith(f"boardproof.toml:{line}: [boards.")
    assert what in caught.value.message
    assert hint in caught.value.hint


def test_what_the_framework_takes_is_said_to_be_unknown():
    (pico,) = boards_of(PICO)
    (finding,) = check_core_sizes(pico)
    assert (finding.severity, finding.code) == (Severity.WARNING, "core-size-unknown")
    assert finding.message.startswith("What the framework of pico takes of flash and RAM is not known in full")
    assert finding.hint.endswith("give core_flash_bytes and core_ram_bytes in [boards.pico].")
    (known,) = boards_of(f"{PICO}core_flash_bytes = 1\ncore_ram_bytes = 1\n")
    assert list(check_core_sizes(known)) == []
    assert list(check_core_sizes(BOARDS["nano33ble"])) == []


@pytest.mark.parametrize(
    ("section", "what", "hint"),
    [
        ('serial = "Serial 1"', "has a serial that is no name in C++", "SerialUSB"),
        ('[boards.pico.options]\nbuild_flags = "-g"', "has build_flags among its options", "as a key of the board's"),
        ('[boards.pico.options]\n"upload speed" = "9600"', "has options that are no texts", "platformio.ini"),
    ],
)
def test_what_would_not_build_is_told(section: str, what: str, hint: str):
    with pytest.raises(InputError) as caught:
        boards_of(f"{PICO}{section}\n")
    assert what in caught.value.message
    assert hint in caught.value.hint


def test_what_is_no_table():
    with pytest.raises(InputError, match=r"^boardproof.toml: boards is not a table\.$"):
        own_boards(3, "boardproof.toml")
    with pytest.raises(InputError, match=r"\[boards\.pico\] is no table\.$") as caught:
        boards_of("[boards]\npico = 3\n")
    assert "key = value" in caught.value.hint


def test_settings_know_the_boards_beside_the_model(tmp_path: Path):
    (tmp_path / "boardproof.toml").write_text(f'board = "pico"\nseed = 3\n{PICO}')
    model = tmp_path / "model.tflite"
    assert read_settings_file(model, {"board", "seed"}) == {"board": "pico", "seed": 3}
    settings = settings_for(model)
    assert settings.target_board.name == "pico"
    assert settings_for(model, {"board": "native"}).target_board.name == "native"
    assert [board.name for board in read_own_boards(tmp_path)] == ["pico"]
    with pytest.raises(InputError) as caught:
        settings_for(model, {"board": "pica"})
    assert caught.value.message == "There is no board 'pica'."
    assert caught.value.hint.endswith("nano33ble, pico.")


def test_a_project_carries_its_board(tmp_path: Path):
    (pico,) = boards_of(PICO)
    data = small_network()
    project, _ = render(read_tflite(data), data, pico, AotRuntime(), Options())
    assert "lib/boardproof_board/arduino.cpp" in project.files
    assert not any(path.startswith("platforms/") for path in project.files)
    ini = project.files["platformio.ini"].decode()
    assert ini == (
        "[platformio]\ndefault_envs = pico\n\n[env:pico]\nplatform = raspberrypi\nboard = pico\nframework = arduino\n"
        "build_unflags = -Os\nbuild_src_flags = -Os -Wall -Wextra\nlib_compat_mode = off\nmonitor_speed = 115200\n"
        "build_flags = -O2\n"
    )
    write_project(project, tmp_path / "out")
    marker = read_marker(tmp_path / "out")
    assert marker is not None
    assert marker_board(marker) == pico


def test_a_users_lines_go_before_ours():
    board = worked_boards()["teensy41"]
    data = small_network()
    ini = render(read_tflite(data), data, board, AotRuntime(), Options())[0].files["platformio.ini"].decode()
    assert "\nupload_protocol = teensy-cli\n" in ini
    text = 'serial = "Serial1"\nbuild_flags = ["-O3"]\nlib_deps = ["x/y@1"]\n'
    (pico,) = boards_of(f'{PICO}{text}[boards.pico.options]\nmonitor_speed = "9600"\n')
    ini = render(read_tflite(data), data, pico, AotRuntime(), Options())[0].files["platformio.ini"].decode()
    assert "build_flags = -O2\n    -DBOARDPROOF_SERIAL=Serial1\n    -O3\nlib_deps =\n    x/y@1\n" in ini
    assert ini.count("monitor_speed") == 1


def test_a_project_of_a_board_that_nobody_knows(tmp_path: Path):
    (pico,) = boards_of(PICO)
    data = small_network()
    write_project(render(read_tflite(data), data, pico, AotRuntime(), Options())[0], tmp_path / "out")
    marker_file = tmp_path / "out" / ".boardproof.json"
    text = marker_file.read_text()
    marker_file.write_text(text[: text.index(' "own_board"')].rstrip().rstrip(",") + "\n}\n")
    marker = read_marker(tmp_path / "out")
    assert marker is not None
    with pytest.raises(InputError) as caught:
        marker_board(marker)
    assert caught.value.message == "The project is for the board pico, which this boardproof does not know."
    assert "Generate it again" in caught.value.hint

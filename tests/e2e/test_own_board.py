"""A board that only boardproof.toml knows, from inspect to a verdict: this machine, described as a stranger's board.

PlatformIO builds for it with the platform of emulated boards, as it would with any other; what is on the "board" is
reached over a TCP port, as one on another machine would be.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from boardproof.applications.settings import ReplaySettings
from boardproof.cli.commands import run_command
from boardproof.project.resources import resource
from support.own_boards import PICO
from support.served_board import ServedBoard
from support.small_network import small_network

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.native

SECTION = f"""
[boards.mine]
title = "a stranger's board"
platform = "symlink://{resource("platforms/emulated")}"
board = "native"
core = "other"
flash_bytes = 2_000_000
ram_bytes = 1_000_000
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """model.tflite, boardproof.toml, and the project "project", built."""
    home = tmp_path_factory.mktemp("home")
    (home / "model.tflite").write_bytes(small_network())
    (home / "boardproof.toml").write_text(SECTION + PICO)
    arguments = ["--board", "mine", "--out", str(home / "project")]
    assert run_command(["generate", str(home / "model.tflite"), *arguments]) == 0
    return home


@pytest.fixture(scope="module")
def elf(home: Path) -> Path:
    """The firmware of `home`, built."""
    assert run_command(["build", str(home / "project"), "--quiet"]) == 0
    return home / "project" / ".pio" / "build" / "mine" / "firmware.elf"


def test_a_project_builds_without_the_settings_that_made_it(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    assert run_command(["build", str(home / "project"), "--quiet"]) == 0
    assert "bytes of flash" in capsys.readouterr().out.replace("\n", " ")
    elf = home / "project" / ".pio" / "build" / "mine" / "firmware.elf"
    report = tmp_path / "report.json"
    with ServedBoard(elf) as board:
        model = str(home / "model.tflite")
        command = ["verify", model, "--board", "mine", "--port", board.url, "--random", "5", "--report", str(report)]
        assert run_command(command) == 0
    found = json.loads(report.read_text())
    assert found["verdict"]["exact"] == 5
    assert (found["board"], found["kernels"], found["ticks"]["unit"]) == ("mine", "portable", "microseconds")


def test_inspect_takes_it_too(home: Path, capsys: pytest.CaptureFixture[str]):
    assert run_command(["inspect", str(home / "model.tflite"), "--board", "pico", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["board"] == "pico"


def test_a_name_that_nobody_knows_lists_the_users_boards_too(home: Path, capsys: pytest.CaptureFixture[str]):
    assert run_command(["inspect", str(home / "model.tflite"), "--board", "pica"]) == 2
    words = capsys.readouterr().err
    assert "'nano33ble', 'mine', 'pico'" in words


def test_the_list_of_boards_has_the_users_last(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(home)
    assert run_command(["boards", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in rows][-2:] == ["mine", "pico"]
    assert rows[-1]["recipe"]["platform"] == "raspberrypi"
    assert run_command(["boards"]) == 0
    assert "a stranger's board" in capsys.readouterr().out.replace("\n", " ")


def test_applications_take_it_too(home: Path, capsys: pytest.CaptureFixture[str]):
    assert ReplaySettings(app=home, board="mine").target_board.title == "a stranger's board"
    assert ReplaySettings(app=home / "boardproof.toml", board="pico").target_board.name == "pico"
    assert run_command(["replay", str(home), "--board", "pica"]) == 2
    assert "'mine', 'pico'" in capsys.readouterr().err


def test_limits_can_be_the_boards_own(elf: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "model.tflite").write_bytes(small_network())
    settings = f"{SECTION}[limits.mine]\nmodel_bytes = 10\n"
    (tmp_path / "boardproof.toml").write_text(settings)
    with ServedBoard(elf) as board:
        command = ["verify", str(tmp_path / "model.tflite"), "--board", "mine", "--port", board.url, "--random", "2"]
        assert run_command(command) == 1
    assert "over budget" in capsys.readouterr().err


def test_a_slip_in_its_section_is_told_before_anything_is_done(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "model.tflite").write_bytes(small_network())
    (tmp_path / "boardproof.toml").write_text(PICO.replace("cortex-m0plus", "cortex-m9"))
    assert run_command(["run", str(tmp_path / "model.tflite"), "--board", "pico"]) == 2
    words = " ".join(capsys.readouterr().err.split())
    assert "boardproof.toml:6: [boards.pico] has an unknown core, cortex-m9" in words.replace("toml: 6", "toml:6")
    assert "Known cores" in words

"""What `generate` records of the tensor arena, without building the library: what is said, and where it is written."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from boardproof.cli.commands import run_command
from boardproof.device.tflm.arena import ArenaSize, ArenaSource
from boardproof.project.runtimes.tflm.library import resolve_library
from support.tflm import conv_model

if TYPE_CHECKING:
    from pathlib import Path

BOUND = (
    "an upper bound from tflite_micro's recorded allocations, not measured: arm-none-eabi-gcc is not installed, or not "
    "on PATH"
)
MEASURED = "measured on mps2-an386: runs in it, fails in 16 bytes less"


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    library = replace(resolve_library(None), inspected=True)
    monkeypatch.setattr("boardproof.stages.generate.fetch_library", lambda _spec, **_: library)
    path = tmp_path / "conv.tflite"
    path.write_bytes(conv_model())
    return path


def generate(model: Path, *arguments: str) -> Path:
    project = model.parent / "project"
    command = ["generate", str(model), "--runtime", "tflm", "--board", "nano33ble", "--out", str(project), *arguments]
    assert run_command(command) == 0
    return project


def written_down(project: Path) -> list[str]:
    """Where a reader of the project looks."""
    marker = json.loads((project / ".boardproof.json").read_text())
    return [marker["arena_how"], (project / "README.md").read_text(), (project / "src/model.cpp").read_text()]


def test_a_bound_is_warned_of_and_written_down(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    texts = written_down(generate(model))
    assert all(BOUND in text for text in texts), texts
    words = " ".join(capsys.readouterr().err.split())
    assert "bounding the tensor arena, which cannot be measured here" in words
    assert "measuring the tensor arena" not in words
    assert f"bytes, is {BOUND}" in words
    assert "warning: the tensor arena, " in words


def test_a_given_size_that_nobody_checked_is_warned_of(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    texts = written_down(generate(model, "--arena-bytes", "4000"))
    assert all("as given, not checked: arm-none-eabi-gcc" in text for text in texts), texts
    words = " ".join(capsys.readouterr().err.split())
    assert "warning: the tensor arena, 4,000 bytes, is as given, not checked: arm-none-eabi-gcc" in words


def test_a_measured_size_is_written_down_and_needs_no_warning(
    model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arena = ArenaSize(2352, ArenaSource.MEASURED, 2352, "mps2-an386")
    monkeypatch.setattr("boardproof.stages.generate.find_arena", lambda *_, **__: arena)
    project = generate(model)
    assert f"| tensor arena | 2,352 bytes: {MEASURED} |" in (project / "README.md").read_text()
    assert f"/* {MEASURED} */\nconstexpr uint32_t kArenaBytes = 2352;" in (project / "src/model.cpp").read_text()
    assert all(MEASURED in text for text in written_down(project))
    assert "warning" not in capsys.readouterr().err

"""Genuine TensorFlow Lite Micro firmware through the commands: in a process of this machine, and beside aot.

Runs where BOARDPROOF_TFLM_LIB names a copy of the library. The first build for each board takes minutes.
"""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from boardproof.cli.commands import run_command
from support.small_network import small_network
from support.tflm import real_library

if TYPE_CHECKING:
    from pathlib import Path


def require(*programs: str) -> None:
    missing = [name for name in programs if shutil.which(name) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} not on PATH")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "small.tflite"
    path.write_bytes(small_network())
    return path


def json_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    capsys.readouterr()
    assert run_command([*arguments, "--tflm-lib", str(real_library()), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_network_on_native_is_exact(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    require("g++")
    target = ["--runtime", "tflm", "--board", "native", "--out", str(model.parent / "project")]
    report = json_of(capsys, "run", str(model), *target, "--random", "20")
    assert (report["verdict"]["exact"], report["verdict"]["samples"]) == (20, 20)
    assert (report["runtime"], report["board"]) == ("tflm", "native")
    assert report["arena_how"] == "measured on native: runs in it, fails in 16 bytes less"
    again = json_of(capsys, "verify", str(model), *target, "--random", "5")
    assert again["verdict"]["exact"] == 5
    assert again["arena_how"] == report["arena_how"]


def test_runtimes_side_by_side(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    require("arm-none-eabi-gcc", "qemu-system-arm")
    out = ["--random", "5", "--out", str(model.parent / "projects")]
    tflm, aot = json_of(capsys, "compare", str(model), "--runtimes", "tflm,aot", *out)
    assert [(r["runtime"], r["board"]) for r in (tflm, aot)] == [("tflm", "mps2-an386"), ("aot", "mps2-an386")]
    assert [r["verdict"]["exact"] for r in (tflm, aot)] == [5, 5]
    assert tflm["runtime_flash_bytes"] == tflm["flash_bytes"] - len(small_network())
    assert aot["runtime_flash_bytes"] == aot["flash_bytes"] - aot["model"]["constant_bytes"]
    assert tflm["ticks"]["unit"] == aot["ticks"]["unit"] == "instructions"
    assert aot["ticks"]["median"] < tflm["ticks"]["median"]
    assert aot["flash_bytes"] < tflm["flash_bytes"]
    assert aot["arena_bytes"] < tflm["arena_bytes"]

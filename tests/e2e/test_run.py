"""The main job, through the command, on every board that needs no hardware."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from boardproof.cli.commands import run_command

ROOT = Path(__file__).parents[2]
DIGITS = ROOT / "examples" / "digits"
SHARED = Path(os.environ.get("BOARDPROOF_MODELS", ROOT.parent / "shared" / "models"))

BOARDS = [
    pytest.param("native", marks=pytest.mark.native),
    pytest.param("mps2-an386", marks=pytest.mark.qemu),
]
REPORT_KEYS = {
    "model", "scheme", "runtime", "board", "flash_bytes", "ram_bytes", "arena_bytes", "arena_lower_bound_bytes",
    "stack_bytes", "ticks", "ops", "verdict", "accuracy",
}  # fmt: skip


def run_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    status = run_command(["run", *arguments, "--json", "--quiet"])
    captured = capsys.readouterr()
    assert status == 0, captured.err
    document: dict[str, Any] = json.loads(captured.out)
    return document


def reference_model(name: str) -> str:
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"{path} is not there (set BOARDPROOF_MODELS)")
    return str(path)


def assert_exact(report: dict[str, Any], samples: int) -> None:
    assert report["verdict"]["samples"] == samples
    assert report["verdict"]["exact"] == samples
    assert report["verdict"]["max_lsb"] == 0
    assert report["verdict"]["first_bad"] is None
    assert report["verdict"]["oracle"] == "tflite_micro"


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The quantized model, for what has nothing to do with quantizing."""
    path = tmp_path_factory.mktemp("digits") / "digits.tflite"
    assert run_command(["quantize", str(DIGITS / "digits.keras"), "-o", str(path), "--quiet"]) == 0
    return str(path)


@pytest.mark.parametrize("board", BOARDS)
def test_digits_from_keras_to_a_verdict(board: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = run_json(capsys, str(DIGITS / "digits.keras"), "--board", board, "--out", str(tmp_path / "p"))
    assert report.keys() >= REPORT_KEYS
    assert_exact(report, 360)
    assert report["scheme"] == "int8"
    assert report["accuracy"]["board"] == report["accuracy"]["host"]
    assert report["accuracy"]["float"] > 0.95
    assert report["arena_bytes"] >= report["arena_lower_bound_bytes"]
    assert [op["op"] for op in report["ops"]][-1] == "SOFTMAX"
    assert report["memory"]["planned"]
    assert max(b["offset"] + b["bytes"] for b in report["memory"]["blocks"]) == report["arena_bytes"]
    assert sum(part["size_bytes"] for part in report["flash_parts"]) == report["flash_bytes"]
    assert {"kernels", "weights and tables"} <= {part["name"] for part in report["flash_parts"]}


# These need no marker: where the networks are absent they skip, and the digits above stand for them.
@pytest.mark.parametrize("board", ["native", "mps2-an386"])
def test_keyword_spotting_on_all_samples(board: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, samples = reference_model("kws_ref_model.tflite"), reference_model("kws01_200.npz")
    report = run_json(capsys, model, "--samples", samples, "--board", board, "--out", str(tmp_path / "p"))
    assert_exact(report, 200)
    assert report["accuracy"]["board"] == report["accuracy"]["host"] == 0.885


@pytest.mark.parametrize("board", ["native", "mps2-an386"])
@pytest.mark.parametrize("name", ["pretrainedResnet_quant.tflite", "ad01_int8.tflite", "hello_world_int8.tflite"])
def test_reference_networks(name: str, board: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = reference_model(name)
    report = run_json(
        capsys, model, "--random", "10", "--seed", "7", "--board", board, "--out", str(tmp_path / "a path with blanks")
    )
    assert_exact(report, 10)


def test_float_resnet_from_h5(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = reference_model("pretrainedResnet.h5")
    images = tmp_path / "images.npz"
    np.savez(images, x=np.random.default_rng(1).integers(0, 256, (50, 32, 32, 3)).astype(np.float32))
    report = run_json(
        capsys,
        model,
        "--representative",
        str(images),
        "--random",
        "5",
        "--board",
        "native",
        "--out",
        str(tmp_path / "p"),
    )
    assert_exact(report, 5)


@pytest.mark.native
def test_stages_alone_do_what_run_does(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tflite, project = tmp_path / "digits.tflite", tmp_path / "project"
    model = str(DIGITS / "digits.keras")
    shutil.copy(DIGITS / "digits_test.npz", tmp_path)
    target = ["--board", "native", "--out", str(project)]
    assert run_command(["quantize", model, "-o", str(tflite)]) == 0
    assert run_command(["generate", str(tflite), *target]) == 0
    assert run_command(["build", str(project)]) == 0
    capsys.readouterr()
    samples = ["--samples", str(tmp_path / "digits_test.npz")]
    assert run_command(["verify", str(tflite), *target, *samples, "--json"]) == 0
    assert_exact(json.loads(capsys.readouterr().out), 360)


@pytest.mark.native
def test_a_report_is_written_in_three_formats(digits: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for suffix, text in ((".json", '"verdict"'), (".md", "| SOFTMAX |"), (".html", ">SOFTMAX<")):
        path = tmp_path / f"report{suffix}"
        arguments = [digits, "--samples", str(DIGITS / "digits_test.npz"), "--board", "native"]
        run_json(capsys, *arguments, "--out", str(tmp_path / "p"), "--report", str(path))
        assert text in path.read_text()


@pytest.mark.native
def test_verify_refuses_firmware_of_another_model(
    digits: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = tmp_path / "project"
    target = ["--board", "native", "--out", str(project)]
    model = str(DIGITS / "digits.keras")
    other = tmp_path / "other.tflite"
    assert run_command(["quantize", model, "-o", str(other), "--representative", str(DIGITS / "digits_test.npz")]) == 0
    assert run_command(["generate", digits, *target]) == 0
    capsys.readouterr()
    assert run_command(["verify", str(other), *target, "--random", "2"]) in {2, 3}
    assert "another model" in capsys.readouterr().err


def boardproof_with_path(path: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATH": path}
    command = [sys.executable, "-m", "boardproof", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)


@pytest.mark.qemu
def test_without_a_compiler(tmp_path: Path) -> None:
    done = boardproof_with_path(str(tmp_path), "run", str(DIGITS / "digits.keras"), "--out", str(tmp_path / "p"))
    assert done.returncode == 3
    assert "arm-none-eabi-gcc" in done.stderr
    assert "apt-get install" in done.stderr
    assert not (tmp_path / "p").exists()


@pytest.mark.qemu
def test_without_qemu(tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for folder in os.environ["PATH"].split(os.pathsep):
        for program in Path(folder).glob("*"):
            link = tools / program.name
            if program.name != "qemu-system-arm" and not os.path.lexists(link):
                link.symlink_to(program)
    done = boardproof_with_path(str(tools), "run", str(DIGITS / "digits.keras"), "--out", str(tmp_path / "p"))
    assert done.returncode == 3
    assert "qemu-system-arm" in done.stderr
    assert "apt-get install" in done.stderr


@pytest.mark.qemu
def test_qemu_dying_in_mid_run(digits: str, tmp_path: Path) -> None:
    """A stand-in that runs the real emulator and kills it after a moment."""
    qemu = shutil.which("qemu-system-arm")
    tools = tmp_path / "tools"
    tools.mkdir()
    wrapper = tools / "qemu-system-arm"
    wrapper.write_text(
        f'#!/bin/sh\ncase "$*" in *firmware.elf*) exec timeout -s KILL 1 {qemu} "$@";; esac\nexec {qemu} "$@"\n'
    )
    wrapper.chmod(0o755)
    path = f"{tools}:{os.environ['PATH']}"
    samples = tmp_path / "many.npz"
    images = np.load(DIGITS / "digits_test.npz")["x"]
    np.savez(samples, x=np.tile(images, (200, 1, 1, 1)))
    done = boardproof_with_path(path, "run", digits, "--samples", str(samples), "--out", str(tmp_path / "p"))
    assert done.returncode == 3
    assert "QEMU" in done.stderr or "qemu" in done.stderr
    assert "next: " in done.stderr

"""The workflow that `generate --ci github` writes: its commands, run as the service would run them."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

import boardproof
from boardproof import __version__
from boardproof.cli.commands import run_command
from boardproof.device.tflm.arena import ArenaSize, ArenaSource
from boardproof.model.tflite.reader import read_tflite
from boardproof.project.runtimes.tflm.library import DEFAULT_SPEC, resolve_library
from support.mlperf_models import kws_like
from support.tflm import conv_model, make_library

DIGITS = Path(__file__).parents[2] / "examples" / "digits"
PINNED = "spaziochirale/Chirale_TensorFLowLite@2.0.3"
BUILD, PROVE = 2, 3
"""Where these commands are in a workflow for a board of hardware; before them come pip and apt-get."""


def steps_of(project: Path) -> list[dict[str, Any]]:
    steps = yaml.safe_load((project / ".github/workflows/firmware.yml").read_text())["jobs"]["firmware"]["steps"]
    return list(steps)


def commands_of(project: Path) -> list[str]:
    return [step["run"] for step in steps_of(project) if "run" in step]


def as_the_service(command: str, project: Path, scratch: Path) -> str:
    """Runs one command of the workflow in the project; what it printed."""
    programs, packages = Path(sys.executable).parent, Path(boardproof.__file__).parents[1]  # those under test
    paths = {"PATH": f"{programs}:{os.environ['PATH']}", "PYTHONPATH": str(packages)}
    environment = {**os.environ, **paths, "RUNNER_TEMP": str(scratch)}
    done = subprocess.run(["bash", "-c", command], cwd=project, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.qemu
def test_the_workflow_proves_the_model_of_a_board_that_is_not_there(tmp_path: Path) -> None:
    project = tmp_path / "project"
    command = ["generate", str(DIGITS / "digits.keras"), "--board", "nano33ble", "--optimize", "speed"]
    assert run_command([*command, "--ci", "github", "--out", str(project)]) == 0
    commands = commands_of(project)
    assert (project / ".github/requirements.txt").read_text().splitlines()[-1] == f"boardproof=={__version__}"
    assert "qemu-system-arm" in commands[1]
    assert commands[BUILD] == "pio run"
    assert "--board mps2-an386 --runtime aot --optimize speed --samples model/samples.npz" in commands[PROVE]
    assert "exact: 360 of 360" in as_the_service(commands[PROVE], project, tmp_path)
    artifact = next(
        step["with"]["path"] for step in steps_of(project) if step.get("uses", "").startswith("actions/upload-artifact")
    )
    assert (project / artifact).is_file()


@pytest.mark.native
def test_the_workflow_proves_the_project_itself_where_its_board_is_emulated(tmp_path: Path) -> None:
    tflite, project = tmp_path / "digits.tflite", tmp_path / "project"
    assert run_command(["quantize", str(DIGITS / "digits.keras"), "-o", str(tflite)]) == 0
    arguments = ["--board", "native", "--random", "7", "--seed", "3", "--ci", "github", "--out", str(project)]
    assert run_command(["generate", str(tflite), *arguments]) == 0
    assert not (project / "model" / "samples.npz").exists()
    (prove,) = commands_of(project)[BUILD:]
    assert prove == (
        "boardproof verify model/model.tflite --board native --runtime aot --random 7 --seed 3 --out . "
        "--report report.html"
    )
    assert "exact: 7 of 7" in as_the_service(prove, project, tmp_path)
    assert (project / ".pio/build/native/firmware.elf").is_file()
    assert not (tmp_path / "proof").exists()
    assert "planned ahead of time" in (project / "report.html").read_text()


def tflm_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Path:
    """A project for TensorFlow Lite Micro, without PlatformIO's registry and without a build."""
    model, project = tmp_path / "conv.tflite", tmp_path / "project"
    model.write_bytes(conv_model())
    library = replace(resolve_library(None), spec=PINNED)
    arena = ArenaSize(2352, ArenaSource.MEASURED, 2352, "mps2-an386")
    monkeypatch.setattr("boardproof.stages.generate.fetch_library", lambda _spec, **_: library)
    monkeypatch.setattr("boardproof.stages.generate.find_arena", lambda *_, **__: arena)
    command = ["generate", str(model), "--runtime", "tflm", "--ci", "github", "--out", str(project), *arguments]
    assert run_command(command) == 0
    return project


def test_the_workflow_for_tflm_proves_the_same_firmware(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = tflm_project(tmp_path, monkeypatch, "--board", "nano33ble", "--debug", "--seed", "5")
    assert PINNED in (project / "platformio.ini").read_text()
    build, prove = commands_of(project)[BUILD:]
    assert build == "pio run"
    assert prove == (
        f"boardproof run model/model.tflite --board mps2-an386 --runtime tflm --tflm-lib {PINNED} --arena-bytes 2352 "
        '--debug --random 20 --seed 5 --out "$RUNNER_TEMP/proof" --report report.html'
    )


def test_the_workflow_for_tflm_on_an_emulated_board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = tflm_project(tmp_path, monkeypatch, "--board", "mps2-an386", "--debug")
    (prove,) = commands_of(project)[BUILD:]
    assert prove == (
        f"boardproof verify model/model.tflite --board mps2-an386 --runtime tflm --tflm-lib {PINNED} "
        "--random 20 --seed 0 --out . --report report.html"
    )


@pytest.mark.parametrize("board", ["mps2-an386", "nrf52840-renode"])
def test_firmware_that_no_runner_can_verify_is_built_and_its_network_proven_apart(board: str, tmp_path: Path) -> None:
    """MLPerf Tiny's protocol knows nothing of verifying, and Renode is no package of Ubuntu's."""
    model, project = tmp_path / "keywords.tflite", tmp_path / "project"
    model.write_bytes(kws_like())
    protocol = "mlperf-tiny" if board == "mps2-an386" else "boardproof"
    command = ["generate", str(model), "--protocol", protocol, "--board", board, "--ci", "github"]
    assert run_command([*command, "--out", str(project)]) == 0
    build, prove = commands_of(project)[BUILD:]
    assert build == "pio run"
    assert "boardproof run model/model.tflite --board mps2-an386 --runtime aot --optimize balanced" in prove
    assert "protocol" not in prove


def test_samples_with_named_classes_go_along_as_numbers(tmp_path: Path) -> None:
    model, samples, project = tmp_path / "keywords.tflite", tmp_path / "samples.npz", tmp_path / "project"
    model.write_bytes(kws_like())
    shape = read_tflite(model.read_bytes()).input_tensors[0].shape[1:]
    np.savez(samples, x=np.random.default_rng(0).normal(size=(3, *shape)), y=["yes", "no", "yes"])
    command = ["generate", str(model), "--samples", str(samples), "--labels", "yes,no", "--ci", "github"]
    assert run_command([*command, "--out", str(project)]) == 0
    assert np.load(project / "model/samples.npz")["y"].tolist() == [0, 1, 0]


@pytest.mark.parametrize("how", ["{}", "symlink://{}", "file://{}", "git+file://{}"])
def test_a_library_on_this_machine_is_refused(how: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, spec = tmp_path / "conv.tflite", how.format(make_library(tmp_path / "tflm"))
    model.write_bytes(conv_model())
    command = ["generate", str(model), "--runtime", "tflm", "--tflm-lib", spec, "--ci", "github"]
    assert run_command([*command, "--out", str(tmp_path / "project")]) == 2
    words = " ".join(capsys.readouterr().err.split())
    assert f"--ci cannot use the TensorFlow Lite Micro library {spec}: it is on this machine" in words
    assert f"next: Give one of PlatformIO's registry, such as --tflm-lib {DEFAULT_SPEC}, or a Git URL." in words
    assert not (tmp_path / "project").exists()


def test_boardproof_can_come_from_elsewhere(tmp_path: Path) -> None:
    project, source = tmp_path / "project", "boardproof @ git+https://example.org/boardproof.git@0123abc"
    command = ["generate", str(DIGITS / "digits.keras"), "--ci", "github", "--out", str(project)]
    assert run_command([*command, "--ci-install", source]) == 0
    (project / ".github/wheel.whl").write_text("kept")
    assert (project / ".github/requirements.txt").read_text().splitlines()[-1] == source
    assert run_command(command) == 0
    lines = (project / ".github/requirements.txt").read_text().splitlines()
    assert all(line.startswith("#") for line in lines[:-1])
    assert lines[-1] == f"boardproof=={__version__}"
    assert (project / ".github/wheel.whl").read_text() == "kept"

"""The workflow that `generate --ci github` writes: its commands, run as the service would run them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from boardproof import __version__
from boardproof.cli import run_command

DIGITS = Path(__file__).parents[2] / "examples" / "digits"


@pytest.mark.qemu
def test_the_workflow_proves_the_project(tmp_path: Path) -> None:
    project = tmp_path / "project"
    status = run_command(
        ["generate", str(DIGITS / "digits.keras"), "--board", "nano33ble", "--ci", "github", "--out", str(project)]
    )
    assert status == 0
    workflow = yaml.safe_load((project / ".github/workflows/firmware.yml").read_text())
    steps = workflow["jobs"]["firmware"]["steps"]
    commands = [step["run"] for step in steps if "run" in step]
    assert (project / ".github/requirements.txt").read_text() == f"boardproof=={__version__}\n"
    assert "qemu-system-arm" in commands[1]
    assert commands[2] == "pio run"
    programs = str(Path(sys.executable).parent)
    environment = {**os.environ, "RUNNER_TEMP": str(tmp_path), "PATH": f"{programs}:{os.environ['PATH']}"}
    done = subprocess.run(["bash", "-c", commands[3]], cwd=project, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "exact: 360 of 360" in done.stdout
    artifact = next(
        step["with"]["path"] for step in steps if step.get("uses", "").startswith("actions/upload-artifact")
    )
    assert (project / artifact).is_file()


@pytest.mark.native
def test_without_samples_it_proves_random_ones(tmp_path: Path) -> None:
    tflite, project = tmp_path / "digits.tflite", tmp_path / "project"
    assert run_command(["quantize", str(DIGITS / "digits.keras"), "-o", str(tflite)]) == 0
    arguments = ["--board", "native", "--random", "7", "--ci", "github", "--out", str(project)]
    assert run_command(["generate", str(tflite), *arguments]) == 0
    text = (project / ".github/workflows/firmware.yml").read_text()
    assert "--board native" in text
    assert "--random 7" in text
    assert not (project / "model" / "samples.npz").exists()

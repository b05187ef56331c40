"""Networks in float32: the library's firmware computes what the oracle does, to the last bit.

Runs where BOARDPROOF_TFLM_LIB names a copy of the library. Its first build takes minutes: these networks have flags of
their own.
"""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from boardproof.cli.commands import run_command
from support.tflm import float_model, real_library

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.skipif(
    shutil.which("arm-none-eabi-gcc") is None or shutil.which("qemu-system-arm") is None,
    reason="arm-none-eabi-gcc or qemu-system-arm is not on PATH",
)
def test_convolution_and_dense_layer_are_exact(tmp_path: Path):
    model, report = tmp_path / "float.tflite", tmp_path / "report.json"
    model.write_bytes(float_model())
    options = ["--runtime", "tflm", "--board", "mps2-an386", "--tflm-lib", str(real_library()), "--quiet"]
    samples = ["--random", "20", "--seed", "3", "--report", str(report), "--out", str(tmp_path / "project")]
    assert run_command(["run", str(model), *options, *samples]) == 0
    document = json.loads(report.read_text())
    assert document["verdict"]["exact"] == 20
    assert document["litert"]["in_float"] is True
    assert "requantize" not in document["litert"]["text"]

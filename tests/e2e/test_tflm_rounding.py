"""Firmware of a library that rounds otherwise than the oracle: it really differs, and every report says why.

Runs where BOARDPROOF_TFLM_LIB names a copy of the library.
"""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from boardproof.cli.commands import run_command
from boardproof.model.fixed_point import quantize_multiplier, requantize
from boardproof.project.runtimes.tflm.library import resolve_library
from support.flatbuffer_models import ModelBuilder
from support.tflm import dense_model, pooled_model, real_library

if TYPE_CHECKING:
    from pathlib import Path

SAMPLES = 20
DATA, WEIGHTS, OUTPUT = (float(np.float32(scale)) for scale in (0.1, 0.3, 30_000.0))


@pytest.fixture(scope="module")
def library() -> Path:
    missing = [name for name in ("arm-none-eabi-gcc", "qemu-system-arm") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} not on PATH")
    folder = real_library()
    found = resolve_library(str(folder)).roundings
    if not ("FULLY_CONNECTED" in found.float32_factors and found.float_sums and found.truncated_means):
        pytest.skip(f"the library in {folder} rounds as tflite_micro does: {found}")
    return folder


def sums_that_differ() -> list[int]:
    """Accumulators that come out 1 apart when the factor has been rounded to float32 on the way."""
    factors = float(np.float32(DATA) * np.float32(WEIGHTS)) / OUTPUT, DATA * WEIGHTS / OUTPUT
    halves = np.round((np.arange(-120, 120) + 0.5) / factors[1]).astype(np.int64)
    near = np.unique(halves[:, np.newaxis] + np.arange(-4, 5))
    single, double = (requantize(near, *quantize_multiplier(factor)) for factor in factors)
    return [int(total) for total in near[single != double]]


def network() -> bytes:
    """A dense layer whose sums are its biases, a mean of the same quantization, and a sum that can leave int8."""
    builder = ModelBuilder()
    sums = sums_that_differ()
    x = builder.add_tensor((1, 2), scale=DATA)
    w = builder.add_tensor((len(sums), 2), scale=WEIGHTS, data=np.zeros((len(sums), 2), np.int8))
    b = builder.add_tensor((len(sums),), "int32", scale=DATA * WEIGHTS, data=sums)
    dense = builder.add_tensor((1, len(sums)), scale=OUTPUT)
    builder.add_operator("FULLY_CONNECTED", [x, w, b], [dense], version=4)
    image = builder.add_tensor((1, 2, 2, 32), scale=0.5)
    axes = builder.add_tensor((2,), "int32", data=[1, 2])
    mean, total = (builder.add_tensor((1, 32), scale=0.5) for _ in range(2))
    builder.add_operator("MEAN", [image, axes], [mean], version=2, keep_dims=False)
    builder.add_operator("SUM", [image, axes], [total], version=1, keep_dims=False)
    return builder.build([x, image], [dense, mean, total])


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rounding") / "model.tflite"
    path.write_bytes(network())
    return path


def target(model: Path, library: Path) -> list[str]:
    options = ["--runtime", "tflm", "--board", "mps2-an386", "--tflm-lib", str(library)]
    return [str(model), *options, "--out", str(model.parent / "project")]


def one_line(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture(scope="module")
def report(model: Path, library: Path) -> dict[str, Any]:
    path = model.parent / "report.json"
    samples = ["--random", str(SAMPLES), "--seed", "3"]
    assert run_command(["run", *target(model, library), *samples, "--quiet", "--report", str(path)]) == 1
    document: dict[str, Any] = json.loads(path.read_text())
    return document


def test_the_board_differs_where_and_by_as_much_as_the_notes_say(report: dict[str, Any]):
    assert len(sums_that_differ()) > 100
    dense, mean, total = report["verdict"]["tensors"]
    assert dense["histogram"] == {"1": SAMPLES * len(sums_that_differ())}
    assert mean["max_lsb"] == 1
    assert total["max_lsb"] > 1
    assert [note.split(" rounds ", 1)[1] for note in report["notes"][:-1]] == [
        "the rescaling factor of FULLY_CONNECTED to float32, unlike tflite_micro, so the output of operator 0 can "
        "differ from it by 1 LSB.",
        "MEAN differently from tflite_micro, so the output of operator 1 can differ from it by 1 LSB.",
        "SUM differently from tflite_micro, so the output of operator 2 can differ from it by 255 LSB.",
    ]
    assert "(exit status 1) are then no sign of broken firmware; --runtime aot computes as" in report["notes"][-1]


def test_the_notes_are_in_every_form_of_the_report_and_known_without_the_project(
    model: Path, library: Path, report: dict[str, Any], capsys: pytest.CaptureFixture[str]
):
    """`verify` has the library's name from the board and its sources from --tflm-lib."""
    note = report["notes"][0]
    for suffix in (".md", ".html"):
        path = model.parent / f"report{suffix}"
        assert run_command(["verify", *target(model, library), "--random", "1", "--report", str(path)]) == 1
        assert f"Note: {note}" in re.sub("<[^>]+>", "", path.read_text())  # the word may be bold
        assert f"note: {note}" in one_line(capsys.readouterr().out)


def test_preflight_notes_them_before_anything_is_built(model: Path, library: Path, capsys: pytest.CaptureFixture[str]):
    assert run_command(["inspect", *target(model, library)[:-2], "--json", "--quiet"]) == 0
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert [(f["severity"], f["code"], f["operator"]) for f in findings] == [
        ("note", "other-rounding", operator) for operator in (0, 1, 2)
    ]
    assert run_command(["inspect", *target(model, library)[:-2], "--quiet"]) == 0
    assert "note: Chirale_TensorFLowLite 2.0.0 rounds" in one_line(capsys.readouterr().out)


def test_a_dense_layer_makes_more_of_a_means_difference(tmp_path: Path, library: Path):
    path, out = tmp_path / "pooled.tflite", tmp_path / "report.json"
    path.write_bytes(pooled_model())
    options = ["--random", str(SAMPLES), "--seed", "3", "--quiet", "--report", str(out)]
    assert run_command(["run", *target(path, library), *options]) == 1
    document = json.loads(out.read_text())
    assert 1 < document["verdict"]["max_lsb"] <= 8
    assert document["divergence"]["op"] == "MEAN"
    assert "the operators behind can make more of that." in document["notes"][0]


def test_a_network_where_nothing_comes_of_it_has_no_note_and_is_exact(tmp_path: Path, library: Path):
    path = tmp_path / "dense.tflite"
    path.write_bytes(dense_model())
    out = tmp_path / "report.json"
    assert run_command(["run", *target(path, library), "--random", "5", "--quiet", "--report", str(out)]) == 0
    assert json.loads(out.read_text())["notes"] == []

"""The command's face: help, exit statuses, and errors that say what is wrong and what to do next."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

import boardproof.device.usb.upload as upload_module
from boardproof.cli.commands import main, run_command
from boardproof.device.reach import links
from boardproof.project.runtimes.tflm.library import library_unavailable, resolve_library
from boardproof.stages import inspect as inspection
from support.flatbuffer_models import ModelBuilder
from support.tflm import make_library

if TYPE_CHECKING:
    from pathlib import Path

    from boardproof.project.boards import Board


def relu_model(*, opcode: str = "RELU", elements: int = 8) -> bytes:
    builder = ModelBuilder()
    x = builder.add_tensor([1, elements], "int8", scale=0.1, zero_point=0, name="x")
    y = builder.add_tensor([1, elements], "int8", scale=0.1, zero_point=-128, name="y")
    builder.add_operator(opcode, [x], [y])
    return builder.build([x], [y])


def pad_model() -> bytes:
    """What the oracle alone refuses: PADV2 of int8 that pads with a float32; TensorFlow writes such for int16."""
    builder = ModelBuilder()
    x = builder.add_tensor([1, 4], "int8", scale=0.1)
    paddings = builder.add_tensor([2, 2], "int32", data=[[0, 0], [1, 1]])
    value = builder.add_tensor([1], "float32", data=[1.0])
    y = builder.add_tensor([1, 6], "int8", scale=0.1)
    builder.add_operator("PADV2", [x, paddings, value], [y])
    return builder.build([x], [y])


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "relu.tflite"
    path.write_bytes(relu_model())
    return path


def failure(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    status = run_command(list(arguments))
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Traceback" not in captured.err
    return status, captured.err


@pytest.mark.parametrize("command", [[], *([name] for name in main.commands)])
def test_every_command_has_help(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command([*command, "--help"]) == 0
    assert "Usage: boardproof" in capsys.readouterr().out


def test_help_imports_nothing_heavy() -> None:
    heavy = ("tensorflow", "keras", "numpy", "rich", "platformio")
    code = (
        "import sys; from boardproof.cli.commands import run_command; run_command(['--help']); "
        f"print([m for m in {heavy} if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_usage_errors_have_status_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, err = failure(capsys, "run")
    assert status == 2
    assert "Missing argument 'MODEL'" in err
    status, err = failure(capsys, "run", str(tmp_path), "--board", "uno")
    assert status == 2
    assert "mps2-an386" in err


def test_missing_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, err = failure(capsys, "run", str(tmp_path / "no.tflite"))
    assert status == 2
    assert "There is no file" in err
    assert "next: Check the path" in err


@pytest.mark.parametrize("length", [0, 3, 40, 200])
def test_truncated_model(length: int, model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model.write_bytes(model.read_bytes()[:length])
    status, err = failure(capsys, "inspect", str(model))
    assert status == 2
    assert "next: " in err


def test_random_bytes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "noise.tflite"
    path.write_bytes(np.random.default_rng(0).bytes(4096))
    status, err = failure(capsys, "run", str(path))
    assert status == 2
    assert "is not a model that boardproof reads" in err
    assert "next: Give a .keras, .h5 or .tflite file" in err


def test_unsupported_operator_is_named_before_anything_is_compiled(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "m.tflite"
    path.write_bytes(relu_model(opcode="RFFT2D"))
    status, err = failure(capsys, "run", str(path), "--out", str(tmp_path / "out"))
    assert status == 2
    assert "RFFT2D" in err
    assert "next: " in err
    assert not (tmp_path / "out").exists()


def test_too_large_for_the_board(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "m.tflite"
    path.write_bytes(relu_model(elements=600_000))
    status, err = failure(capsys, "run", str(path), "--out", str(tmp_path / "out"))
    assert status == 2
    assert "bytes" in err
    assert "241,260" in err
    assert not (tmp_path / "out").exists()


def test_samples_of_the_wrong_shape(tmp_path: Path, model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    samples = tmp_path / "s.npz"
    np.savez(samples, x=np.zeros((5, 7), np.float32))
    status, err = failure(
        capsys, "run", str(model), "--samples", str(samples), "--board", "native", "--out", str(tmp_path / "out")
    )
    assert status == 2
    assert "[5, 7]" in err
    assert "next: " in err
    assert not (tmp_path / "out").exists()


def test_a_model_that_the_oracle_refuses_costs_no_build(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("boardproof.stages.generate.fetch_library", lambda *_, **__: resolve_library(None))
    model.write_bytes(pad_model())
    status, err = failure(
        capsys, "run", str(model), "--runtime", "tflm", "--board", "native", "--out", str(tmp_path / "out")
    )
    assert status == 2
    assert "The oracle, tflite_micro, refuses operator 0 (PADV2): " in err
    assert not (tmp_path / "out").exists()


def test_inspect_says_when_it_could_not_read_the_library(
    model: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(spec: str | None, **_: object) -> None:
        raise library_unavailable(str(spec), "HTTPClientError")

    monkeypatch.setattr(inspection, "fetch_library", unreachable)
    assert run_command(["inspect", str(model), "--runtime", "tflm", "--tflm-lib", "someone/Else@^1.0", "--json"]) == 0
    captured = capsys.readouterr()
    assert "could not get the TensorFlow Lite Micro library someone/Else@^1.0" in captured.err
    words = " ".join(captured.err.split())
    assert "Either give a copy of a TensorFlow Lite Micro library with --tflm-lib PATH, or compile the model" in words
    document = json.loads(captured.out)
    assert document["arena_how"] == "an upper bound from tflite_micro's recorded allocations; `run` measures it"
    assert 500 < document["arena_bytes"] < 4000
    (note,) = document["findings"]
    assert (note["severity"], note["code"]) == ("note", "library-not-read")
    assert note["message"].startswith("someone/Else@^1.0 ^1.0 has not been fetched")


def test_inspect_checks_an_arena_that_was_given(
    model: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inspection, "fetch_library", lambda *_, **__: resolve_library(None))
    model.write_bytes(relu_model(elements=32))
    assert run_command(["inspect", str(model), "--runtime", "tflm", "--arena-bytes", "48", "--json"]) == 2
    document = json.loads(capsys.readouterr().out)
    (finding,) = (finding for finding in document["findings"] if finding["severity"] == "error")
    assert finding["code"] == "arena-too-small"
    assert finding["message"] == (
        "--arena-bytes 48 is too small: the activations alive at one moment alone take 64 bytes."
    )
    assert document["arena_bytes"] is None


@pytest.mark.parametrize("command", ["generate", "run"])
def test_an_arena_larger_than_the_board_is_refused_before_anything_is_built(
    command: str, tmp_path: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    library = make_library(tmp_path / "tflm")
    options = ["--runtime", "tflm", "--tflm-lib", str(library), "--board", "mps2-an386", "--out", str(tmp_path / "out")]
    assert run_command([command, str(model), *options, "--arena-bytes", "4294969000"]) == 2
    error = " ".join(capsys.readouterr().err.split())
    assert "--arena-bytes 4294969000 is too large: mps2-an386 has room for 237,316 bytes" in error
    assert "Leave --arena-bytes out" in error
    assert not (tmp_path / "out").exists()


def test_inspect_lists_operators_memory_and_findings(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["inspect", str(model)]) == 0
    out = capsys.readouterr().out
    assert "RELU" in out
    assert "arena" in out
    assert "no plan can be below" in out
    assert "runs with aot on mps2-an386" in out


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_inspect_of_a_network_that_cannot_run_reports_and_has_status_2(
    form: list[str], model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model.write_bytes(relu_model(opcode="RFFT2D"))
    assert run_command(["inspect", str(model), *form]) == 2
    out = capsys.readouterr().out
    assert "Operator 0 (RFFT2D)" in out
    assert form or out.splitlines()[-1] == "does not run with aot on mps2-an386"


def test_inspect_writes_its_page_with_findings_and_pictures(tmp_path: Path, model: Path) -> None:
    page, text = tmp_path / "look.html", tmp_path / "look.md"
    assert run_command(["inspect", str(model), "--report", str(page)]) == 0
    assert "runs with aot on mps2-an386" in page.read_text()
    assert "<svg" in page.read_text()
    model.write_bytes(relu_model(opcode="RFFT2D"))
    assert run_command(["inspect", str(model), "--report", str(text)]) == 2
    assert "does not run with aot on mps2-an386" in text.read_text()
    assert re.search(r"^Error: Operator 0 \(RFFT2D\).* Next: ", text.read_text(), re.MULTILINE)


@pytest.mark.parametrize("command", ["inspect", "compare", "run", "ladder", "coldstart"])
def test_a_report_in_no_form_is_refused_before_the_work(command: str, model: Path, capsys: pytest.CaptureFixture[str]):
    status, err = failure(capsys, command, str(model), "--report", "report.pdf")
    assert status == 2
    assert "A report cannot be written as .pdf." in err
    assert "End its name in .json, .md, .html." in err
    assert "loading" not in err


def test_inspect_shows_what_is_alive_where_the_runtime_makes_no_plan(
    tmp_path: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["inspect", str(model), "--runtime", "tflm", "--tflm-lib", str(make_library(tmp_path / "tflm"))]
    run_command(command)
    rows = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    said = rows.index("Activations alive at once: 16 bytes at most.")
    assert rows[said + 2] == f"0 RELU 16 {'█' * 16} t0 8, t1 8"
    run_command([*command, "--json"])
    assert json.loads(capsys.readouterr().out)["timeline"] == [
        {"index": 0, "op": "RELU", "live_bytes": 16, "live": [0, 1]}
    ]


def test_inspect_shows_the_memory_of_a_network_that_does_not_fit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "m.tflite"
    path.write_bytes(relu_model(elements=600_000))
    assert run_command(["inspect", str(path)]) == 2
    assert "Activations alive at once: 1,200,000 bytes at most" in capsys.readouterr().out


def test_quantize_refuses_a_tflite(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, err = failure(capsys, "quantize", str(model))
    assert status == 2
    assert "is a .tflite already" in err


def test_build_refuses_a_directory_that_is_not_ours(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, err = failure(capsys, "build", str(tmp_path))
    assert status == 2
    assert "is not a project that boardproof generated" in err
    assert "boardproof generate" in err


def test_a_defect_is_called_one(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def explode(_own: tuple[Board, ...]) -> None:
        raise ZeroDivisionError("x")

    monkeypatch.setattr("boardproof.report.tables.boards_table", explode)
    status, err = failure(capsys, "boards")
    assert status == 3
    assert "internal error: ZeroDivisionError" in err
    assert "report it with" in err


def test_interrupt_has_status_130_and_leaves_no_project(tmp_path: Path, model: Path) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-m", "boardproof", "run", str(model), "--random", "200", "--out", str(out)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    assert "loading" in process.stderr.readline()  # before that, Python itself is still starting
    process.send_signal(2)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted" in err
    assert not [p for p in tmp_path.iterdir() if p.name.startswith((".out", "tmp"))]


@pytest.fixture
def nothing_plugged_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload_module, "serial_ports", lambda: ())


@pytest.mark.parametrize(
    ("port", "status", "words"),
    [
        ((), 3, "error: No Arduino Nano 33 BLE is connected"),
        (("--port", "/dev/ttyACM7"), 2, "error: There is no port or board /dev/ttyACM7."),
        (
            ("--port", "socket://lab:4000"),
            2,
            "error: The Arduino Nano 33 BLE cannot be flashed through socket://lab:4000",
        ),
    ],
)
def test_flashing_looks_for_the_board_before_it_builds(
    port: tuple[str, ...],
    status: int,
    words: str,
    model: Path,
    nothing_plugged_in: None,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    project = tmp_path / "firmware"
    assert run_command(["generate", str(model), "--board", "nano33ble", "--out", str(project)]) == 0
    capsys.readouterr()
    got, text = failure(capsys, "flash", str(project), *port)
    assert got == status
    assert words in text
    assert "next: " in text
    assert "building" not in text


def test_a_run_on_hardware_looks_for_the_board_first(
    model: Path, nothing_plugged_in: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, text = failure(capsys, "run", str(model), "--board", "nano33ble", "--out", str(tmp_path / "firmware"))
    assert status == 3
    assert text.startswith("error: No Arduino Nano 33 BLE is connected")


@pytest.mark.parametrize("command", ["run", "verify"])
def test_a_missing_emulator_is_told_before_anything_is_built(
    command: str, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    which = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name: None if name == "renode" else which(name))
    monkeypatch.setattr(links, "require_compiler", lambda _board: None)
    project = tmp_path / "firmware"
    status, text = failure(capsys, command, str(model), "--board", "nrf52840-renode", "--out", str(project))
    assert status == 3
    assert text.startswith("error: renode is not installed, or not on PATH")
    assert "next: Get Renode" in text
    assert not project.exists()


def test_an_emulated_board_is_not_flashed_and_not_built_for_it(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = tmp_path / "firmware"
    assert run_command(["generate", str(model), "--board", "native", "--out", str(project)]) == 0
    capsys.readouterr()
    status, text = failure(capsys, "flash", str(project))
    assert status == 2
    assert text.startswith("error: native is not flashed: boardproof starts it itself.")

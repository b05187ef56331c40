"""Flags and boardproof.toml: what is wrong in them is told where it stands, and what is ignored is said."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from boardproof.cli.commands import run_command
from support.small_application import SETTINGS, write_application
from support.small_network import small_network

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "m.tflite"
    path.write_bytes(small_network())
    return path


def failure(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert run_command(list(arguments)) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err


def test_settings_file_gives_defaults_and_flags_win(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (model.parent / "boardproof.toml").write_text('board = "native"\n')
    assert run_command(["inspect", str(model), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["board"] == "native"
    assert run_command(["inspect", str(model), "--json", "--board", "nano33ble"]) == 0
    assert json.loads(capsys.readouterr().out)["board"] == "nano33ble"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("colour = 1\n", "unknown setting: colour"),
        ("board = \n", "cannot be read"),
        ('board = "uno"\n', "'uno' is not one of"),
        ('board = "uno"\n', "A section [boards.uno] in boardproof.toml describes a board of your own"),
    ],
)
def test_wrong_settings_file(text: str, message: str, model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (model.parent / "boardproof.toml").write_text(text)
    assert message in failure(capsys, "inspect", str(model))


def test_a_wrong_value_in_the_settings_file_names_the_file(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = model.parent / "boardproof.toml"
    path.write_text('board = "esp32"\n')
    err = failure(capsys, "inspect", str(model))
    assert err.startswith(f"error: {path} has a wrong board: 'esp32' is not one of 'mps2-an386'")
    assert err.endswith("next: Correct it there; --board goes before what is there.\n")
    assert "Invalid value for '--board'" in failure(capsys, "inspect", str(model), "--board", "esp32")


def test_settings_have_the_names_that_flags_have(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = model.parent / "boardproof.toml"
    path.write_text("colour = 1\n")
    hint = failure(capsys, "inspect", str(model)).partition("next: ")[2]
    names = hint.removeprefix("Known settings: ").partition(";")[0].split(", ")
    assert {"as", "json", "arena-bytes", "board"} <= set(names)
    assert not {name for name in names if "_" in name or name.startswith("as-")}
    path.write_text("json = true\n")
    assert run_command(["inspect", str(model)]) == 0
    assert json.loads(capsys.readouterr().out)["board"] == "mps2-an386"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--arena-bytes", "64k"], "'64k' is not a whole number of bytes."),
        (["--arena-bytes", "15"], "15 is not in the range x>=16."),
        (["--random", "many"], "'many' is not a whole number."),
    ],
)
def test_numbers(arguments: list[str], message: str, model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert message in failure(capsys, "run", str(model), *arguments)


def ignored(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    run_command(list(arguments))
    return [line for line in capsys.readouterr().err.splitlines() if "is ignored" in line]


def test_flags_that_nothing_uses_are_said_to_be_ignored(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["--tflm-lib", "someone/Else", "--arena-bytes", "4000", "--scheme", "float16"]
    assert ignored(capsys, "inspect", str(model), *given) == [
        "warning: --arena-bytes is ignored: only the runtime tflm uses it",
        "warning: --tflm-lib is ignored: only the runtime tflm uses it",
        "warning: --scheme is ignored: m.tflite is a .tflite, which is not quantized again",
    ]
    samples = model.with_name("some.npz")
    samples.write_bytes(b"")
    assert ignored(capsys, "run", str(model), "--samples", str(samples), "--random", "3", "--seed", "1") == [
        "warning: --random is ignored: the samples in some.npz are used",
        "warning: --seed is ignored: the samples in some.npz are used",
    ]
    compared = ["compare", str(model), "--samples", str(samples), "--runtime", "aot", "--arena-bytes", "4000"]
    assert ignored(capsys, *compared) == ["warning: --runtime is ignored: --runtimes says what compare uses"]


def test_settings_for_every_command_are_not_said_to_be_ignored(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (model.parent / "boardproof.toml").write_text('arena-bytes = 4000\nscheme = "int8"\nrandom = 3\n')
    assert ignored(capsys, "inspect", str(model)) == []
    assert ignored(capsys, "verify", str(model), "--tflm-lib", "someone/Else") == []


@pytest.mark.parametrize("value", ["5", "true", "2024-01-01", '["a", "b"]'])
@pytest.mark.parametrize("name", ["samples", "representative", "out", "labels", "label-column"])
def test_a_settings_value_of_another_type_is_no_defect(
    name: str, value: str, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (model.parent / "boardproof.toml").write_text(f"{name} = {value}\n")
    status = run_command(["inspect", str(model), "--json"])
    told = capsys.readouterr().err
    assert status in {0, 2}
    assert status == 0 or "boardproof.toml" in told


OWN_BOARD = """
[boards.mine]
platform = "somewhere"
board = "theirs"
core = "cortex-m4f"
flash_bytes = 524_288
ram_bytes = 131_072
"""


def test_an_applications_own_boards_are_known_to_generate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    app = write_application(tmp_path / "app", SETTINGS + OWN_BOARD)
    project = tmp_path / "project"
    assert run_command(["generate", str(app), "--app", "--board", "mine", "--out", str(project)]) == 0
    assert "board = theirs" in (project / "platformio.ini").read_text()
    capsys.readouterr()


def test_app_is_one_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    app = str(write_application(tmp_path / "app"))
    for folders in ([app, app], [f"ear={app}"]):
        told = failure(capsys, "generate", *folders, "--app", "--out", str(tmp_path / "project"))
        assert "--app takes the folder of one application, without a name." in told
        assert "Its networks stand in its boardproof.toml" in told

"""`import boardproof`: what the commands do, for programs."""

from __future__ import annotations

import inspect as python_inspect
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

import boardproof
from boardproof.model.data.options import DataOptions
from boardproof.model.samples import Samples
from boardproof.project.names import CHOICES
from boardproof.project.runtimes import RUNTIMES
from boardproof.project.runtimes.base import Options
from boardproof.settings import Flags, Settings, settings_for
from support.small_network import small_network

DIGITS = Path(__file__).parents[1] / "examples" / "digits"


@pytest.fixture
def tflite() -> bytes:
    return small_network()


def test_importing_it_imports_nothing_heavy() -> None:
    heavy = ("tensorflow", "keras", "numpy", "rich", "platformio")
    code = f"import sys, boardproof; print([m for m in {heavy} if m in sys.modules], boardproof.__version__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"[] {boardproof.__version__}"


def test_every_public_name_is_there_and_documented() -> None:
    for name in boardproof.__all__:
        value = getattr(boardproof, name)
        assert name == "__version__" or python_inspect.getdoc(value), name
    with pytest.raises(AttributeError, match="no attribute 'runn'"):
        boardproof.runn  # noqa: B018 - asking is the test


def test_arguments_are_the_settings() -> None:
    settings = {field.name for group in (Settings, DataOptions, Options) for field in fields(group)}
    assert set(Flags.__annotations__) == settings - {"model", "samples", "data", "options", "standalone", "own_boards"}
    assert set(CHOICES["runtime"]) == set(RUNTIMES)


@pytest.mark.native
def test_a_keras_model_and_arrays_in_memory(tmp_path: Path) -> None:
    import keras

    model = keras.saving.load_model(DIGITS / "digits.keras")
    data = np.load(DIGITS / "digits_test.npz")
    x, y = data["x"][:60], data["y"][:60]
    report = boardproof.run(model, (x, y), representative=x, board="native", out=tmp_path / "p")
    assert report.agrees
    assert report.verdict.samples == 60
    assert report.model.name == f"{model.name}.keras"
    assert report.accuracy is not None
    assert report.accuracy.board == report.accuracy.host > 0.9
    assert len(report.mistakes) == round((1 - report.accuracy.board) * 60)
    assert all(one.host == one.board != one.label for one in report.mistakes)
    tflite = boardproof.quantize(model, x)
    again = boardproof.verify(tflite, {"x": x[:5]}, board="native", out=tmp_path / "p")
    assert again.agrees
    assert again.model.sha256 == report.model.sha256


def test_the_stages_before_the_board(tflite: bytes, tmp_path: Path) -> None:
    found = boardproof.inspect(tflite, board="native")
    assert found.runnable
    assert found.board == "native"
    project = boardproof.generate(tflite, board="native")
    assert "src/model.c" in project.files
    assert not Path("boardproof-out").exists()
    assert boardproof.generate(tflite, board="native", out=tmp_path / "p").digest == project.digest
    assert (tmp_path / "p" / "src" / "model.c").read_bytes() == project.files["src/model.c"]


def test_a_metric_is_said_to_be_ignored_where_nothing_runs(tflite: bytes) -> None:
    for command in (boardproof.generate, boardproof.inspect):
        with pytest.warns(boardproof.BoardproofWarning, match=f"metric is ignored: {command.__name__} runs nothing"):
            command(tflite, board="native", metric=lambda *_: 1.0)


def test_several_networks_make_one_library(tflite: bytes) -> None:
    project = boardproof.generate({"one": tflite, "two": tflite}, form="library", board="native")
    assert {"src/one.c", "src/one.h", "src/two.c", "src/two.h", "examples/one_two/one_two.ino"} <= project.files.keys()
    with pytest.raises(boardproof.InputError) as caught:
        boardproof.generate({"one": tflite, "two": tflite}, board="native")
    assert caught.value.message == "There are 2 models, and firmware has one."
    assert caught.value.hint == "Add --as library, or give one of them."


def test_a_file_is_given_by_name_or_path_and_reads_its_settings(tflite: bytes, tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    path.write_bytes(tflite)
    (tmp_path / "boardproof.toml").write_text('board = "native"\n')
    assert boardproof.inspect(str(path)).board == "native"
    assert boardproof.inspect(path, board="nano33ble").board == "nano33ble"


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ('random = "many"', "The setting random is 'many'.", "Give a whole number."),
        ("seed = true", "The setting seed is True.", "Give a whole number."),
        ('unroll = "no"', "The setting unroll is 'no'.", "Give true or false."),
        ("out = 5", "The setting out is 5.", "Give a text."),
    ],
)
def test_a_setting_of_another_kind_is_refused(
    tflite: bytes, tmp_path: Path, line: str, message: str, hint: str
) -> None:
    path = tmp_path / "m.tflite"
    path.write_bytes(tflite)
    (tmp_path / "boardproof.toml").write_text(f"{line}\n")
    with pytest.raises(boardproof.InputError) as caught:
        boardproof.inspect(path)
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_samples_in_every_form(tmp_path: Path) -> None:
    x, y = np.ones((3, 2)), np.arange(3)
    np.savez(tmp_path / "s.npz", x=x, y=y)
    for given in (x, x.tolist(), {"x": x}, Samples({"x": x})):
        samples = settings_for(b"", {"samples": given}).samples
        assert isinstance(samples, Samples)
        assert np.array_equal(samples.inputs["x"], x)
        assert samples.labels is None
    for pair in ((x, y), ({"x": x}, y.tolist())):
        samples = settings_for(b"", {"samples": pair}).samples
        assert isinstance(samples, Samples)
        assert samples.labels is not None
        assert samples.labels.tolist() == [0, 1, 2]
    assert settings_for(b"", {"samples": str(tmp_path / "s.npz")}).samples == tmp_path / "s.npz"


def test_an_error_shows_its_next_step_in_a_traceback(tflite: bytes) -> None:
    with pytest.raises(boardproof.InputError) as caught:
        boardproof.inspect(tflite, scheme="int3")
    assert str(caught.value) == "There is no scheme 'int3'."
    assert caught.value.__notes__ == ["next: Choose one of: int8, int16x8, int8x4, dynamic, float16, float32."]


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (b"PK\x03\x04", "The bytes given are not of a .tflite: "),
        (object(), "object is not a model that boardproof takes."),
        (Path("no.keras"), "There is no file no.keras."),
    ],
)
def test_what_is_no_model(model: object, message: str) -> None:
    with pytest.raises(boardproof.InputError) as caught:
        boardproof.inspect(model)  # type: ignore[arg-type]
    assert caught.value.message.startswith(message)
    assert caught.value.hint


def test_warnings_are_pythons(tmp_path: Path) -> None:
    with pytest.warns(boardproof.BoardproofWarning, match="too few to show the activations' ranges"):
        boardproof.quantize(DIGITS / "digits.keras", np.load(DIGITS / "digits_test.npz")["x"][:20])

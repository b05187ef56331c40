"""Getting the library through PlatformIO, from archives on this machine: no network."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from boardproof.device import tflm_fetch
from boardproof.device.diagnosis import explain
from boardproof.device.process import Completed
from boardproof.device.tflm_fetch import fetch_library
from boardproof.errors import ToolError
from boardproof.project.boards import BOARDS
from boardproof.project.runtimes.tflm_library import DEFAULT_SPEC, TWO_WAYS_ON
from support.tflm import make_library

if TYPE_CHECKING:
    from pathlib import Path

OFFLINE = (
    "Platform Manager: Installing symlink://platforms/emulated",
    "Platform Manager: emulated@1.0.0 has been installed!",
    f"Library Manager: Installing {DEFAULT_SPEC}",
    "HTTPClientError: ",
)


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOARDPROOF_CACHE_DIR", str(tmp_path / "cache"))


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    make_library(tmp_path / "pack" / "Pretend_TFLM")
    return tmp_path.joinpath(shutil.make_archive(str(tmp_path / "tflm"), "gztar", tmp_path / "pack"))


def test_a_folder_needs_no_platformio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tflm_fetch, "run", None)
    folder = make_library(tmp_path / "tflm")
    assert fetch_library(str(folder)).spec == f"symlink://{folder}"


def test_an_archive_is_fetched_once_and_read(archive: Path, monkeypatch: pytest.MonkeyPatch):
    spec = f"file://{archive}"
    library = fetch_library(spec)
    assert (library.title, library.spec, library.inspected) == ("Pretend_TFLM 9.1.2", spec, True)
    monkeypatch.setattr(tflm_fetch, "run", None)
    assert fetch_library(spec) == library


def test_what_the_registry_gave_is_pinned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def install(command, *, cwd, env, timeout_s, on_line):
        folder = make_library(cwd / "Chirale_TensorFLowLite")
        (folder / ".piopm").write_text(
            '{"type": "library", "name": "Chirale_TensorFLowLite", "version": "2.0.3", '
            '"spec": {"owner": "spaziochirale", "name": "Chirale_TensorFLowLite", "uri": null}}'
        )
        return Completed(tuple(map(str, command)), 0, ())

    monkeypatch.setattr(tflm_fetch, "run", install)
    assert fetch_library(None).spec == "spaziochirale/Chirale_TensorFLowLite@2.0.3"


def test_without_registry_and_library_there_are_two_ways_on(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tflm_fetch, "run", lambda command, **_: Completed(tuple(map(str, command)), 1, OFFLINE[2:]))
    with pytest.raises(ToolError) as caught:
        fetch_library(None)
    assert caught.value.message == f"PlatformIO could not get the TensorFlow Lite Micro library {DEFAULT_SPEC}."
    assert caught.value.hint == TWO_WAYS_ON
    assert "HTTPClientError" in caught.value.details


def test_a_build_that_could_not_get_the_library_says_the_same(tmp_path: Path):
    error = explain(OFFLINE, BOARDS["mps2-an386"], tmp_path / "build.log")
    assert error.message == f"PlatformIO could not get the TensorFlow Lite Micro library {DEFAULT_SPEC}."
    assert error.hint == TWO_WAYS_ON

"""Getting the library through PlatformIO, from archives on this machine: no network."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from boardproof.device.build.diagnosis import explain
from boardproof.device.process import Completed
from boardproof.device.tflm import fetch as tflm_fetch
from boardproof.device.tflm.fetch import fetch_library, known_library, rounding_notes
from boardproof.errors import ToolError
from boardproof.project.boards import BOARDS
from boardproof.project.runtimes.tflm.library import DEFAULT_SPEC, TWO_WAYS_ON
from support.tflm import graph_of, make_library, reduction_model

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


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A library under Git with two commits; the second one is version 9.2.0."""
    folder = make_library(tmp_path / "repository")
    git(folder, "init", "--quiet", "--initial-branch", "main")
    for version in ("9.1.2", "9.2.0"):
        (folder / "library.properties").write_text(f"name=Pretend_TFLM\nversion={version}\n")
        git(folder, "add", ".")
        git(folder, "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "--quiet", "-m", version)
    return folder


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


@pytest.mark.parametrize("asked", ["", "#main"])
def test_what_a_git_url_gave_is_pinned_to_its_commit(asked: str, repository: Path):
    commit = git(repository, "rev-parse", "HEAD")
    library = fetch_library(f"git+file://{repository}{asked}")
    assert library.spec == f"git+file://{repository}#{commit}"
    assert library.title == f"Pretend_TFLM 9.2.0+sha.{commit[:7]}"
    assert known_library(f"git+file://{repository}{asked}") == library


def test_a_pinned_git_url_gives_that_commit_although_the_branch_went_on(repository: Path):
    commit = git(repository, "rev-parse", "HEAD~1")
    spec = f"git+file://{repository}#{commit}"
    library = fetch_library(spec)
    assert (library.spec, library.title) == (spec, f"Pretend_TFLM 9.1.2+sha.{commit[:7]}")


def test_without_registry_and_library_there_are_two_ways_on(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tflm_fetch, "run", lambda command, **_: Completed(tuple(map(str, command)), 1, OFFLINE[2:]))
    with pytest.raises(ToolError) as caught:
        fetch_library(None)
    assert caught.value.message == f"PlatformIO could not get the TensorFlow Lite Micro library {DEFAULT_SPEC}."
    assert caught.value.hint == TWO_WAYS_ON
    assert "HTTPClientError" in caught.value.details


def test_a_registry_that_does_not_answer_in_time_is_the_same_error(monkeypatch: pytest.MonkeyPatch):
    def hang(command, *, timeout_s, **_):
        raise ToolError(f"python did not finish within {timeout_s:g} s.", "Try again.", "Library Manager: Installing")

    monkeypatch.setattr(tflm_fetch, "run", hang)
    with pytest.raises(ToolError) as caught:
        fetch_library(None, timeout_s=7)
    assert caught.value.message == f"PlatformIO could not get the TensorFlow Lite Micro library {DEFAULT_SPEC}."
    assert caught.value.hint == TWO_WAYS_ON
    assert caught.value.details == "python did not finish within 7 s.\nLibrary Manager: Installing"


def test_a_library_is_known_once_it_was_fetched(archive: Path, monkeypatch: pytest.MonkeyPatch):
    spec = f"file://{archive}"
    assert not known_library(spec).inspected
    library = fetch_library(spec)
    monkeypatch.setattr(tflm_fetch, "run", None)
    assert known_library(spec) == library


def test_firmware_with_the_default_library_is_explained_by_what_is_known_of_it():
    graph = graph_of(reduction_model("MEAN", output_scale=0.5))
    (note, meaning) = rounding_notes(graph, "Chirale_TensorFLowLite 2.0.0", None)
    assert note.startswith("Chirale_TensorFLowLite 2.0.0 rounds MEAN differently from tflite_micro")
    assert "no sign of broken firmware" in meaning


def test_firmware_with_a_library_that_was_given_is_explained_by_its_sources(tmp_path: Path):
    graph = graph_of(reduction_model("MEAN", output_scale=0.5))
    folder = str(make_library(tmp_path / "tflm"))
    assert rounding_notes(graph, "Pretend_TFLM 9.1.2", folder) == ()
    assert rounding_notes(graph, "Pretend_TFLM 9.1.2", None) == (
        "Whether Pretend_TFLM 9.1.2 rounds as tflite_micro does is not known: name that library with --tflm-lib.",
    )


def test_a_library_that_was_named_but_is_not_here_is_not_asked_for_again():
    graph = graph_of(reduction_model("MEAN", output_scale=0.5))
    spec = "https://example.org/tflm.git#0123abc"
    (note,) = rounding_notes(graph, "Pretend_TFLM 9.1.2+sha.0123abc", spec)
    assert note == (
        "Whether Pretend_TFLM 9.1.2+sha.0123abc rounds as tflite_micro does is not known: `boardproof inspect MODEL "
        f"--runtime tflm --tflm-lib {spec}` looks into it."
    )


def test_a_build_that_could_not_get_the_library_says_the_same(tmp_path: Path):
    error = explain(OFFLINE, BOARDS["mps2-an386"], tmp_path / "build.log")
    assert error.message == f"PlatformIO could not get the TensorFlow Lite Micro library {DEFAULT_SPEC}."
    assert error.hint == TWO_WAYS_ON

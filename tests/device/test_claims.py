"""One command at a time in a project's folder."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import pytest

import boardproof
from boardproof.cli.commands import run_command
from boardproof.device.build.claims import claim
from boardproof.device.build.compile import build
from boardproof.device.build.workspace import write_project
from boardproof.errors import ToolError
from boardproof.project.boards import BOARDS
from boardproof.project.types import Project
from support.tflm import conv_model

if TYPE_CHECKING:
    from collections.abc import Iterator

HOLDER = """
import sys
from pathlib import Path
from boardproof.device.build.claims import claim

with claim(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "cache"
    monkeypatch.setenv("BOARDPROOF_CACHE_DIR", str(path))
    return path


@contextmanager
def another_process_in(root: Path) -> Iterator[subprocess.Popen[str]]:
    environment = {**os.environ, "PYTHONPATH": str(Path(boardproof.__file__).parents[1])}
    command = [sys.executable, "-c", HOLDER, str(root)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        yield holder
        holder.kill()


def project() -> Project:
    return Project({"platformio.ini": b"[env:native]\n"}, BOARDS["native"], "aot", "ab" * 32)


def test_a_folder_that_another_process_uses_is_neither_written_nor_built(tmp_path: Path):
    root = tmp_path / "out"
    (tmp_path / "link").symlink_to(root)
    with another_process_in(root) as holder:
        for use in (write_project, build):
            with pytest.raises(ToolError) as caught:
                use(project(), root)
            assert caught.value.message == f"Another boardproof is using {root}."
            assert caught.value.hint == "Wait until it has ended, or give another folder with --out."
        with pytest.raises(ToolError), claim(tmp_path / "link"):
            pass
        assert not root.exists()
        write_project(project(), tmp_path / "other")
        holder.kill()
        holder.wait()
        write_project(project(), root)
    assert sorted(path.name for path in root.iterdir()) == [".boardproof.json", "platformio.ini"]


@pytest.mark.parametrize("command", ["run", "generate"])
def test_a_second_command_ends_at_once(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    Path("m.tflite").write_bytes(conv_model())
    with another_process_in(tmp_path / "out"):
        assert run_command([command, "m.tflite", "--board", "native", "--out", "out"]) == 3
    error = " ".join(capsys.readouterr().err.split())
    assert "Another boardproof is using" in error
    assert "give another folder with --out" in error
    assert not Path("out").exists()


def test_a_claim_holds_for_all_that_one_command_does_and_leaves_nothing(tmp_path: Path, cache: Path):
    root = tmp_path / "out"
    with claim(root):
        write_project(project(), root)
        with claim(root):
            pass
        errors: list[ToolError] = []
        thread = Thread(target=_try, args=(root, errors))
        thread.start()
        thread.join()
        assert len(errors) == 1
    with claim(root):
        assert len(list((cache / "locks").iterdir())) == 1
    assert list((cache / "locks").iterdir()) == []


def _try(root: Path, errors: list[ToolError]) -> None:
    try:
        with claim(root):
            pass
    except ToolError as error:
        errors.append(error)


def test_where_the_cache_cannot_be_written_the_folder_is_used_nevertheless(tmp_path: Path, cache: Path):
    cache.write_text("a file")
    write_project(project(), tmp_path / "out")
    assert (tmp_path / "out" / "platformio.ini").is_file()

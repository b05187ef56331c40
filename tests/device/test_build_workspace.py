from __future__ import annotations

import errno
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from boardproof.device.build import workspace
from boardproof.device.build.workspace import LOG, MARKER, read_marker, write_project
from boardproof.errors import InputError, ToolError
from boardproof.project.boards import BOARDS
from boardproof.project.types import Project


def project(**files: str) -> Project:
    contents = {"platformio.ini": b"[env:native]\n", "src/main.cpp": b"int x;\n"}
    contents |= {name.replace("__", "/"): text.encode() for name, text in files.items()}
    return Project(files=contents, board=BOARDS["native"], runtime="aot", model_sha256="ab" * 32)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "out"


def tree(root: Path) -> dict[str, str]:
    return {p.relative_to(root).as_posix(): p.read_text() for p in sorted(root.rglob("*")) if p.is_file()}


def names(directory: Path) -> list[str]:
    return [path.name for path in directory.iterdir()]


class TestWriting:
    def test_writes_every_file_and_the_marker(self, root: Path):
        write_project(project(), root)
        files = tree(root)
        marker = json.loads(files.pop(MARKER))
        assert files == {"platformio.ini": "[env:native]\n", "src/main.cpp": "int x;\n"}
        assert sorted(marker["files"]) == sorted(files)
        assert names(root.parent) == ["out"]

    def test_marker_tells_what_it_is(self, root: Path):
        write_project(project(), root)
        marker = read_marker(root)
        assert marker is not None
        assert (marker.board, marker.runtime, marker.model_sha256) == ("native", "aot", "ab" * 32)

    def test_makes_parent_directories(self, root: Path):
        write_project(project(), root / "a" / "b")
        assert (root / "a" / "b" / MARKER).is_file()

    def test_replaces_its_own_and_drops_files_that_are_no_more(self, root: Path):
        write_project(project(src__old="old"), root)
        write_project(project(src__new="new"), root)
        assert sorted(tree(root)) == [MARKER, "platformio.ini", "src/main.cpp", "src/new"]

    def test_keeps_what_was_compiled_and_other_hidden_things(self, root: Path):
        write_project(project(), root)
        for name in (".pio/build/native/x.o", ".vscode/settings.json", ".gitignore"):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(name)
        write_project(project(), root)
        assert tree(root).keys() >= {".pio/build/native/x.o", ".vscode/settings.json", ".gitignore"}

    def test_hidden_files_of_ours_are_written_anew_and_those_beside_them_kept(self, root: Path):
        write_project(project(**{".github__workflows__firmware.yml": "old"}), root)
        (root / ".github/workflows/other.yml").write_text("mine")
        write_project(project(**{".github__workflows__firmware.yml": "new"}), root)
        assert tree(root)[".github/workflows/firmware.yml"] == "new"
        assert tree(root)[".github/workflows/other.yml"] == "mine"

    def test_how_the_arena_was_obtained_is_noted(self, root: Path):
        write_project(replace(project(), arena_how="measured on paper"), root)
        marker = read_marker(root)
        assert marker is not None
        assert marker.arena_how == "measured on paper"

    def test_the_log_of_a_build_does_not_hinder(self, root: Path):
        write_project(project(), root)
        (root / LOG).write_text("said")
        write_project(project(), root)
        assert LOG not in tree(root)

    def test_fills_an_empty_directory(self, root: Path):
        root.mkdir()
        write_project(project(), root)
        assert MARKER in tree(root)

    def test_interrupted_while_writing_leaves_the_old_project(self, root: Path, monkeypatch: pytest.MonkeyPatch):
        write_project(project(), root)
        before = tree(root)

        def interrupt(*_: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(workspace, "_write_files", interrupt)
        with pytest.raises(KeyboardInterrupt):
            write_project(project(src__main="new"), root)
        assert tree(root) == before
        assert names(root.parent) == ["out"]

    def test_interrupted_while_renaming_leaves_the_old_project(self, root: Path, monkeypatch: pytest.MonkeyPatch):
        write_project(project(), root)
        before = tree(root)
        rename = Path.rename

        def interrupt(self: Path, target: Path) -> Path:
            if self.name == "new":
                raise KeyboardInterrupt
            return rename(self, target)

        monkeypatch.setattr(Path, "rename", interrupt)
        with pytest.raises(KeyboardInterrupt):
            write_project(project(src__main="new"), root)
        monkeypatch.undo()
        assert tree(root) == before
        assert names(root.parent) == ["out"]

    def test_interrupted_while_hidden_things_move_loses_none(self, root: Path, monkeypatch: pytest.MonkeyPatch):
        write_project(project(), root)
        for name in (".git", ".vscode"):
            (root / name).mkdir()
            (root / name / "mine").write_text(name)
        keep, interrupted = workspace._keep, False

        def interrupt(old: Path, new: Path) -> None:
            nonlocal interrupted
            if not interrupted:
                interrupted = True
                raise KeyboardInterrupt
            keep(old, new)

        monkeypatch.setattr(workspace, "_keep", interrupt)
        with pytest.raises(KeyboardInterrupt):
            write_project(project(src__main="new"), root)
        assert {name: tree(root)[name] for name in (".git/mine", ".vscode/mine", "src/main")} == {
            ".git/mine": ".git",
            ".vscode/mine": ".vscode",
            "src/main": "new",
        }
        assert names(root.parent) == ["out"]


class TestRefusing:
    def check(self, root: Path, message: str, hint: str) -> InputError:
        before = tree(root) if root.is_dir() else None
        with pytest.raises(InputError) as caught:
            write_project(project(), root)
        assert message in caught.value.message
        assert hint in caught.value.hint
        assert before is None or tree(root) == before
        return caught.value

    def test_somebody_elses_directory(self, root: Path):
        root.mkdir()
        (root / "thesis.tex").write_text("years of work")
        self.check(root, "holds files that boardproof did not generate", "Choose another directory")

    def test_an_edited_hidden_file_of_ours(self, root: Path):
        write_project(project(**{".github__requirements.txt": "a"}), root)
        (root / ".github/requirements.txt").write_text("b")
        message = "was changed since boardproof generated it: .github/requirements.txt"
        self.check(root, message, "Move your changes elsewhere")

    def test_an_edited_file(self, root: Path):
        write_project(project(), root)
        (root / "src/main.cpp").write_text("int y;\n")
        error = self.check(
            root, "was changed since boardproof generated it: src/main.cpp", "Move your changes elsewhere"
        )
        assert error.details == "src/main.cpp"

    def test_many_added_files(self, root: Path):
        write_project(project(), root)
        for number in range(7):
            (root / "src" / f"mine{number}.cpp").write_text("")
        names = ", ".join(f"src/mine{number}.cpp" for number in range(5))
        self.check(root, f"generated it: {names} and 2 more", "Move your changes")

    @pytest.mark.parametrize("text", ["", "{", "[]", '{"files": 1}', '{"files": {}, "board": "x"}', "\x80"])
    def test_a_damaged_marker(self, root: Path, text: str):
        root.mkdir()
        (root / MARKER).write_bytes(text.encode("latin-1"))
        with pytest.raises(InputError, match="is damaged") as caught:
            write_project(project(), root)
        assert "delete this one if nothing in it is yours" in caught.value.hint

    def test_a_file(self, root: Path):
        root.write_text("")
        self.check(root, "is a file, not a directory", "Choose another directory")

    @pytest.mark.parametrize("below", [".", "src"])
    def test_the_current_directory(self, root: Path, monkeypatch: pytest.MonkeyPatch, below: str):
        write_project(project(), root)
        monkeypatch.chdir(root / below)
        self.check(root, "is the current directory", "from outside")

    @pytest.mark.parametrize("character", ["$", "\t", "\n", "\r"])
    def test_a_path_that_the_build_tools_cannot_take(self, root: Path, character: str):
        error = self.check(
            root / f"a{character}b", "The build tools cannot work in", "spaces and letters of any alphabet"
        )
        assert repr(character) in error.message

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
    def test_no_permission(self, root: Path):
        root.mkdir(mode=0o555)
        self.check(root / "new", "cannot be written", "fix this one's permissions")

    @pytest.mark.parametrize(
        ("number", "expected"),
        [
            (errno.ENOSPC, ToolError("The disk is full", "Free space")),
            (errno.EDQUOT, ToolError("The disk is full", "Free space")),
            (errno.EACCES, InputError("cannot be written to", "fix this one's permissions")),
            (errno.EROFS, InputError("Read-only file system", "Choose another directory")),
        ],
    )
    def test_errors_of_the_disk(
        self, root: Path, monkeypatch: pytest.MonkeyPatch, number: int, expected: InputError | ToolError
    ):
        def fail(*_: object) -> None:
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(Path, "write_bytes", fail)
        with pytest.raises(type(expected), match=expected.message) as caught:
            write_project(project(), root)
        assert expected.hint in caught.value.hint
        assert names(root.parent) == []


def test_a_project_for_renode_is_refused_where_renode_could_not_find_it(root: Path):
    place = root / "a;b"
    write_project(project(), place)
    with pytest.raises(InputError) as caught:
        write_project(replace(project(), board=BOARDS["nrf52840-renode"]), place)
    assert caught.value.message == f"Renode cannot work in {place}: its path contains ';'."
    assert "--out" in caught.value.hint


def test_no_marker_no_project(tmp_path: Path):
    assert read_marker(tmp_path) is None
    assert read_marker(tmp_path / "missing") is None

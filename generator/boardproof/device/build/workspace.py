"""Puts a generated project on disk: all of it or nothing, and never over somebody's work."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import shutil
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from boardproof import __version__
from boardproof.device.build.claims import claim
from boardproof.errors import BoardproofError, InputError, ToolError
from boardproof.project.boards import BOARDS, Reach
from boardproof.project.own_boards import board_table, own_board
from boardproof.project.renode import check_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from boardproof.project.boards import Board
    from boardproof.project.types import Project

MARKER = ".boardproof.json"
LOG = "build.log"

# SCons expands the first and splits at the others, whatever the quoting.
_BAD_CHARACTERS = "$\n\r\t"
_LISTED_FILES = 5


@dataclass(frozen=True, slots=True)
class Marker:
    """What .boardproof.json says of a generated project.

    `files` maps paths to SHA-256 as they were generated, `arena_how` is how the tensor arena's size was obtained,
    `own_board` the section of boardproof.toml that made the board, where it is none of boardproof's.
    """

    version: str
    board: str
    runtime: str
    model_sha256: str
    files: Mapping[str, str]
    arena_how: str | None = None
    own_board: Mapping[str, object] | None = None


def marker_board(marker: Marker) -> Board:
    """The board of a project. Raises InputError where this boardproof does not know it."""
    if marker.own_board is not None:
        return own_board(marker.board, marker.own_board)
    if marker.board not in BOARDS:
        raise InputError(
            f"The project is for the board {marker.board}, which this boardproof does not know.",
            "Generate it again with this version.",
        )
    return BOARDS[marker.board]


def read_marker(root: Path) -> Marker | None:
    """The marker of a project that boardproof generated; None if `root` is not one.

    Raises:
        InputError: There is a marker, but it is damaged.
    """
    try:
        text = (root / MARKER).read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise _damaged(root) from error
    try:
        fields = json.loads(text)
        files = {str(path): str(digest) for path, digest in fields["files"].items()}
        return Marker(
            version=str(fields["version"]),
            board=str(fields["board"]),
            runtime=str(fields["runtime"]),
            model_sha256=str(fields["model_sha256"]),
            files=files,
            arena_how=None if fields.get("arena_how") is None else str(fields["arena_how"]),
            own_board=fields.get("own_board"),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _damaged(root) from error


def write_project(project: Project, root: Path) -> None:
    """Writes a project to `root`, replacing one that boardproof generated there before.

    The files are written to a temporary directory beside `root`, which is then renamed: an interrupted run leaves the
    old project, the new one, or none. Hidden files and directories of the old one, such as .pio with what was compiled,
    move into the new one.

    Raises:
        InputError: `root` holds something that is not a generated project, or files in it were changed since; or the
            place cannot be written.
        ToolError: The disk is full or failed, or another process uses `root`.
    """
    root = root.absolute()
    _check_path(root)
    if project.board.reach is Reach.RENODE:
        check_path(root)  # before it is built: Renode would find the script only then
    with claim(root):
        _check_replaceable(root)
        _replace(project, root)


def _replace(project: Project, root: Path) -> None:
    try:
        root.parent.mkdir(parents=True, exist_ok=True)
        with _temporary_directory(root.parent, f".{root.name}-") as temporary:
            new, old = temporary / "new", temporary / "old"
            _write_files(new, project)
            _swap(root, new, old)
    except OSError as error:
        raise _write_error(root, error) from error


@contextlib.contextmanager
def _temporary_directory(parent: Path, prefix: str) -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _write_files(directory: Path, project: Project) -> None:
    digests = {}
    for name, content in sorted(project.files.items()):
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        digests[name] = hashlib.sha256(content).hexdigest()
    marker = Marker(
        __version__,
        project.board.name,
        project.runtime,
        project.model_sha256,
        digests,
        project.arena_how,
        board_table(project.board) if project.board.recipe is not None else None,
    )
    (directory / MARKER).write_text(json.dumps(asdict(marker), indent=1) + "\n", encoding="utf-8")


def _swap(root: Path, new: Path, old: Path) -> None:
    """Puts `new` at `root`; what was there goes to `old`, except hidden entries, which move into the new one."""
    if not root.exists():
        new.rename(root)
        return
    root.rename(old)
    try:
        new.rename(root)
    except BaseException:
        old.rename(root)
        raise
    try:
        _keep_hidden(old, root)
    except KeyboardInterrupt:
        _keep_hidden(old, root)  # what is left of `old` is deleted: nothing of the user's may be in it
        raise


def _keep_hidden(old: Path, root: Path) -> None:
    for entry in old.iterdir():
        if entry.name.startswith(".") and entry.name != MARKER:
            _keep(entry, root / entry.name)


def _keep(old: Path, new: Path) -> None:
    """Moves what a user added beside files of ours, such as a workflow in .github; ours are there anew."""
    if not new.exists():
        old.rename(new)
    elif old.is_dir() and new.is_dir():
        for entry in old.iterdir():
            _keep(entry, new / entry.name)


def _check_path(root: Path) -> None:
    bad = sorted({character for character in str(root) if character in _BAD_CHARACTERS})
    if bad:
        raise InputError(
            f"The build tools cannot work in {root}: its path contains {' '.join(map(repr, bad))}.",
            "Choose another directory; spaces and letters of any alphabet are fine.",
        )


def _check_replaceable(root: Path) -> None:
    if not root.exists():
        return
    if not root.is_dir():
        raise InputError(f"{root} is a file, not a directory.", "Choose another directory for the project.")
    if Path.cwd().is_relative_to(root.resolve()):
        raise InputError(f"{root} is the current directory.", "Run boardproof from outside the project's directory.")
    marker = read_marker(root)
    if marker is None:
        if any(root.iterdir()):
            raise InputError(
                f"{root} holds files that boardproof did not generate.",
                "Choose another directory for the project, or empty this one.",
            )
        return
    changed = _changes(root, marker)
    if changed:
        raise InputError(
            f"{root} was changed since boardproof generated it: {_summary(changed)}.",
            "Move your changes elsewhere, or choose another directory for the project.",
            "\n".join(changed),
        )


def _changes(root: Path, marker: Marker) -> tuple[str, ...]:
    """Files that generating anew would destroy: edited ones and added ones. Not the log, nor hidden files of others."""
    changed = []
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        is_theirs = name.startswith(".") and name not in marker.files
        if is_theirs or name == LOG or "__pycache__" in path.parts or path.is_dir():
            continue
        digest = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        if marker.files.get(name) != digest:
            changed.append(name)
    return tuple(changed)


def _summary(names: tuple[str, ...]) -> str:
    more = len(names) - _LISTED_FILES
    return ", ".join(names[:_LISTED_FILES]) + (f" and {more} more" if more > 0 else "")


def _damaged(root: Path) -> InputError:
    return InputError(
        f"{root / MARKER} is damaged, so the project cannot be recognised.",
        "Choose another directory, or delete this one if nothing in it is yours.",
    )


def _write_error(root: Path, error: OSError) -> BoardproofError:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return ToolError(f"The disk is full: the project cannot be written to {root}.", "Free space, and try again.")
    return InputError(
        f"The project cannot be written to {root}: {error.strerror}.",
        "Choose another directory, or fix this one's permissions.",
        str(error),
    )

"""Finds templates/, firmware/, platforms/ and platformio.ini, in a checkout or in an installed wheel."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_PACKAGE = Path(__file__).resolve().parent.parent


@cache
def resource_root() -> Path:
    """The directory that holds templates/, firmware/, platforms/ and platformio.ini."""
    installed = _PACKAGE / "_resources"
    return installed if installed.is_dir() else _PACKAGE.parent.parent


def resource(path: str) -> Path:
    """The absolute path of a resource, such as "templates/aot" or "platformio.ini"."""
    return resource_root() / path


def resource_files(folder: str) -> Iterator[tuple[str, bytes]]:
    """Every file below a resource folder, as (POSIX path relative to it, content), in order of path."""
    root = resource(folder)
    for path in sorted(root.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path.relative_to(root).as_posix(), path.read_bytes()

"""Digests of boardproof's own code, as far as it decides results: who changes it gets no stale ones."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from boardproof.project.resources import resource_files, resource_root

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_PACKAGE = Path(__file__).resolve().parents[1]
_TRAINS = ("compress/", "model/", "ladder/techniques/", "ladder/work.py", "ladder/file_sizes.py")
_SHOWS = ("_resources/", "cli/", "testing/", "report/forms/", "ladder/page.py", "ladder/table.py", "ladder/coldstart")
"""What decides no result; of the resources those of every installation are read, where they are."""


@cache
def training_code() -> str:
    """SHA-256, in hexadecimal, of what decides a trained model. A kernel that changes does not train all anew."""
    return _digest((name, content) for name, content in _package() if name.startswith(_TRAINS))


@cache
def measuring_code() -> str:
    """SHA-256, in hexadecimal, of what decides a row: the package but for what only shows, templates, firmware."""
    resources = (
        (f"{folder}/{name}", content)
        for folder in ("templates", "firmware", "platforms")
        for name, content in resource_files(folder)
    )
    ini = ("platformio.ini", (resource_root() / "platformio.ini").read_bytes())
    return _digest([*(one for one in _package() if not one[0].startswith(_SHOWS)), *resources, ini])


def _package() -> Iterator[tuple[str, bytes]]:
    for path in sorted(_PACKAGE.rglob("*.py")):
        yield path.relative_to(_PACKAGE).as_posix(), path.read_bytes()


def _digest(files: Iterable[tuple[str, bytes]]) -> str:
    total = hashlib.sha256()
    for name, content in files:
        total.update(f"{name} {hashlib.sha256(content).hexdigest()}\n".encode())
    return total.hexdigest()

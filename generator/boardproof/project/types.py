"""A generated firmware project, in memory."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boardproof.project.boards import Board


@dataclass(frozen=True, slots=True)
class Project:
    """A PlatformIO project: `files` maps relative POSIX paths to contents; `arena_how` is Generated's.

    Rendering the same model twice gives the same bytes.
    """

    files: Mapping[str, bytes] = field(repr=False)
    board: Board
    runtime: str
    model_sha256: str
    arena_how: str | None = None

    @property
    def digest(self) -> str:
        """SHA-256 over every path and content, in order of path."""
        sha = hashlib.sha256()
        for path in sorted(self.files):
            content = self.files[path]
            sha.update(f"{path}\0{len(content)}\0".encode())
            sha.update(content)
        return sha.hexdigest()

"""Compares generated text with a checked-in file; BOARDPROOF_REGENERATE=1 rewrites the file instead."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def check_golden(path: Path, content: bytes) -> None:
    """Asserts that `content` is what the golden file holds."""
    if os.environ.get("BOARDPROOF_REGENERATE"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    assert path.is_file(), f"no golden file {path}: run with BOARDPROOF_REGENERATE=1 and read what it wrote"
    assert content.decode() == path.read_text(encoding="utf-8")

"""The sections of docs/boards.md, and one for tests."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from boardproof.project.own_boards import own_boards

if TYPE_CHECKING:
    from boardproof.project.boards import Board

DOCS = Path(__file__).parents[2] / "docs" / "boards.md"

PICO = """
[boards.pico]
platform = "raspberrypi"
board = "pico"
framework = "arduino"
core = "cortex-m0plus"
flash_bytes = 2_097_152
ram_bytes = 262_144
"""


def worked_boards() -> dict[str, Board]:
    """Every worked section of docs/boards.md, by its board's name."""
    text = DOCS.read_text(encoding="utf-8").partition("## Worked sections")[2]
    blocks = "\n".join(line[4:] for line in text.splitlines() if re.match(r" {4}\S", line))
    return {board.name: board for board in own_boards(tomllib.loads(blocks)["boards"], "docs/boards.md", blocks)}

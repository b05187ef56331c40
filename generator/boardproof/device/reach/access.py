"""What every way to reach a board offers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from boardproof.device.types import Link
    from boardproof.progress import Progress
    from boardproof.project.boards import Board


@dataclass(frozen=True, slots=True)
class Opening:
    """What is to be connected to.

    Attributes:
        board: The board.
        elf: The firmware, for what starts it; an absolute path.
        project_dir: The project it was built in.
        port: Serial port, USB serial number or URL; None finds the board.
        link: Byte stream of an emulated board: "fifo" or "uart".
        progress: Is told when a port is busy.
    """

    board: Board
    elf: Path
    project_dir: Path
    port: str | None
    link: str
    progress: Progress


class Access(Protocol):
    """A way to reach boards."""

    def require(self) -> None:
        """Raises ToolError where a program is missing that it takes; the hint says how to get it."""
        ...

    def open(self, opening: Opening) -> Link:
        """Connects, starting what runs the firmware first. Raises ToolError, InputError or DeviceError."""
        ...

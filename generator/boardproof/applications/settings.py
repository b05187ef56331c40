"""What to play where."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from boardproof.project.runtimes.base import Options
from boardproof.settings import find_named, read_own_boards

if TYPE_CHECKING:
    from boardproof.project.boards import Board


@dataclass(frozen=True, slots=True)
class ReplaySettings:
    """What to play where.

    Attributes:
        app: The folder with boardproof.toml, or that file.
        recordings: What to play.
        board: Name of the board.
        out: Directory of the generated project; None for boardproof-out/<folder>-app-<board>.
        link: Byte stream to an emulated board.
        port: The board's serial port; None to find it.
        labels: What there is to hear: a file, or a folder with one for each recording.
        tune: Try other averages and thresholds.
        real_time: Let samples come as fast as they would, so that a board that is too slow loses some.
        options: Choices of code generation.
    """

    app: Path
    recordings: tuple[Path, ...] = ()
    board: str = "mps2-an386"
    out: Path | None = None
    link: str = "fifo"
    port: str | None = None
    labels: Path | None = None
    tune: bool = False
    real_time: bool = False
    options: Options = field(default_factory=Options)

    @property
    def folder(self) -> Path:
        """Where boardproof.toml is."""
        return self.app if self.app.is_dir() else self.app.parent

    @property
    def target_board(self) -> Board:
        """The board of that name: one of boardproof's, or one that boardproof.toml describes. Raises InputError."""
        return find_named(self.board, read_own_boards(self.folder))

    @property
    def project_dir(self) -> Path:
        """Where the project goes."""
        return self.out or Path("boardproof-out") / f"{self.folder.resolve().name}-app-{self.board}"

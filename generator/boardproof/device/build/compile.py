"""Writes the project, runs PlatformIO on it, and reads the sizes of what came out."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from boardproof.device.build.claims import claim
from boardproof.device.build.diagnosis import explain
from boardproof.device.build.elf import read_sections
from boardproof.device.build.fit import require_fit
from boardproof.device.build.pio import prepare_core
from boardproof.device.build.toolchain import require_compiler
from boardproof.device.build.workspace import LOG, write_project
from boardproof.device.process import run
from boardproof.device.types import Firmware
from boardproof.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from boardproof.device.process import Completed
    from boardproof.project.boards import Board
    from boardproof.project.types import Project

# A cold build of TensorFlow Lite Micro compiles about 220 files, on a slow machine perhaps after a large download.
_TIMEOUT_S = 3600.0


def build(project: Project, root: Path, *, on_line: Callable[[str], None] | None = None) -> Firmware:
    """Writes a project to `root` and compiles it. What did not change since the last build there is not compiled again.

    Args:
        project: The project.
        root: Its directory; see write_project() for what happens to what is there.
        on_line: Called with each line the build says, as it comes. All of it is also kept in `root`/build.log.

    Raises:
        InputError: The directory cannot be used, or the firmware does not fit on the board.
        ToolError: A tool is missing or failed; `details` has everything the build said. Or another process uses `root`.
    """
    require_compiler(project.board)
    with claim(root):
        write_project(project, root)
        return compile_project(root, project.board, project.model_sha256, on_line=on_line)


def compile_project(
    root: Path, board: Board, model_sha256: str, *, on_line: Callable[[str], None] | None = None
) -> Firmware:
    """Compiles a project that is already on disk. Raises as build() does."""
    require_compiler(board)
    root = root.absolute()
    core = prepare_core(on_line)
    command = (sys.executable, "-m", "platformio", "run", "--environment", board.env)
    with claim(root):
        completed = run(command, cwd=root, env=core.environment(root), timeout_s=_TIMEOUT_S, on_line=on_line)
        _keep(completed, root)
    if completed.status != 0:
        raise explain(completed.lines, board, root / LOG, core.scons_problem)
    elf = root / ".pio" / "build" / board.env / "firmware.elf"
    firmware = Firmware(elf, root, board, read_sections(elf, board), model_sha256)
    require_fit(firmware)
    return firmware


def _keep(completed: Completed, root: Path) -> None:
    try:
        (root / LOG).write_text(completed.output + "\n", encoding="utf-8")
    except OSError as error:
        raise ToolError(
            f"The build's log cannot be written to {root}: {error.strerror}.", "Free space or fix permissions."
        ) from error

"""A byte stream to a board, however it is reached. Adding a way: a module beside this, and a line in ACCESS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.device.build.toolchain import require_compiler
from boardproof.device.reach.access import Opening
from boardproof.device.reach.process import ProcessAccess
from boardproof.device.reach.qemu import QemuAccess
from boardproof.device.reach.renode import RenodeAccess
from boardproof.device.reach.serial_port import SerialAccess
from boardproof.errors import InputError
from boardproof.progress import Silent
from boardproof.project.boards import Reach
from boardproof.project.names import CHOICES

if TYPE_CHECKING:
    from boardproof.device.reach.access import Access
    from boardproof.device.types import Firmware, Link
    from boardproof.progress import Progress
    from boardproof.project.boards import Board

ACCESS: dict[Reach, Access] = {
    Reach.SERIAL: SerialAccess(),
    Reach.PROCESS: ProcessAccess(),
    Reach.QEMU: QemuAccess(),
    Reach.RENODE: RenodeAccess(),
}


def require_tools(board: Board) -> None:
    """Makes sure that firmware for a board can be compiled and run here, before any work is done for it.

    Raises:
        ToolError: The compiler or the emulator is missing; the hint is the command that installs it.
    """
    require_compiler(board)
    ACCESS[board.reach].require()


def open_link(
    firmware: Firmware, board: Board, port: str | None = None, link: str = "fifo", progress: Progress | None = None
) -> Link:
    """Connects to the board that runs this firmware, starting the emulator or process first where it is one.

    Args:
        firmware: The built project; its ELF is what emulators and the host run.
        board: The target.
        port: Serial port, USB serial number or pyserial URL; None finds the board. Boards on serial ports only.
        link: "fifo" or "uart"; emulated boards only.
        progress: Is told when a port is busy.

    Raises:
        InputError: The link or port does not fit the board.
        ToolError: The emulator is missing.
        DeviceError: No board, or it did not start.
    """
    if link not in CHOICES["link"]:
        raise InputError(f"There is no link {link!r}.", f"Choose one of: {', '.join(CHOICES['link'])}.")
    if port is not None and board.reach.is_started:
        raise InputError(f"The board {board.name} has no port.", "Leave out --port: boardproof starts it itself.")
    opening = Opening(board, firmware.elf.resolve(), firmware.project_dir, port, link, progress or Silent())
    return ACCESS[board.reach].open(opening)

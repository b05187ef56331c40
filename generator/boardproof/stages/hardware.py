"""Boards on ports: are they there, and firmware onto them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.device.usb.ports import is_url
from boardproof.device.usb.upload import flash, require_board
from boardproof.project.boards import BOARDS

if TYPE_CHECKING:
    from boardproof.device.types import Firmware
    from boardproof.progress import Progress
    from boardproof.project.boards import Board


def require_boards(board: Board, ports: tuple[str, ...]) -> None:
    """Makes sure that every board to flash is plugged in, before minutes are spent on firmware for it."""
    for port in ports or (None,):
        if not is_url(port or ""):
            require_board(board, port)


def flash_all(firmware: Firmware, ports: tuple[str, ...], progress: Progress) -> tuple[str, ...]:
    """Flashes the boards that are here, and returns where each is now; one behind a URL is taken as it is.

    Several boards are known by their serial numbers: flashing one may change the name of another one's port.
    """
    found = [(port, None if is_url(port or "") else flash(firmware, port, progress)) for port in ports or (None,)]
    return tuple(
        str(port) if flashed is None else (len(found) > 1 and flashed.serial_number) or flashed.device
        for port, flashed in found
    )


def flashable() -> str:
    """The names of the boards that are flashed."""
    return " or ".join(board.name for board in BOARDS.values() if not board.reach.is_started)

"""Boards on serial ports, here or elsewhere."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from boardproof.device.reach.descriptor_link import over_socket
from boardproof.device.reach.serial_link import open_serial
from boardproof.errors import DeviceError
from boardproof.progress import Silent

if TYPE_CHECKING:
    from boardproof.device.reach.access import Opening
    from boardproof.device.reach.descriptor_link import DescriptorLink
    from boardproof.device.types import Link
    from boardproof.progress import Progress
    from boardproof.project.boards import Board

_CONNECT_S = 20.0


class SerialAccess:
    """A board that is there already, with firmware on it."""

    def require(self) -> None:
        """Needs no program."""

    def open(self, opening: Opening) -> Link:
        """Opens its port."""
        return open_port(opening.board, opening.port, opening.progress)


def open_port(board: Board | None, port: str | None, progress: Progress | None = None, baud: int = 115200) -> Link:
    """Opens a serial port, a pyserial URL, or the port of the one board connected.

    Raises InputError or DeviceError, naming the ports there are.
    """
    if port is not None and port.startswith("socket://"):
        return open_socket(port)
    return open_serial(board, port, baud, progress or Silent())


def open_socket(url: str) -> DescriptorLink:
    """Connects to a serial port served as a raw TCP socket, socket://host:port."""
    parts = urlsplit(url)
    try:
        connection = socket.create_connection((parts.hostname or "", parts.port or 0), timeout=_CONNECT_S)
    except (OSError, ValueError) as error:
        raise DeviceError(
            f"Cannot connect to {url}: {error}.", "Check the address, and that its server runs."
        ) from error
    return over_socket(connection, url, None)

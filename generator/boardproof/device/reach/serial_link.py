"""A link over a serial port that may vanish and return under another name, as USB boards do when they are reset."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from boardproof.device.clock import SystemClock
from boardproof.device.usb.ports import application_port, find_board, is_url, open_patiently, serial_ports
from boardproof.errors import BoardproofError, DeviceError, InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from serial import SerialBase

    from boardproof.progress import Progress
    from boardproof.project.boards import Board

_BUSY_S = 30.0
_RETURN_S = 10.0
_RETRY_S = 0.2
_POLL_S = 0.05
_WRITE_S = 10.0


class SerialLink:
    """A byte stream over a serial port.

    After an I/O error the port is opened again: bytes are lost, which the protocol makes good, and the device may have
    been reset, which the session notices.

    Args:
        opener: Opens the port; finds its new name when that has changed. Raises OSError or BoardproofError.
        name: The port, for messages.
        return_s: How long a port may be away.
    """

    def __init__(self, opener: Callable[[], SerialBase], name: str, return_s: float = _RETURN_S) -> None:
        self._opener = opener
        self._name = name
        self._return_s = return_s
        self._serial = opener()

    def write(self, data: bytes) -> None:
        """Sends all of data; what is sent while the port is away is lost. Raises DeviceError when it stays away."""
        from serial import SerialTimeoutException

        try:
            self._serial.write(data)
        except SerialTimeoutException as error:
            raise DeviceError(
                f"The board on {self._name} has taken no bytes for {_WRITE_S:.0f} s.",
                "Press its reset button once, then try again.",
            ) from error
        except OSError as error:
            self._reopen(error)

    def read(self, max_bytes: int, timeout_s: float) -> bytes:
        """Returns 1 to max_bytes bytes as soon as any are there, or b"" after timeout_s.

        Raises DeviceError when the port has vanished and stays away.
        """
        deadline = time.monotonic() + timeout_s
        try:
            # Changing the port's timeout would reconfigure it, a conversation of its own over rfc2217://.
            while not (data := bytes(self._serial.read(1))):
                if time.monotonic() >= deadline:
                    return b""
            return data + bytes(self._serial.read(min(self._serial.in_waiting, max_bytes - 1)))
        except OSError as error:
            self._reopen(error)
            return b""

    def close(self) -> None:
        """Releases the port. Safe to call twice."""
        self._serial.close()

    def __enter__(self) -> SerialLink:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _reopen(self, cause: OSError) -> None:
        """Opens the port again, waiting for it to return."""
        self._serial.close()
        deadline = time.monotonic() + self._return_s
        while True:
            try:
                self._serial = self._opener()
            except (OSError, BoardproofError) as error:
                if time.monotonic() >= deadline:
                    raise DeviceError(
                        f"The port {self._name} vanished and did not come back within {self._return_s:.0f} s.",
                        "Check the cable; plug the board in again and try again.",
                        f"{cause}\n{error}",
                    ) from error
                time.sleep(_RETRY_S)
            else:
                return


def open_serial(board: Board | None, port: str | None, baud: int, progress: Progress) -> SerialLink:
    """Opens a port by name, USB serial number or URL, or that of the one board connected.

    Raises:
        InputError: No such port or board, or several.
        DeviceError: The port is busy, forbidden or does not open.
    """
    if port is not None and is_url(port):
        return _open(lambda: port, port, baud, progress)
    if board is None:
        if port is None:
            raise InputError("No port was given.", "Give one with --port.")
        return _open(lambda: port, port, baud, progress)
    found = find_board(board, serial_ports(), port)
    unit = found.port.unit or port  # the name may change, the serial number does not
    return _open(lambda: application_port(board, serial_ports(), unit), found.port.device, baud, progress)


def _open(locate: Callable[[], str], name: str, baud: int, progress: Progress) -> SerialLink:
    def opener() -> SerialBase:
        device = locate()
        return open_patiently(lambda: _open_device(device, baud), device, _BUSY_S, SystemClock(), progress)

    try:
        return SerialLink(opener, name)
    except (OSError, ValueError) as error:
        raise DeviceError(
            f"Cannot open {name}: {error}.", "`boardproof boards --connected` lists the boards there are."
        ) from error


def _open_device(device: str, baud: int) -> SerialBase:
    import serial

    if is_url(device):  # not every kind of URL has write timeouts and locks
        return serial.serial_for_url(device, baudrate=baud, timeout=_POLL_S)
    return serial.Serial(device, baudrate=baud, timeout=_POLL_S, write_timeout=_WRITE_S, exclusive=True)

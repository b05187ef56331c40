"""Serial ports and the boards behind them.

A USB board is known by its serial number, not by its port's name: that changes when the board enters its bootloader,
and again when it leaves it.
"""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from boardproof.errors import DeviceError, InputError
from boardproof.project.boards import BOARDS, UsbMode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from boardproof.device.clock import Clock
    from boardproof.progress import Progress
    from boardproof.project.boards import Board

_Opened = TypeVar("_Opened")

_BUSY = {errno.EBUSY, errno.EAGAIN}
_RETRY_S = 0.5
DOUBLE_TAP = "press its reset button twice, quickly (the orange LED then pulses: it is in its bootloader)"


@dataclass(frozen=True, slots=True)
class Port:
    """A serial port of this machine.

    Attributes:
        device: The name to open, such as "/dev/ttyACM0".
        vid: USB vendor id; None when it is not a USB port.
        pid: USB product id.
        serial_number: Of the USB device, as it gives it; "" when it gives none.
        location: The USB socket it is plugged into, such as "1-2.3"; "" when not known.
        product: What the device calls itself.
    """

    device: str
    vid: int | None = None
    pid: int | None = None
    serial_number: str = ""
    location: str = ""
    product: str = ""

    @property
    def unit(self) -> str:
        """The serial number in the form that bootloader and application share: one pads it with zeros."""
        return self.serial_number.lstrip("0").upper()

    def is_same_unit(self, other: Port) -> bool:
        """Whether both are the same piece of hardware: one serial number, or one USB socket.

        Where USB tells neither of both, the port's name has to do.
        """
        if not (self.unit or self.location):
            return self.device == other.device
        same_number = bool(self.unit) and self.unit == other.unit
        return same_number or (bool(self.location) and self.location == other.location)


@dataclass(frozen=True, slots=True)
class ConnectedBoard:
    """A board that is plugged in."""

    board: Board
    port: Port
    mode: UsbMode

    def __str__(self) -> str:
        serial_number = self.port.unit or "unknown"
        return f"{self.port.device}  {self.board.name}  {self.mode}  serial number {serial_number}"


def serial_ports() -> tuple[Port, ...]:
    """Every serial port of this machine, in order of name. Asks the operating system; touches no device."""
    from serial.tools.list_ports import comports

    found = (
        Port(
            device=str(info.device),
            vid=info.vid,
            pid=info.pid,
            serial_number=info.serial_number or "",
            # Linux adds the interface ("1-2:1.0"), which differs between bootloader and application.
            location=(info.location or "").partition(":")[0],
            product=info.product or "",
        )
        for info in comports()
    )
    return tuple(sorted(found, key=lambda port: port.device))


def connected_boards(
    ports: Iterable[Port], boards: Iterable[Board] = tuple(BOARDS.values())
) -> tuple[ConnectedBoard, ...]:
    """The ports whose USB id is that of one of these boards."""
    ids = [(board, usb) for board in boards for usb in board.usb]
    return tuple(
        ConnectedBoard(board, port, usb.mode)
        for port in ports
        for board, usb in ids
        if (port.vid, port.pid) == (usb.vid, usb.pid)
    )


def find_board(board: Board, ports: tuple[Port, ...], wanted: str | None = None) -> ConnectedBoard:
    """The one board to talk to.

    Args:
        board: Which kind.
        ports: The ports there are.
        wanted: A port's name (a link such as /dev/serial/by-id/… will do) or a USB serial number; None to take the
            only board there is.

    Raises:
        InputError: Several are connected, or `wanted` is not among them.
        DeviceError: None is connected.
    """
    if not board.usb:
        return _unknown_board(board, ports, wanted)
    candidates = connected_boards(ports, (board,))
    if wanted is not None:
        return _wanted_board(board, ports, candidates, wanted)
    match candidates:
        case ():
            raise _no_board(board, ports)
        case (only,):
            return only
        case _:
            raise InputError(
                f"{len(candidates)} boards of type {board.name} are connected.",
                f"Choose one with --port {candidates[0].port.device}, or by its serial number.",
                _listing(candidates),
            )


def application_port(board: Board, ports: tuple[Port, ...], wanted: str | None = None) -> str:
    """The name of the port on which a board's firmware answers.

    Raises:
        InputError: As `find_board`.
        DeviceError: None is connected, or it is in its bootloader.
    """
    found = find_board(board, ports, wanted)
    if found.mode is UsbMode.BOOTLOADER:
        raise DeviceError(
            f"The {kind(board)} on {found.port.device} is in its bootloader: no firmware is running.",
            "Press its reset button once to start the firmware it has, or put new firmware on it: `boardproof flash`.",
        )
    return found.port.device


def kind(board: Board) -> str:
    """What a board is called in a sentence: its title without what is in brackets."""
    return board.title.partition(" (")[0]


def is_url(port: str) -> bool:
    """Whether a port is a pyserial URL (rfc2217://, socket://, …) rather than a port of this machine."""
    return "://" in port


def may_open(device: str) -> bool:
    """Whether this user may read and write a port; true for names that are no files (Windows, URLs)."""
    path = Path(device)
    return not path.exists() or os.access(path, os.R_OK | os.W_OK)


def permission_error(port: Port) -> DeviceError:
    """What to do when the operating system refuses a port to this user."""
    group = _owning_group(port.device)
    vendor = f"{port.vid:04x}" if port.vid is not None else "2341"
    rule = f'SUBSYSTEMS=="usb", ATTRS{{idVendor}}=="{vendor}", MODE:="0666", ENV{{ID_MM_DEVICE_IGNORE}}="1"'
    return DeviceError(
        f"This user may not open {port.device}.",
        f"Join the group that may: `sudo usermod -aG {group} $USER`, then log out and in again.",
        "Or allow everybody, and keep ModemManager away from the board, with a udev rule:\n"
        f"    echo '{rule}' | sudo tee /etc/udev/rules.d/60-boardproof.rules\n"
        "    sudo udevadm control --reload && sudo udevadm trigger",
    )


def open_patiently(
    opener: Callable[[], _Opened], device: str, timeout_s: float, clock: Clock, progress: Progress
) -> _Opened:
    """Opens a port, waiting while another program has it.

    ModemManager opens every new port and asks it for a modem; that takes up to half a minute.

    Args:
        opener: Opens the port. Raises OSError (pyserial's SerialException is one).
        device: The port's name, for messages.
        timeout_s: How long to go on while the port is busy.
        clock: Whose seconds these are.
        progress: Is told once that the port is busy.

    Raises:
        DeviceError: The port stayed busy.
        OSError: Any other failure, as `opener` raised it.
    """
    deadline_s = clock.now_s() + timeout_s
    told = False
    while True:
        try:
            return opener()
        except OSError as error:
            if error.errno not in _BUSY:
                raise
            if clock.now_s() >= deadline_s:
                raise _busy(device, timeout_s) from error
            if not told:
                progress.warn(f"{device} is in use by another program (ModemManager probes new ports): waiting")
                told = True
            clock.sleep(_RETRY_S)


def _wanted_board(
    board: Board, ports: tuple[Port, ...], candidates: tuple[ConnectedBoard, ...], wanted: str
) -> ConnectedBoard:
    real = os.path.realpath(wanted)
    unit = wanted.lstrip("0").upper()
    for found in candidates:
        if found.port.device in {wanted, real} or (unit and found.port.unit == unit):
            return found
    other = next((port for port in ports if port.device in {wanted, real}), None)
    if other is not None:
        raise InputError(
            f"{wanted} is no {kind(board)}: its USB id is {_usb_id(other)}.",
            f"If it is one, with firmware that hides it, {DOUBLE_TAP}, then run this again.",
            _listing(candidates),
        )
    raise InputError(
        f"There is no port or board {wanted}.",
        "Give the name or serial number of a connected board; `boardproof boards --connected` lists them.",
        _listing(candidates),
    )


def _unknown_board(board: Board, ports: tuple[Port, ...], wanted: str | None) -> ConnectedBoard:
    """A board whose USB ids nobody told: the port has to be given, and is taken for what it is said to be."""
    if wanted is None:
        raise InputError(
            f"How to recognise {kind(board)} among the serial ports is not known.",
            f'Give --port, or its USB ids in boardproof.toml: usb = ["vid:pid"] below [boards.{board.name}].',
            _here(ports),
        )
    names = {wanted, os.path.realpath(wanted)}
    for port in ports:
        if port.device in names or (port.unit and port.unit == wanted.lstrip("0").upper()):
            return ConnectedBoard(board, port, UsbMode.APPLICATION)
    raise InputError(f"There is no port {wanted}.", "Give the name of one of these ports.", _here(ports))


def _here(ports: tuple[Port, ...]) -> str:
    return "Serial ports here: " + (", ".join(f"{port.device} ({_usb_id(port)})" for port in ports) or "none")


def _no_board(board: Board, ports: tuple[Port, ...]) -> DeviceError:
    ids = ", ".join(str(usb) for usb in board.usb)
    return DeviceError(
        f"No {kind(board)} is connected (USB {ids}).",
        f"Plug it in with a cable that carries data; if it still does not appear, {DOUBLE_TAP}.",
        _here(ports),
    )


def _busy(device: str, timeout_s: float) -> DeviceError:
    return DeviceError(
        f"{device} stayed in use by another program for {timeout_s:.0f} s.",
        f"Close serial monitors (`fuser -v {device}` names the program); if it is ModemManager, see docs/flashing.md.",
    )


def _listing(boards: Iterable[ConnectedBoard]) -> str:
    return "\n".join(str(board) for board in boards)


def _usb_id(port: Port) -> str:
    return "not USB" if port.vid is None or port.pid is None else f"{port.vid:04x}:{port.pid:04x}"


def _owning_group(device: str) -> str:
    """The group that may open it: dialout on Debian, uucp on Arch; dialout when it cannot be told."""
    try:
        group = Path(device).group()
    except (OSError, KeyError, NotImplementedError):
        return "dialout"
    return "dialout" if group == "root" else group

"""A byte stream to a board: an emulator, a process of this machine, a serial port here or elsewhere."""

from __future__ import annotations

import errno
import os
import socket
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from boardproof.device.process import spawn
from boardproof.device.reach.descriptor_link import DescriptorLink
from boardproof.device.reach.renode import open_renode
from boardproof.device.reach.serial_link import open_serial
from boardproof.errors import DeviceError, InputError
from boardproof.progress import Silent
from boardproof.project.boards import Reach

if TYPE_CHECKING:
    from boardproof.device.process import Child
    from boardproof.device.types import Firmware, Link
    from boardproof.progress import Progress
    from boardproof.project.boards import Board

QEMU_LINKS = ("fifo", "uart")
"""The byte streams of emulated boards; the first is the default, and a thousand times faster."""

_QEMU = ("qemu-system-arm", "-machine", "mps2-an386", "-icount", "shift=0", "-display", "none", "-monitor", "none")
_SEMIHOSTING = "enable=on,target=native"
_START_S = 20.0
_POLL_S = 0.005
_FIRST_BYTES = 65536


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
    if link not in QEMU_LINKS:
        raise InputError(f"There is no link {link!r}.", f"Choose one of: {', '.join(QEMU_LINKS)}.")
    if port is not None and board.reach is not Reach.SERIAL:
        raise InputError(f"The board {board.name} has no port.", "Leave out --port: boardproof starts it itself.")
    elf = firmware.elf.resolve()
    match board.reach:
        case Reach.SERIAL:
            return open_port(board, port, progress)
        case Reach.PROCESS:
            return open_native(elf)
        case Reach.QEMU:
            return open_qemu_uart(elf) if link == "uart" else open_qemu_fifo(elf)
        case Reach.RENODE:
            return open_renode(firmware.project_dir)


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
        connection = socket.create_connection((parts.hostname or "", parts.port or 0), timeout=_START_S)
    except (OSError, ValueError) as error:
        raise DeviceError(
            f"Cannot connect to {url}: {error}.", "Check the address, and that its server runs."
        ) from error
    return _over_socket(connection, url, None)


def open_native(program: Path) -> DescriptorLink:
    """Starts firmware built for this machine; its stdin and stdout are the stream."""
    child = spawn([program], pipes=True)
    try:
        assert child.stdin is not None and child.stdout is not None  # noqa: S101, PT018 - pipes were asked for
        return DescriptorLink(os.dup(child.stdout.fileno()), _detach(child), "The firmware's process", child)
    except BaseException:
        child.close()
        raise


def _detach(child: Child) -> int:
    """A descriptor of its own for the child's stdin, the only one left: closing it is the end of file."""
    assert child.stdin is not None  # noqa: S101 - pipes were asked for
    descriptor = os.dup(child.stdin.fileno())
    child.stdin.close()
    return descriptor


def open_qemu_fifo(elf: Path) -> DescriptorLink:
    """Starts QEMU with two FIFOs as the firmware's stream (firmware/arduino/STREAMS.md).

    Once both sides have the FIFOs open their names are not needed any more: whatever ends us leaves no files behind.
    """
    with tempfile.TemporaryDirectory(prefix="boardproof-") as name:
        to_device, from_device = Path(name, "to_device"), Path(name, "from_device")
        os.mkfifo(to_device)
        os.mkfifo(from_device)
        semihosting = f"{_SEMIHOSTING},arg=fifo,arg={to_device.name},arg={from_device.name}"
        reader = os.open(from_device, os.O_RDONLY | os.O_NONBLOCK)
        writer = child = None
        try:
            child = _spawn_qemu(elf, "none", semihosting, Path(name))
            writer = _open_when_read(to_device, child)
            return DescriptorLink(reader, writer, "QEMU", child, _first_bytes(reader, child))
        except BaseException:
            if child is not None:
                child.close()
            for descriptor in (reader, writer):
                if descriptor is not None:
                    os.close(descriptor)
            raise


def _open_when_read(fifo: Path, child: Child) -> int:
    """Opens a FIFO for writing as soon as the program has it open for reading."""
    deadline = time.monotonic() + _START_S
    while True:
        try:
            return os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
        _check_start(child, deadline)
        time.sleep(_POLL_S)


def _first_bytes(reader: int, child: Child) -> bytes:
    """Waits until the program has the FIFO open for writing; what it has written by then, if anything."""
    deadline = time.monotonic() + _START_S
    while True:
        try:
            if data := os.read(reader, _FIRST_BYTES):
                return data
        except BlockingIOError:  # with no writer it would have been the end of file
            return b""
        _check_start(child, deadline)
        time.sleep(_POLL_S)


def open_qemu_uart(elf: Path) -> DescriptorLink:
    """Starts QEMU with its UART on a TCP connection to us."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        serial = f"tcp:127.0.0.1:{server.getsockname()[1]},nodelay=on"
        # Nothing tells this firmware that we are gone: the kernel has to end it.
        child = _spawn_qemu(elf, serial, f"{_SEMIHOSTING},arg=uart", None, die_with_us=True)
        try:
            connection = _accept(server, child)
        except BaseException:
            child.close()
            raise
    return _over_socket(connection, "QEMU", child)


def _accept(server: socket.socket, child: Child) -> socket.socket:
    deadline = time.monotonic() + _START_S
    server.settimeout(_POLL_S * 10)
    while True:
        try:
            return server.accept()[0]
        except TimeoutError:
            _check_start(child, deadline)


def _over_socket(connection: socket.socket, name: str, child: Child | None) -> DescriptorLink:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    descriptor = connection.detach()
    return DescriptorLink(descriptor, descriptor, name, child)


def _spawn_qemu(elf: Path, serial: str, semihosting: str, cwd: Path | None, *, die_with_us: bool = False) -> Child:
    options = ["-nodefaults", "-serial", serial, "-semihosting-config", semihosting, "-kernel", str(elf)]
    return spawn([*_QEMU, *options], cwd=cwd, die_with_us=die_with_us)


def _check_start(child: Child, deadline: float) -> None:
    """Raises DeviceError when the emulator has ended, or takes too long to reach its firmware."""
    words = child.stderr_text().strip()
    status = child.poll()
    if status is not None:
        raise DeviceError(
            f"QEMU ended with status {status} before its firmware said anything: {words.rpartition(chr(10))[2]}",
            "`boardproof doctor` checks that QEMU is one that has the machine mps2-an386.",
            words,
        )
    if time.monotonic() > deadline:
        raise DeviceError(
            f"The firmware in QEMU did not open its stream within {_START_S:.0f} s.",
            "It crashes or hangs before setup(): start it under gdb with `pio run -t exec`.",
            words,
        )

"""Firmware in QEMU, over FIFOs or its UART."""

from __future__ import annotations

import errno
import os
import socket
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from boardproof.device.build.toolchain import require_qemu
from boardproof.device.process import spawn
from boardproof.device.reach.descriptor_link import DescriptorLink, over_socket
from boardproof.errors import DeviceError

if TYPE_CHECKING:
    from boardproof.device.process import Child
    from boardproof.device.reach.access import Opening
    from boardproof.device.types import Link

_OPTIONS = ("-icount", "shift=0", "-display", "none", "-monitor", "none", "-nodefaults")
_SEMIHOSTING = "enable=on,target=native"
_START_S = 20.0
_POLL_S = 0.005
_FIRST_BYTES = 65536


class QemuAccess:
    """An emulated board; QEMU starts with each connection, and ends with it."""

    def require(self) -> None:
        """Raises ToolError where there is no QEMU."""
        require_qemu()

    def open(self, opening: Opening) -> Link:
        """Starts it."""
        start = open_qemu_uart if opening.link == "uart" else open_qemu_fifo
        return start(opening.elf, opening.board.machine)


def open_qemu_fifo(elf: Path, machine: str) -> DescriptorLink:
    """Starts a machine of QEMU's with two FIFOs as the firmware's stream (firmware/arduino/STREAMS.md).

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
            child = _spawn_qemu(elf, machine, "none", semihosting, Path(name))
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


def open_qemu_uart(elf: Path, machine: str) -> DescriptorLink:
    """Starts a machine of QEMU's with its UART on a TCP connection to us."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        serial = f"tcp:127.0.0.1:{server.getsockname()[1]},nodelay=on"
        # Nothing tells this firmware that we are gone: the kernel has to end it.
        child = _spawn_qemu(elf, machine, serial, f"{_SEMIHOSTING},arg=uart", None, die_with_us=True)
        try:
            connection = _accept(server, child)
        except BaseException:
            child.close()
            raise
    return over_socket(connection, "QEMU", child)


def _accept(server: socket.socket, child: Child) -> socket.socket:
    deadline = time.monotonic() + _START_S
    server.settimeout(_POLL_S * 10)
    while True:
        try:
            return server.accept()[0]
        except TimeoutError:
            _check_start(child, deadline)


def _spawn_qemu(
    elf: Path, machine: str, serial: str, semihosting: str, cwd: Path | None, *, die_with_us: bool = False
) -> Child:
    streams = ["-serial", serial, "-semihosting-config", semihosting]
    command = ["qemu-system-arm", "-machine", machine, *_OPTIONS, *streams, "-kernel", str(elf)]
    return spawn(command, cwd=cwd, die_with_us=die_with_us)


def _check_start(child: Child, deadline: float) -> None:
    """Raises DeviceError when the emulator has ended, or takes too long to reach its firmware."""
    words = child.stderr_text().strip()
    status = child.poll()
    if status is not None:
        raise DeviceError(
            f"QEMU ended with status {status} before its firmware said anything: {words.rpartition(chr(10))[2]}",
            "`boardproof doctor` checks that QEMU is one that has the board's machine.",
            words,
        )
    if time.monotonic() > deadline:
        raise DeviceError(
            f"The firmware in QEMU did not open its stream within {_START_S:.0f} s.",
            "It crashes or hangs before setup(): start it under gdb with `pio run -t exec`.",
            words,
        )

"""Runs firmware and talks to it as firmware/arduino/STREAMS.md says, with nothing of boardproof's links in between."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from boardproof.device.process import Child, spawn

if TYPE_CHECKING:
    from collections.abc import Iterator

TIMEOUT_S = 20.0
QEMU = (
    *("qemu-system-arm", "-machine", "mps2-an386", "-icount", "shift=0"),
    *("-display", "none", "-monitor", "none", "-nodefaults"),
)


class Stream:
    """Two file descriptors and the process behind them."""

    def __init__(self, child: Child, source: int, sink: int) -> None:
        self.child, self.source, self.sink = child, source, sink
        self.pending = b""

    def write(self, data: bytes) -> None:
        while data:
            data = data[os.write(self.sink, data) :]

    def _receive(self) -> bytes:
        ready, _, _ = select.select([self.source], [], [], TIMEOUT_S)
        assert ready, f"the firmware is silent; stderr: {self.child.stderr_text()}"
        return os.read(self.source, 65536)

    def read(self, count: int) -> bytes:
        while len(self.pending) < count:
            chunk = self._receive()
            assert chunk, f"the firmware ended; stderr: {self.child.stderr_text()}"
            self.pending += chunk
        data, self.pending = self.pending[:count], self.pending[count:]
        return data

    def line(self) -> str:
        while b"\n" not in self.pending:
            chunk = self._receive()
            assert chunk, f"the firmware ended; stderr: {self.child.stderr_text()}"
            self.pending += chunk
        line, _, self.pending = self.pending.partition(b"\n")
        return line.decode().rstrip("\r")

    def ask(self, request: str) -> str:
        self.write(request.encode() + b"\n")
        return self.line()

    def rest(self) -> str:
        """Everything until the firmware ends."""
        while chunk := self._receive():
            self.pending += chunk
        return self.pending.decode()

    def end(self) -> int:
        """Closes the stream to the device; its exit status."""
        os.close(self.sink)
        self.sink = -1
        status = self.child.wait(TIMEOUT_S)
        assert status is not None, "the firmware did not notice the end of file"
        return status


@contextlib.contextmanager
def fifo_stream(elf: Path) -> Iterator[Stream]:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        for fifo in ("to_device", "from_device"):
            os.mkfifo(directory / fifo)
        semihosting = "enable=on,target=native,arg=fifo,arg=to_device,arg=from_device"
        command = [*QEMU, "-serial", "none", "-semihosting-config", semihosting, "-kernel", elf]
        with spawn(command, cwd=directory) as child, _open(directory, child) as stream:
            yield stream


@contextlib.contextmanager
def _open(directory: Path, child: Child) -> Iterator[Stream]:
    source = os.open(directory / "from_device", os.O_RDONLY | os.O_NONBLOCK)
    sink = -1
    stop = time.monotonic() + TIMEOUT_S
    while sink < 0:
        try:
            sink = os.open(directory / "to_device", os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            assert child.poll() is None, child.stderr_text()
            assert time.monotonic() < stop
            time.sleep(0.005)
    os.set_blocking(source, True)
    os.set_blocking(sink, True)
    stream = Stream(child, source, sink)
    try:
        yield stream
    finally:
        os.close(source)
        if stream.sink >= 0:
            os.close(stream.sink)


@contextlib.contextmanager
def uart_stream(elf: Path, *, semihosting: bool = True) -> Iterator[Stream]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(TIMEOUT_S)
        port = server.getsockname()[1]
        command = [*QEMU, "-serial", f"tcp:127.0.0.1:{port},nodelay=on", "-kernel", str(elf)]
        if semihosting:
            command += ["-semihosting-config", "enable=on,target=native,arg=uart"]
        with spawn(command) as child:
            connection, _ = server.accept()
            with connection:
                yield Stream(child, connection.fileno(), connection.fileno())


@contextlib.contextmanager
def process_stream(elf: Path) -> Iterator[Stream]:
    with spawn([elf], pipes=True) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        # A descriptor of our own: the child's is closed by close(), this one by end().
        stream = Stream(child, child.stdout.fileno(), os.dup(child.stdin.fileno()))
        child.stdin.close()
        try:
            yield stream
        finally:
            if stream.sink >= 0:
                os.close(stream.sink)

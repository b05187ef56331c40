"""A link over file descriptors: pipes, FIFOs and sockets, to a program of ours or to another machine."""

from __future__ import annotations

import os
import selectors
import socket
import time
from typing import TYPE_CHECKING

from boardproof.device.failures import BoardFaultError
from boardproof.errors import DeviceError

if TYPE_CHECKING:
    from boardproof.device.process import Child

_CHUNK_BYTES = 65536
_STALLED_S = 10.0
_EXIT_GRACE_S = 1.0
_FAULT_PREFIX = "boardproof: fault:"


class DescriptorLink:
    """A byte stream over descriptors, which it takes over and makes non-blocking.

    Args:
        read_fd: Where bytes come from.
        write_fd: Where bytes go; may be the same.
        name: What is at the other end, for messages.
        child: The program there, when it is one of ours: closed with the link, and asked for its last words.
        received: What came from it already.
        exit_grace_s: How long the program may take to end once the stream is closed.
    """

    def __init__(
        self,
        read_fd: int,
        write_fd: int,
        name: str,
        child: Child | None = None,
        received: bytes = b"",
        *,
        exit_grace_s: float = _EXIT_GRACE_S,
    ) -> None:
        self._read_fd = read_fd
        self._write_fd = write_fd
        self._name = name
        self._child = child
        self._exit_grace_s = exit_grace_s
        self._inbox = bytearray(received)
        self._ended = False
        self._closed = False
        os.set_blocking(read_fd, False)
        os.set_blocking(write_fd, False)

    def write(self, data: bytes) -> None:
        """Sends all of data. Raises DeviceError when the other side is gone, or takes nothing for ten seconds.

        Takes in what arrives meanwhile: two sides that only write would wait for each other.
        """
        left = memoryview(data)
        while left:
            try:
                left = left[os.write(self._write_fd, left) :]
            except BlockingIOError:
                self._await_room()
            except OSError as error:
                raise self._gone() from error

    def read(self, max_bytes: int, timeout_s: float) -> bytes:
        """Returns 1 to max_bytes bytes as soon as any are there, or b"" after timeout_s.

        Raises DeviceError when the other side is gone; BoardFaultError when its last words were a fault.
        """
        if not self._inbox:
            self._wait(selectors.EVENT_READ, timeout_s)
        data = bytes(self._inbox[:max_bytes])
        del self._inbox[:max_bytes]
        if not data and self._ended:
            raise self._gone()
        return data

    def close(self) -> None:
        """Closes the descriptors and ends the program. Safe to call twice."""
        if self._closed:
            return
        self._closed = True
        try:
            for descriptor in {self._write_fd, self._read_fd}:
                os.close(descriptor)
        finally:
            if self._child is not None:
                self._child.wait(self._exit_grace_s)  # end of file is its sign to go
                self._child.close(grace_s=0)

    def __enter__(self) -> DescriptorLink:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _await_room(self) -> None:
        deadline = time.monotonic() + _STALLED_S
        while not self._wait(selectors.EVENT_WRITE, deadline - time.monotonic()):
            if self._ended:
                raise self._gone()
            if time.monotonic() >= deadline:
                raise DeviceError(
                    f"{self._name} has taken no bytes for {_STALLED_S:.0f} s.",
                    "It hangs, or another program holds it; start it again.",
                    self._last_words(),
                )

    def _wait(self, event: int, timeout_s: float) -> bool:
        """Waits for room to write or for bytes; those are taken in. Whether what was waited for is there."""
        with selectors.DefaultSelector() as selector:
            if self._read_fd == self._write_fd:
                selector.register(self._read_fd, event | selectors.EVENT_READ)
            else:
                selector.register(self._read_fd, selectors.EVENT_READ)
                if event == selectors.EVENT_WRITE:
                    selector.register(self._write_fd, event)
            ready = 0
            for _key, mask in selector.select(max(timeout_s, 0)):
                ready |= mask
        if ready & selectors.EVENT_READ:
            self._take_in()
        return bool(ready & event)

    def _take_in(self) -> None:
        try:
            data = os.read(self._read_fd, _CHUNK_BYTES)
        except BlockingIOError:
            return
        except OSError as error:
            raise self._gone() from error
        self._inbox += data
        self._ended = not data

    def _last_words(self) -> str:
        return "" if self._child is None else self._child.stderr_text().strip()

    def _gone(self) -> DeviceError:
        """The error for a stream that ended, with what the program there last said."""
        if self._child is None:
            return DeviceError(f"{self._name} closed the connection.", "Check that it still runs, then try again.")
        status = self._child.wait(_EXIT_GRACE_S)
        words = self._last_words()
        fault = next((line for line in reversed(words.splitlines()) if line.startswith(_FAULT_PREFIX)), None)
        if fault is not None:
            return BoardFaultError.of(fault.removeprefix(_FAULT_PREFIX).strip(), words)
        how = (
            "closed its stream"
            if status is None
            else f"was killed by signal {-status}"
            if status < 0
            else f"ended with status {status}"
        )
        last = words.splitlines()[-1] if words else "it said nothing"
        return DeviceError(
            f"{self._name} {how} in the middle of the conversation: {last}",
            "Run it again; if it happens again, `boardproof doctor` checks the tools.",
            words,
        )


def over_socket(connection: socket.socket, name: str, child: Child | None) -> DescriptorLink:
    """A link over a connected TCP socket, which is taken over."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    descriptor = connection.detach()
    return DescriptorLink(descriptor, descriptor, name, child)

"""Firmware in Renode: starts it with the project's own script, and connects to its UART over TCP."""

from __future__ import annotations

import contextlib
import re
import socket
import time
from typing import TYPE_CHECKING

from boardproof.device.build.toolchain import require_renode
from boardproof.device.process import spawn
from boardproof.device.reach.descriptor_link import DescriptorLink
from boardproof.errors import DeviceError, InputError
from boardproof.project.renode import SCRIPT, STARTED, check_path

if TYPE_CHECKING:
    from pathlib import Path

    from boardproof.device.process import Child
    from boardproof.device.reach.access import Opening
    from boardproof.device.types import Link

_START_S = 60.0
_EXIT_GRACE_S = 10.0  # .NET takes its time to go on a machine with other work
_RETRY_S = 0.05
_LOCALHOST = "127.0.0.1"
# What the monitor says when a command failed; it then prints its prompt, and waits for the next one.
_FAILED = re.compile(
    r"(There was an error executing command|Could not tokenize here|No such variable|No such command or device).*",
    re.DOTALL,
)
_SAID_LINES = 2


class RenodeAccess:
    """An emulated board; Renode starts with each connection, and ends with it."""

    def require(self) -> None:
        """Raises ToolError where there is no Renode."""
        require_renode()

    def open(self, opening: Opening) -> Link:
        """Starts it."""
        return open_renode(opening.project_dir)


class RenodeLink(DescriptorLink):
    """A byte stream to firmware in Renode.

    Args:
        connection: To the UART; taken over.
        monitor: Renode, with its monitor on stdin.
    """

    def __init__(self, connection: socket.socket, monitor: Child) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        descriptor = connection.detach()
        super().__init__(descriptor, descriptor, "Renode", monitor, exit_grace_s=_EXIT_GRACE_S)
        self._monitor = monitor

    def close(self) -> None:
        """Closes the connection and ends Renode, which does not end with it. Safe to call twice."""
        if self._monitor.stdin is not None:
            with contextlib.suppress(OSError, ValueError):  # it is gone already, or was closed before
                self._monitor.stdin.write(b"quit\n")
        super().close()


def open_renode(project_dir: Path) -> RenodeLink:
    """Starts Renode on a project that was built, and connects to the firmware's UART.

    Raises:
        ToolError: Renode is not on PATH.
        InputError: The project was not generated for Renode, or lies where Renode cannot work.
        DeviceError: Renode does not run the project's script; `details` has what it said.
    """
    renode = require_renode()
    check_path(project_dir.resolve())
    script = project_dir.resolve() / SCRIPT
    if not script.is_file():
        raise InputError(f"There is no {script}.", "Generate the project for the board nrf52840-renode.")
    port = _free_port()
    commands = f"$port={port}; include @{_escaped(script)}"
    child = spawn([renode, "--disable-xwt", "--console", "--plain", "-e", commands], monitor=True)
    try:
        return RenodeLink(_connect(port, child), child)
    except BaseException:
        child.close()
        raise


def _free_port() -> int:
    """A port that is free now: Renode cannot be asked which one it took."""
    with socket.create_server((_LOCALHOST, 0)) as server:
        port: int = server.getsockname()[1]
        return port


def _escaped(path: Path) -> str:
    """A path as Renode's monitor wants it."""
    return str(path).replace(" ", r"\ ")


def _connect(port: int, child: Child) -> socket.socket:
    """Connects when the script is through: its port opens earlier, and what is sent until the firmware runs is lost."""
    deadline = time.monotonic() + _START_S
    while STARTED not in child.stderr_text().splitlines():
        _check_start(child, deadline)
        time.sleep(_RETRY_S)
    try:
        return socket.create_connection((_LOCALHOST, port), timeout=_START_S)
    except OSError as error:
        raise DeviceError(
            f"Renode started the firmware, but does not serve its UART: {error}.",
            f"Start it by hand and see: renode {SCRIPT}",
            child.stderr_text(),
        ) from error


def _check_start(child: Child, deadline: float) -> None:
    """Raises DeviceError when Renode has ended, refused a command, or takes too long."""
    status = child.poll()
    words = child.stderr_text().strip()
    if status is not None:
        what = f"ended with status {status} before it started the firmware"
    elif _FAILED.search(words):
        what = "cannot run the project's script"
    elif time.monotonic() > deadline:
        what = f"did not start the firmware within {_START_S:.0f} s"
    else:
        return
    raise DeviceError(f"Renode {what}: {_last_words(words)}", f"Start it by hand and see: renode {SCRIPT}", words)


def _last_words(words: str) -> str:
    """The failed command and why it failed; without one, the last that was said. Prompts and markers say nothing."""
    failed = _FAILED.search(words)
    lines = [line for line in (failed[0] if failed else words).splitlines() if line.strip(" ^")]
    spoken = [line for line in lines if not line.startswith("(")]
    return " ".join(spoken[:_SAID_LINES]) if failed else (spoken or lines or ["it said nothing"])[-1]

"""What a project for Renode has beside its sources: the machine, a script that starts it, a Robot Framework test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.errors import InputError
from boardproof.project.templates import render_template

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from boardproof.project.boards import Board

SCRIPT = "renode/boardproof.resc"
"""Starts the firmware; the monitor's variable $port is the TCP port of its UART."""

STARTED = "boardproof: the firmware runs"
"""What the script prints at its end."""

ROBOT = "renode/boardproof.robot"
"""A Robot Framework test that says hello in boardproof's protocol."""

DEFAULT_PORT = 3456
CORE_MHZ = 100
"""Instructions a microsecond. Renode's time is whole nanoseconds, and it counts instructions in steps of
CORE_MHZ / gcd(CORE_MHZ, 1000): one by one at a divisor of 1000, by eights at the chip's own 64."""

# Frames are the device room's business; a test compares these. The request of session 0x0101 for protocol version 1,
# and how the reply starts: reply, hello, session, sequence number 0, status 0.
_HELLO = bytes.fromhex("00 01 04 01 01 01 01 07 01 01 1f 2f 75 5b 00")
_ANSWER = bytes.fromhex("00 05 01 01 01 01 01 01 01")


def check_path(project_dir: Path) -> None:
    """Raises InputError for a place that Renode's monitor cannot be told of: it splits commands at every semicolon."""
    if ";" in str(project_dir):
        raise InputError(
            f"Renode cannot work in {project_dir}: its path contains ';'.",
            "Choose another directory for the project with --out, or move it.",
        )


def renode_files(board: Board, model_sha256: str) -> Mapping[str, bytes]:
    """The folder renode/ of a project: path to content."""
    values = {
        "core_mhz": CORE_MHZ,
        "default_port": DEFAULT_PORT,
        "started": STARTED,
        "elf": f".pio/build/{board.env}/firmware.elf",
        "hello": [f"0x{byte:02x}" for byte in _HELLO],
        "answer": _robot_pattern(_ANSWER),
        "model": _robot_pattern(bytes.fromhex(model_sha256), zero=r"[\\x01-\\xff]"),
        "model_sha256": model_sha256,
    }
    names = ("renode/boardproof.repl", SCRIPT, ROBOT)
    return {name: render_template(f"renode/{name}", **values).encode() for name in names}


def _robot_pattern(data: bytes, zero: str = r"\\x00") -> str:
    """A regular expression for these bytes, as Robot Framework wants it written: with doubled backslashes."""
    return "".join(rf"\\x{byte:02x}" if byte else zero for byte in data)

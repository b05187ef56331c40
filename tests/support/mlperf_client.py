"""The runner's side of MLPerf Tiny's protocol, from its description: commands end with %, replies with m-ready."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from boardproof.device.types import Link

READY = "m-ready"
BYTES_PER_COMMAND = 31


@dataclass(frozen=True)
class Measured:
    """One `infer` command: what the network said, and the microseconds between its two timestamps."""

    results: tuple[float, ...]
    elapsed_us: int
    lines: tuple[str, ...]


class ComplaintError(AssertionError):
    """The device answered e-[…]."""


class Runner:
    """Drives a device as MLPerf Tiny's runners do."""

    def __init__(self, link: Link, timeout_s: float = 60.0) -> None:
        self._link = link
        self._timeout_s = timeout_s
        self._text = ""

    def read_until_ready(self) -> list[str]:
        """The lines of a reply, without m-ready."""
        lines: list[str] = []
        deadline = time.monotonic() + self._timeout_s
        while True:
            line, found, rest = self._text.partition("\r\n")
            if not found:
                assert time.monotonic() < deadline, f"no {READY} after {lines}, {self._text!r}"
                self._text += self._link.read(4096, 0.5).decode("ascii")
                continue
            self._text = rest
            if line == READY:
                return lines
            lines.append(line)

    def ask(self, command: str) -> list[str]:
        """Sends a command, and returns whatever the device says."""
        self._link.write(f"{command}%".encode())
        return self.read_until_ready()

    def command(self, command: str) -> list[str]:
        """Sends a command that must be obeyed."""
        lines = self.ask(command)
        if complaints := [line for line in lines if line.startswith("e-")]:
            raise ComplaintError(f"{command}: {complaints}")
        return lines

    def model(self) -> str:
        (line,) = [line for line in self.command("profile") if line.startswith("m-model-")]
        return line.removeprefix("m-model-[").removesuffix("]")

    def load(self, sample: bytes) -> None:
        lines = self.command(f"db load {len(sample)}")
        assert lines == [f"m-[Expecting {len(sample)} bytes]"]
        for start in range(0, len(sample), BYTES_PER_COMMAND):
            lines = self.command(f"db {sample[start : start + BYTES_PER_COMMAND].hex()}")
        assert lines == ["m-load-done"]

    def infer(self, times: int, warmups: int) -> Measured:
        lines = self.command(f"infer {times} {warmups}")
        laps = [int(match[1]) for line in lines if (match := re.fullmatch(r"m-lap-us-([0-9]+)", line))]
        (results,) = [match[1] for line in lines if (match := re.fullmatch(r"m-results-\[([^]]+)\]", line))]
        assert len(laps) == 2
        return Measured(tuple(float(x) for x in results.split(",")), laps[1] - laps[0], tuple(lines))

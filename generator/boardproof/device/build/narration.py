"""Says what PlatformIO is doing when that takes long for reasons nobody sees."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from boardproof.progress import Progress

_INSTALLING = re.compile(r"^(?P<manager>\w+) Manager: Installing (?P<spec>\S.*)")
_LOCAL = ("symlink://", "file://")


@dataclass(frozen=True, slots=True)
class Installation:
    """A package that PlatformIO starts to install.

    Attributes:
        manager: "Platform", "Tool" or "Library".
        spec: What is asked for, such as "nordicnrf52 @ ~10.11.0".
    """

    manager: str
    spec: str

    @property
    def is_local(self) -> bool:
        """Whether it comes from this machine."""
        return self.spec.startswith(_LOCAL)


def installation(line: str) -> Installation | None:
    """The package whose installation a line of PlatformIO's output announces; None for other lines."""
    match = _INSTALLING.match(line)
    return Installation(match["manager"], match["spec"].strip()) if match else None


def narrate(progress: Progress) -> Callable[[str], None]:
    """What to do with each line of PlatformIO's: a stage for each package it fetches, and the line for who wants it.

    The registry's client tries each of two servers six times, 30 s in all, with nothing to set: so say beforehand.
    """

    def on_line(line: str) -> None:
        if (package := installation(line)) is not None and not package.is_local:
            progress.stage(f"fetching {package.spec} for PlatformIO (without a connection it gives up after a minute)")
        progress.line(line)

    return on_line

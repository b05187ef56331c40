"""How long work tells what it is doing, without knowing who listens."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Receives what the pipeline does, as it does it."""

    def stage(self, title: str) -> None:
        """A new stage begins; the one before it is over."""
        ...

    def advance(self, done: int, total: int) -> None:
        """The current stage has done so many of its parts."""
        ...

    def line(self, text: str) -> None:
        """A line of output of a tool or of the board."""
        ...

    def warn(self, text: str) -> None:
        """Something the user should know, which does not stop the run."""
        ...


class Silent:
    """Listens to nothing."""

    def stage(self, title: str) -> None:
        """Ignores it."""

    def advance(self, done: int, total: int) -> None:
        """Ignores it."""

    def line(self, text: str) -> None:
        """Ignores it."""

    def warn(self, text: str) -> None:
        """Ignores it."""

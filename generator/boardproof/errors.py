"""The errors a user meets: what is wrong, where, and what to do next."""

from __future__ import annotations

from contextlib import contextmanager
from difflib import get_close_matches
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class ExitStatus(IntEnum):
    """What the command's exit status tells a script."""

    AGREES = 0
    DISAGREES = 1
    BAD_INPUT = 2
    TOOL_FAILED = 3
    INTERRUPTED = 130


class BoardproofError(Exception):
    """A failure with its cause and the next step.

    Args:
        message: What is wrong, and where, in one sentence.
        hint: What to do next, in one sentence; empty when there is nothing to add.
        details: Longer material (compiler output, every finding), shown after the hint.
    """

    exit_status = ExitStatus.BAD_INPUT

    def __init__(self, message: str, hint: str = "", details: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details = details


class InputError(BoardproofError):
    """A file, flag, model or dataset that cannot be used as given."""


class ToolError(BoardproofError):
    """A compiler, emulator or other program that is missing or failed."""

    exit_status = ExitStatus.TOOL_FAILED


class DeviceError(BoardproofError):
    """A board, port or emulator that is absent, silent or answers wrongly."""

    exit_status = ExitStatus.TOOL_FAILED


def closest(name: str, known: Iterable[str]) -> str:
    """The beginning of a hint about a name that does not exist: which one it may have meant; empty if none is near."""
    near = get_close_matches(name.replace("_", "-").lower(), [one.replace("_", "-") for one in known], n=1)
    return f"Did you mean {near[0]}? " if near else ""


class BoardproofWarning(UserWarning):
    """What a user of the Python functions should know, and what does not stop them."""


@contextmanager
def told_in_full() -> Iterator[None]:
    """Adds details and the next step to an error that passes, so that a traceback shows them."""
    try:
        yield
    except BoardproofError as error:
        for note in (error.details, f"next: {error.hint}" if error.hint else ""):
            if note:
                error.add_note(note)
        raise

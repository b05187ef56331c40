"""What a person sees: progress on stderr, tables on stdout, errors with their next step."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from typing import IO, TYPE_CHECKING, Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from boardproof.host.interrupts import check_interrupted

if TYPE_CHECKING:
    from types import TracebackType

    from rich.console import RenderableType
    from rich.progress import TaskID

    from boardproof.errors import BoardproofError

_SAFE_CONTROL = {"\n", "\t"}
_PIPE_WIDTH = 120
"""Columns where there is no terminal to ask."""


def printable(text: str) -> str:
    """The text with control characters made visible, so that no file or device can drive the terminal."""
    return "".join(c if c.isprintable() or c in _SAFE_CONTROL else f"\\x{ord(c):02x}" for c in text)


class ConsoleProgress:
    """Stages as bars on a terminal, and as plain lines elsewhere. A context manager.

    Args:
        verbose: Show the output of tools as it comes.
        quiet: Show warnings only.
    """

    def __init__(self, *, verbose: bool = False, quiet: bool = False) -> None:
        self._stream = _own_stderr()
        self._console = Console(file=self._stream, highlight=False, soft_wrap=True)
        self._verbose = verbose
        self._quiet = quiet
        self._task: TaskID | None = None
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
            disable=quiet or not self._console.is_terminal,
        )

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._bar.stop()
        if self._stream is not sys.stderr:
            self._stream.close()

    def stage(self, title: str) -> None:
        """Ends the stage before, and shows this one."""
        check_interrupted()
        if self._task is not None:
            self._bar.remove_task(self._task)
        self._task = self._bar.add_task(escape(title), total=None)
        if not self._quiet and not self._console.is_terminal:
            self._console.print(escape(title))

    def advance(self, done: int, total: int) -> None:
        """Moves the current stage's bar."""
        if self._task is not None:
            self._bar.update(self._task, completed=done, total=total)

    def line(self, text: str) -> None:
        """Shows a tool's output when it was asked for."""
        if self._verbose:
            self._console.print(escape(printable(text)), style="dim")

    def warn(self, text: str) -> None:
        """Shows a warning."""
        self._console.print(f"[yellow]warning:[/] {escape(printable(text))}")


def _own_stderr() -> IO[str]:
    """On a terminal, a descriptor of our own: 2 is captured while libraries that write to it are at work."""
    if not sys.stderr.isatty():
        return sys.stderr
    return os.fdopen(os.dup(sys.stderr.fileno()), "w", encoding="utf-8", errors="replace")


def show_error(error: BoardproofError, *, with_traceback: bool = False) -> None:
    """Prints what is wrong, the material it came from, and what to do next, on stderr."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    if with_traceback:
        console.print(escape(_traceback(error)), style="dim")
    console.print(f"[bold red]error:[/] {escape(printable(error.message))}")
    if error.details:
        console.print(escape(printable(error.details.rstrip())), style="dim")
    if error.hint:
        console.print(f"[bold]next:[/] {escape(printable(error.hint))}")


def show_warning(text: str) -> None:
    """Prints a warning on stderr, in one line."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(f"[yellow]warning:[/] {escape(printable(text))}")


def show_text(text: str) -> None:
    """Prints to stdout exactly this, and a newline."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def show_defect(error: Exception, *, with_traceback: bool = False) -> None:
    """Prints that boardproof itself failed; the traceback goes to a file, for the bug report."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(f"[bold red]internal error:[/] {escape(printable(f'{type(error).__name__}: {error}'))}")
    if with_traceback:
        console.print(escape(_traceback(error)), style="dim")
        return
    with tempfile.NamedTemporaryFile("w", prefix="boardproof-", suffix=".log", delete=False, encoding="utf-8") as log:
        log.write(_traceback(error))
    console.print(f"[bold]next:[/] this is a defect of boardproof: report it with {escape(log.name)}")


def show_table(renderable: RenderableType) -> None:
    """Prints a rich table or group to stdout."""
    Console(highlight=False, width=None if sys.stdout.isatty() else _PIPE_WIDTH).print(renderable)


def show_notes(renderable: RenderableType) -> None:
    """Prints what is not the result itself to stderr, so that stdout can be piped."""
    Console(stderr=True, highlight=False, width=None if sys.stderr.isatty() else _PIPE_WIDTH).print(renderable)


def _traceback(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))

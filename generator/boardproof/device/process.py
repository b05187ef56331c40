"""Runs other programs: the only user of subprocess.

Every program gets a process group of its own, and the whole group ends when we are done with it: on success, timeout,
exception or Ctrl-C. Commands are argument lists; no shell is involved.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import selectors
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from boardproof.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

_GRACE_S = 2.0
_TAIL_BYTES = 64 * 1024
_CHUNK_BYTES = 64 * 1024
_POLL_S = 0.1
_WAIT_STEP_S = 0.005


@dataclass(frozen=True, slots=True)
class Completed:
    """A program that has ended. `lines` are its stdout and stderr together, in order, without line ends."""

    command: tuple[str, ...]
    status: int
    lines: tuple[str, ...]

    @property
    def output(self) -> str:
        """All lines as one text."""
        return "\n".join(self.lines)


def command_text(command: Sequence[str | Path]) -> str:
    """A command as one would type it."""
    return shlex.join(str(word) for word in command)


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    timeout_s: float | None = None,
    on_line: Callable[[str], None] | None = None,
) -> Completed:
    """Runs a program to its end, whatever its exit status.

    Args:
        command: The program and its arguments.
        cwd: Its working directory; None for ours.
        env: Variables to add to our environment.
        timeout_s: After so many seconds the program and everything it started are killed; None waits for ever.
        on_line: Called with each line of output as it comes.

    Raises:
        ToolError: The program cannot be started, or took too long; `details` holds its output.
    """
    words = [str(word) for word in command]
    lines: list[str] = []
    deadline = None if timeout_s is None else time.monotonic() + timeout_s
    process = _start(words, cwd, env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        for line in _read_lines(process, deadline):
            lines.append(line)
            if on_line is not None:
                on_line(line)
        while _exit_status(process) is None:
            _check(deadline)
            time.sleep(_WAIT_STEP_S)
    except TimeoutError:
        raise ToolError(
            f"{words[0]} did not finish within {timeout_s:g} s.",
            "Try again on a machine with less load; what it said until then follows.",
            "\n".join(lines),
        ) from None
    finally:
        _end_group(process)
    return Completed(tuple(words), process.returncode, tuple(lines))


class Child:
    """A long-lived program; a context manager that ends it and everything it started.

    `stdin` and `stdout` are unbuffered binary pipes if they were asked for, else None.
    """

    def __init__(self, command: Sequence[str], process: subprocess.Popen[bytes], stderr: IO[bytes]) -> None:
        self.command = tuple(command)
        self.pid = process.pid
        self.stdin = process.stdin
        self.stdout = process.stdout
        self._process = process
        self._stderr = stderr
        self._last_words = ""

    def poll(self) -> int | None:
        """The exit status (negative: the signal that ended it), or None while it runs."""
        return _exit_status(self._process)

    def wait(self, timeout_s: float) -> int | None:
        """Waits for the end; the exit status, or None if it still runs after timeout_s."""
        deadline = time.monotonic() + timeout_s
        while (status := self.poll()) is None and time.monotonic() < deadline:
            time.sleep(_WAIT_STEP_S)
        return status

    def stderr_text(self) -> str:
        """What it wrote to stderr, at most the last 64 KiB. Also after close()."""
        if self._stderr.closed:
            return self._last_words
        # pread, because the program writes at the offset that the file shares with us
        start = max(0, os.fstat(self._stderr.fileno()).st_size - _TAIL_BYTES)
        return os.pread(self._stderr.fileno(), _TAIL_BYTES, start).decode(errors="replace")

    def close(self, grace_s: float = _GRACE_S) -> None:
        """Closes its stdin, gives it grace_s seconds to end, then kills its process group. Safe to call twice."""
        if self._stderr.closed:
            return
        try:
            if self.stdin is not None:
                _close_pipe(self.stdin)
                self.wait(grace_s)
        finally:
            _end_group(self._process)
            self._last_words = self.stderr_text()
            self._stderr.close()

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def spawn(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    pipes: bool = False,
    monitor: bool = False,
    die_with_us: bool = False,
) -> Child:
    """Starts a program that runs beside us. Its stderr is kept.

    Args:
        command: The program and its arguments.
        cwd: Its working directory; None for ours.
        env: Variables to add to our environment.
        pipes: Connect its stdin and stdout to pipes; else both are /dev/null.
        monitor: It takes commands on stdin, which is a pipe, and its stdout is kept with its stderr.
        die_with_us: Let the kernel kill it when the calling *thread* ends, even by SIGKILL (Linux, where util-linux's
            setpriv is installed). For programs that do not notice otherwise that we are gone.

    Raises:
        ToolError: The program cannot be started.
    """
    stdin = subprocess.PIPE if pipes or monitor else subprocess.DEVNULL
    setpriv = shutil.which("setpriv") if die_with_us else None
    words = [str(word) for word in command]
    prefix = [setpriv, "--pdeathsig", "KILL", "--"] if setpriv else []
    stderr = tempfile.TemporaryFile()  # noqa: SIM115 - Child closes it
    stdout = stderr if monitor else subprocess.PIPE if pipes else subprocess.DEVNULL
    try:
        process = _start([*prefix, *words], cwd, env, stdin=stdin, stdout=stdout, stderr=stderr)
    except BaseException:
        stderr.close()
        raise
    return Child(words, process, stderr)


def _start(
    words: Sequence[str],
    cwd: Path | None,
    env: Mapping[str, str] | None,
    *,
    stdin: int,
    stdout: int | IO[bytes],
    stderr: int | IO[bytes],
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(  # noqa: S603 - an argument list, and no shell
            words,
            cwd=cwd,
            env={**os.environ, **(env or {})},
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            bufsize=0,
            start_new_session=True,
        )
    except FileNotFoundError as error:
        missing = f"The directory {cwd}" if cwd is not None and not cwd.is_dir() else f"The program {words[0]}"
        raise ToolError(f"{missing} does not exist.", "boardproof doctor lists what is missing.", str(error)) from error
    except OSError as error:
        raise ToolError(
            f"{words[0]} cannot be started: {error.strerror}.", "Check its permissions.", command_text(words)
        ) from error


def _check(deadline: float | None) -> None:
    if deadline is not None and time.monotonic() > deadline:
        raise TimeoutError


def _exit_status(process: subprocess.Popen[bytes]) -> int | None:
    """The exit status, or None while it runs. Leaves the zombie, so that its process group id stays ours."""
    if process.returncode is not None:
        return process.returncode
    ended = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    if ended is None:
        return None
    return ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status


def _read_lines(process: subprocess.Popen[bytes], deadline: float | None) -> Iterator[str]:
    """Lines until the output ends, or the program has ended although something it started still holds the pipe."""
    assert process.stdout is not None  # noqa: S101 - run() asked for a pipe
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    pending = ""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while True:
            _check(deadline)
            if not selector.select(_POLL_S):
                if _exit_status(process) is not None:
                    break
                continue
            chunk = os.read(process.stdout.fileno(), _CHUNK_BYTES)
            *complete, pending = (pending + decoder.decode(chunk, final=not chunk)).split("\n")
            yield from (line.removesuffix("\r") for line in complete)
            if not chunk:
                break
    if pending:
        yield pending


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """Ends what is left of the process group (SIGTERM, a moment, SIGKILL), reaps the program and closes its pipes."""
    try:
        if _exit_status(process) is None:
            _signal_group(process, signal.SIGTERM)
            deadline = time.monotonic() + _GRACE_S
            while _exit_status(process) is None and time.monotonic() < deadline:
                time.sleep(_WAIT_STEP_S)
    finally:
        _signal_group(process, signal.SIGKILL)
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                _close_pipe(pipe)


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    # EPERM is what macOS says of a group that consists of zombies.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _close_pipe(pipe: IO[bytes]) -> None:
    # EPIPE: the other side is gone, and nothing is lost that it would have read.
    with contextlib.suppress(BrokenPipeError):
        pipe.close()

"""Locks between processes: one board, one user; one project directory, one builder. They end with the process."""

from __future__ import annotations

import fcntl
import os
from typing import IO, TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from boardproof.device.clock import Clock

_POLL_S = 0.2


class FileLock:
    """A lock that is held. A context manager that releases it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def is_at(self, path: Path) -> bool:
        """Whether the file that is locked is still the one of that name."""
        try:
            return os.path.samestat(os.fstat(self._file.fileno()), path.stat())
        except FileNotFoundError:
            return False

    def release(self) -> None:
        """Lets others have it. Safe to call twice."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.release()


def try_lock(path: Path) -> FileLock | None:
    """Takes the lock if nobody has it. The file is made where it is missing, and stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    except BaseException:
        file.close()
        raise
    return FileLock(file)


def lock_first(
    paths: tuple[Path, ...], timeout_s: float, clock: Clock, on_wait: Callable[[], None]
) -> tuple[Path, FileLock]:
    """Takes the first lock that is free, waiting for one if need be.

    Args:
        paths: The locks that would do.
        timeout_s: How long to wait.
        clock: Whose seconds these are.
        on_wait: Called once, when all are taken.

    Raises:
        TimeoutError: All stayed taken.
    """
    deadline_s = clock.now_s() + timeout_s
    told = False
    while True:
        for path in paths:
            if (lock := try_lock(path)) is not None:
                return path, lock
        if clock.now_s() >= deadline_s:
            raise TimeoutError(f"all of {', '.join(path.name for path in paths)} stayed locked")
        if not told:
            on_wait()
            told = True
        clock.sleep(_POLL_S)

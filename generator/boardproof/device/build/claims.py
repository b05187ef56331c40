"""A project's folder belongs to one command at a time: a second would replace the files that the first one compiles."""

from __future__ import annotations

import contextlib
import hashlib
import os
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING

from boardproof.device.build.locks import try_lock
from boardproof.device.build.pio import cache_dir
from boardproof.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boardproof.device.build.locks import FileLock

_ours: ContextVar[frozenset[Path]] = ContextVar("_ours", default=frozenset())


@contextlib.contextmanager
def claim(root: Path) -> Iterator[None]:
    """Keeps other processes and threads out of a project's folder. Claims of it within a claim are free.

    The lock is a file in the cache, for the folder itself is replaced as a whole, and ends with the process. Where the
    cache cannot be written there is none.

    Raises:
        ToolError: Another process or thread has the folder.
    """
    root, ours = Path(os.path.realpath(root)), _ours.get()
    if root in ours:
        yield
        return
    path = cache_dir() / "locks" / f"folder-{hashlib.sha256(os.fsencode(root)).hexdigest()[:16]}.lock"
    lock = _lock(path, root)
    token = _ours.set(ours | {root})
    try:
        yield
    finally:
        _ours.reset(token)
        if lock is not None:
            path.unlink(missing_ok=True)  # while it is ours: whoever opened it meanwhile sees that it is gone
            lock.release()


def _lock(path: Path, root: Path) -> FileLock | None:
    while True:
        try:
            lock = try_lock(path)
        except OSError:
            return None
        if lock is None:
            raise ToolError(
                f"Another boardproof is using {root}.", "Wait until it has ended, or give another folder with --out."
            )
        if lock.is_at(path):
            return lock
        lock.release()

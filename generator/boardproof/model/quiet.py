"""Keeps what native libraries write to stdout and stderr away from the user, and at hand for an error's details."""

from __future__ import annotations

import os
import sys
import tempfile
import warnings
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator

_STDOUT, _STDERR = 1, 2
_MAX_LOG_BYTES = 256 * 1024


class CapturedOutput:
    """What was written so far."""

    def __init__(self, log: BinaryIO) -> None:
        self._log = log

    def text(self) -> str:
        """Everything written until now, or its end when it is long."""
        _flush()
        size = self._log.seek(0, os.SEEK_END)
        self._log.seek(max(0, size - _MAX_LOG_BYTES))
        return self._log.read(_MAX_LOG_BYTES).decode("utf-8", errors="replace")


@contextmanager
def captured_output() -> Iterator[CapturedOutput]:
    """Captures the process's file descriptors 1 and 2, and silences Python warnings, of libraries that are not ours.

    TensorFlow's C++ code writes to the descriptors themselves; its Python code to `sys.stdout` and `sys.stderr`, which
    a notebook or a test replaces. The whole process is affected, other threads too, so this encloses nothing but calls
    into such libraries.
    """
    _flush()
    saved = os.dup(_STDOUT), os.dup(_STDERR)
    with (
        tempfile.TemporaryFile("a+b") as log,
        os.fdopen(os.dup(log.fileno()), "w", buffering=1, errors="replace") as text,
        redirect_stdout(text),
        redirect_stderr(text),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        os.dup2(log.fileno(), _STDOUT)
        os.dup2(log.fileno(), _STDERR)
        try:
            yield CapturedOutput(log)
        finally:
            _flush()
            for descriptor, copy in zip((_STDOUT, _STDERR), saved, strict=True):
                os.dup2(copy, descriptor)
                os.close(copy)


def _flush() -> None:
    # Python's own streams may be closed or replaced; then there is nothing of ours in them.
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and not stream.closed:
            stream.flush()

"""Runs a function in a process of its own: native code given an untrusted model may crash, and writes to stderr."""

from __future__ import annotations

import faulthandler
import gc
import multiprocessing
import os
import resource
import signal
import tempfile
import warnings
from dataclasses import dataclass
from multiprocessing.reduction import ForkingPickler
from typing import TYPE_CHECKING, BinaryIO, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

P = ParamSpec("P")
T = TypeVar("T")

_STDOUT, _STDERR = 1, 2

_MAX_LOG_BYTES = 64 * 1024


class WorkerError(Exception):
    """The function raised, or its process died.

    Attributes:
        reason: The exception's text, or the name of the signal that ended the process.
        output: What the process wrote to stdout and stderr.
        crashed: Whether the process died, so that nothing was raised.
    """

    def __init__(self, reason: str, output: str, *, crashed: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.output = output
        self.crashed = crashed


@dataclass(frozen=True, slots=True)
class _Failure:
    reason: str


def run_isolated(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The function's result, computed in a forked process that is gone when this returns.

    Import what `function` needs before calling: the fork shares it. POSIX only.

    Raises:
        WorkerError: when the function raised or the process died.
    """
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    with receiver, tempfile.TemporaryFile() as log:
        process = context.Process(target=_work, args=(sender, log, function, args, kwargs), daemon=True)
        with warnings.catch_warnings():
            # Python 3.12 warns of any fork beside threads; the child touches nothing that another thread may hold.
            warnings.simplefilter("ignore", DeprecationWarning)
            process.start()
        sender.close()
        try:
            result = receiver.recv()
        except EOFError:
            process.join()
            raise WorkerError(_death(process.exitcode), _read(log), crashed=True) from None
        finally:
            process.kill()
            process.join()
            process.close()
        if isinstance(result, _Failure):
            raise WorkerError(result.reason, _read(log), crashed=False)
        return result  # type: ignore[no-any-return] # what crosses a pipe is untyped


def _work(
    sender: Connection, log: BinaryIO, function: Callable[..., T], args: tuple[object, ...], kwargs: dict[str, object]
) -> None:
    """The child's whole life."""
    # What the parent left to its garbage collector stays where it is: destroying TensorFlow's objects here, without the
    # threads they had there, is a segmentation fault that looks like the model's.
    gc.freeze()
    # Ctrl-C reaches the whole process group: the parent decides, and ends this process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A crash is reported by the parent: no stack dump, no core file.
    faulthandler.disable()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.dup2(log.fileno(), _STDOUT)
    os.dup2(log.fileno(), _STDERR)
    try:
        result: T | _Failure = function(*args, **kwargs)
    except Exception as error:  # whatever it is, the parent reports it
        result = _Failure(str(error) or type(error).__name__)
    sender.send_bytes(ForkingPickler.dumps(result))


def _death(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        return signal.Signals(-exit_code).name
    return f"exit status {exit_code}"


def _read(log: BinaryIO) -> str:
    log.seek(0)
    return log.read(_MAX_LOG_BYTES).decode("utf-8", errors="replace").strip()

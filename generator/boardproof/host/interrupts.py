"""Ctrl-C that does not get lost.

Some modules swallow a KeyboardInterrupt that comes while they are imported (numpy.random does); work then went on as if
nobody had pressed anything.
"""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType

_interrupted = threading.Event()


def catch_interrupts() -> None:
    """Makes Ctrl-C and a plain kill raise KeyboardInterrupt, and remembers that they came. For the main thread."""
    signal.signal(signal.SIGINT, _interrupt)
    signal.signal(signal.SIGTERM, _interrupt)


def check_interrupted() -> None:
    """Raises KeyboardInterrupt if somebody swallowed one before."""
    if _interrupted.is_set():
        raise KeyboardInterrupt


def _interrupt(number: int, frame: FrameType | None) -> None:
    _interrupted.set()
    signal.default_int_handler(number, frame)

"""A model as a C byte array, rendered fast: a 4 MB model takes a fraction of a second."""

from __future__ import annotations

import numpy as np

BYTES_PER_LINE = 16
_INDENT = b"    "


def c_bytes(data: bytes) -> bytes:
    """The initialisers of a C array, 16 to a line: `    0x1c, 0x00, ...,` and a newline.

    Args:
        data: Any bytes, at least one.

    Returns:
        ASCII text. The last item ends in a comma too, which C allows.
    """
    items = np.take(_ITEMS, np.frombuffer(data, np.uint8))
    full = len(items) // BYTES_PER_LINE * BYTES_PER_LINE
    lines = _lines(items[:full].reshape(-1, BYTES_PER_LINE))
    return lines + (_lines(items[full:].reshape(1, -1)) if full < len(items) else b"")


def _lines(items: np.ndarray[tuple[int, ...], np.dtype[np.bytes_]]) -> bytes:
    """Rows of items, each row indented and its last blank replaced by a newline."""
    rows, columns = items.shape
    width = columns * _ITEMS.dtype.itemsize
    text = np.empty((rows, len(_INDENT) + width), np.uint8)
    text[:, : len(_INDENT)] = np.frombuffer(_INDENT, np.uint8)
    text[:, len(_INDENT) :] = items.reshape(rows, columns).view(np.uint8).reshape(rows, width)
    text[:, -1] = ord("\n")
    return text.tobytes()


_ITEMS = np.array([f"0x{value:02x}, " for value in range(256)], dtype="S6")

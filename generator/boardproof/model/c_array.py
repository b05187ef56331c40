"""A .tflite inside C source, as `xxd -i` writes it: it is a model after all."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from boardproof.errors import InputError
from boardproof.model.labels import safe_label
from boardproof.model.tflite.schema import FILE_IDENTIFIER

if TYPE_CHECKING:
    from collections.abc import Iterator

_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_ARRAY = re.compile(r"(\w+)\s*\[[^\]]*\][^={;]*=\s*\{([^}]*)\}")
_BYTE_LIMIT = 256


def model_in_c(data: bytes, source: str) -> bytes:
    """The .tflite that a C or C++ file holds as an array of bytes.

    Args:
        data: The file.
        source: Its name, for messages.

    Raises:
        InputError: when there is none, or more than one.
    """
    text = _COMMENT.sub(" ", data.decode("latin-1"))
    found = {name: values for name, values in _arrays(text) if values[4:8] == FILE_IDENTIFIER}
    if len(found) == 1:
        return next(iter(found.values()))
    if not found and _is_cut_short(text):
        raise InputError(
            f"{source} is cut short: its last array of bytes has no end.", "Copy the file again, or give the .tflite."
        )
    if not found:
        raise InputError(
            f"{source} holds C arrays, but no .tflite among them.",
            "Give the .tflite, or the file that `xxd -i` made of it.",
        )
    raise InputError(
        f"{source} holds several .tflite models: {', '.join(map(safe_label, found))}.",
        "Give the .tflite file of one of them, or a file with that array alone.",
    )


def _is_cut_short(text: str) -> bool:
    """Whether an array begins after which no brace closes."""
    return "}" not in text[text.rfind("{") :]


def _arrays(text: str) -> Iterator[tuple[str, bytes]]:
    """Every array of bytes, with its name."""
    for match in _ARRAY.finditer(text):
        try:
            values = [int(cell, 0) for cell in match[2].replace(",", " ").split()]
        except ValueError:  # an array of something else
            continue
        if values and all(0 <= value < _BYTE_LIMIT for value in values):
            yield match[1], bytes(values)

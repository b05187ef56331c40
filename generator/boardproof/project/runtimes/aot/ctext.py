"""Numbers and tables as C text."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from boardproof.project.runtimes.aot.program import Value

LINE_WIDTH = 118


def table_text(values: NDArray[np.generic]) -> str:
    """The elements of an initialiser, comma-separated in lines of LINE_WIDTH, indented by four.

    Vectorised: a table of millions of weights takes a fraction of a second.
    """
    flat = np.ascontiguousarray(values).reshape(-1)
    if flat.size == 0:
        return ""
    if flat.dtype.kind == "f":
        return _lines(np.array([float_text(float(x)) + "," for x in flat], "S"))
    if flat.dtype.itemsize == 1:
        texts = _byte_texts(flat.dtype.kind == "i")[flat.view(np.uint8)]
        return _lines(texts.astype(f"S{_longest(texts)}"))
    return _lines(_hex_texts(flat) if flat.dtype == np.uint32 else _integer_texts(flat))


def _longest(texts: NDArray[np.bytes_]) -> int:
    return int(np.char.str_len(np.unique(texts)).max())


@cache
def _byte_texts(signed: bool) -> NDArray[np.bytes_]:
    values = np.arange(256, dtype=np.uint8)
    return np.array([f"{int(x)}," for x in (values.view(np.int8) if signed else values)], "S5")


@cache
def _hex_pairs() -> NDArray[np.uint8]:
    """The two digits of each byte, shape [256, 2]."""
    return np.frombuffer("".join(f"{byte:02x}" for byte in range(256)).encode(), np.uint8).reshape(256, 2)


def _hex_texts(values: NDArray[np.generic]) -> NDArray[np.bytes_]:
    """Hexadecimal texts with a comma: words that are packed of smaller fields."""
    texts = np.empty((values.size, 11), np.uint8)
    texts[:, :2] = np.frombuffer(b"0x", np.uint8)
    texts[:, 2:10] = _hex_pairs()[values.astype(">u4").view(np.uint8).reshape(-1, 4)].reshape(-1, 8)
    texts[:, 10] = ord(",")
    return texts.view("S11").reshape(-1)


def _integer_texts(values: NDArray[np.generic]) -> NDArray[np.bytes_]:
    """Decimal texts with a comma, worked out digit by digit for all elements at once."""
    if int(values.min()) == -(2**63):
        return np.array([f"{int(x)}," for x in values], "S")  # has no magnitude in int64; never seen
    wide = values.astype(np.uint64 if values.dtype.kind == "u" else np.int64)
    magnitude = np.abs(wide).astype(np.uint64) if wide.dtype.kind == "i" else wide
    digits = len(str(int(magnitude.max())))
    texts = np.full((values.size, digits + 2), ord(" "), np.uint8)
    texts[:, -1] = ord(",")
    rest = magnitude
    for column in range(digits, 0, -1):
        shown = (rest > 0) | (column == digits)
        texts[:, column] = np.where(shown, ord("0") + rest % 10, ord(" "))
        rest = rest // 10
    lengths = np.where(magnitude > 0, (texts[:, 1:-1] != ord(" ")).sum(axis=1), 1)
    negative = wide < 0
    texts[negative, digits - lengths[negative]] = ord("-")
    return texts.view(f"S{digits + 2}").reshape(-1)


def _lines(texts: NDArray[np.bytes_]) -> str:
    """Right-aligned columns, as many to a line as fit."""
    width = texts.dtype.itemsize + 1
    per_line = max(1, (LINE_WIDTH - 4) // width)
    padded = np.char.rjust(texts, width) if texts.dtype.itemsize < width else texts
    lines = -(-texts.size // per_line)
    page = np.full((lines, 3 + per_line * width + 1), ord(" "), np.uint8)
    cells = np.full(lines * per_line * width, ord(" "), np.uint8)
    cells[: texts.size * width] = np.frombuffer(padded.tobytes(), np.uint8)
    page[:, 3:-1] = cells.reshape(lines, per_line * width)
    page[:, -1] = ord("\n")
    return page.tobytes().decode("ascii").rstrip()


def float_text(value: float) -> str:
    """A float32 as a C literal that reads back as the same value."""
    number = np.float32(value)
    if not np.isfinite(number):
        return '__builtin_nanf("")' if np.isnan(number) else ("-__builtin_inff()" if number < 0 else "__builtin_inff()")
    plain = number == 0 or 1e-4 <= abs(number) < 1e7  # noqa: PLR2004 where digits read better than exponents
    shown = np.format_float_positional if plain else np.format_float_scientific
    return f"{shown(number, unique=True, trim='0')}F"


def value_text(value: Value, table_symbol: str | None = None) -> str:
    """A field's initialiser; `table_symbol` names the table if it is one."""
    if value is None:
        return "NULL"
    if table_symbol is not None:
        return table_symbol
    if isinstance(value, float):
        return float_text(value)
    if isinstance(value, tuple):
        return "{" + ", ".join(value_text(item) for item in value) + "}"
    return str(value)

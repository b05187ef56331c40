"""The text of a table: which characters, what parts its cells, and what in it is no row."""

from __future__ import annotations

import codecs
import csv
import io
import math
import re
from itertools import pairwise

from boardproof.errors import InputError

_DELIMITERS = ",;\t|"
_BESIDE_DECIMALS = ";\t"
"""What parts cells where a comma is for decimals."""

_COMMA_DECIMALS = re.compile(r"[-+]?\d+,\d+")
_TRUTH = {"False": 0.0, "FALSE": 0.0, "false": 0.0, "True": 1.0, "TRUE": 1.0, "true": 1.0}
_SEPARATOR_LINE = re.compile(r"sep=.\s*")


def rows_of(data: bytes, source: str) -> tuple[list[tuple[str, ...]], list[int]]:
    """The cells of each row that has some, and the line of the file that it begins at.

    Raises:
        InputError: when it is not text, or a quoted cell does not end.
    """
    text = _without_preamble(_text(data, source))
    delimiter = _delimiter(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=delimiter == " ")
    rows, lines = [], []
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append(_cells(cells, delimiter))
                lines.append(reader.line_num)
    except csv.Error as error:
        raise InputError(f"{source}, line {reader.line_num}: {error}.", "Save the table again as plain CSV.") from error
    return _without_empty_end(rows), lines


def is_number(cell: str) -> bool:
    """Whether there is a number in a cell, or a word for none that is calculated with."""
    return not math.isnan(number_in(cell)) or cell.strip().lower() == "nan"


def number_in(cell: str) -> float:
    """The number in a cell, 1 and 0 for true and false as pandas writes them; NaN where there is none."""
    word = cell.strip()
    if word in _TRUTH:
        return _TRUTH[word]
    try:
        return float(word)
    except ValueError:
        return math.nan


def _without_preamble(text: str) -> str:
    """The table without remarks before it (`sep=;`, or lines with #), whose lines stay, empty."""
    lines = text.splitlines(keepends=True)
    filled = [number for number, line in enumerate(lines) if line.strip()]
    for number, following in pairwise(filled):
        separator = number == filled[0] and _SEPARATOR_LINE.fullmatch(lines[number])
        if not separator and not _is_remark(lines[number].strip(), lines[following].strip()):
            break
        lines[number] = "\n"
    return "".join(lines)


def _is_remark(line: str, following: str) -> bool:
    """Whether a line with # is no row of names, as numpy.savetxt writes one: the next has as many separators then."""
    parted = any(line.count(mark) == following.count(mark) > 0 for mark in (*_DELIMITERS, " "))
    return line.startswith("#") and not parted


def _delimiter(text: str) -> str:
    """What parts the cells of the first line; blanks where nothing else does, as numpy.savetxt writes them."""
    first = text.lstrip("\r\n").partition("\n")[0].strip()
    for mark in _BESIDE_DECIMALS:
        if mark in first and all(is_number(_point(cell)) for cell in first.split(mark)):
            return mark
    found = max(_DELIMITERS, key=first.count)
    return found if found in first or " " not in first else " "


def _cells(cells: list[str], delimiter: str) -> tuple[str, ...]:
    """A row's cells; numbers with a point where no commas part them, and commas are for decimals."""
    if delimiter == " ":
        return tuple(cell for cell in cells if cell and cell != "#")
    return tuple(map(_point, cells)) if delimiter in _BESIDE_DECIMALS else tuple(cells)


def _without_empty_end(rows: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """The rows without a last column of nothing, where every line ends with a separator."""
    if all(len(row) > 1 and not row[-1].strip() for row in rows):
        return [row[:-1] for row in rows]
    return rows


def _text(data: bytes, source: str) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):  # as spreadsheets save "Unicode text"
        return data.decode("utf-16", errors="replace")
    if data and not any(data[1::2]) and all(data[::2]):  # the same without its mark
        return data.decode("utf-16-le", errors="replace")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    if "\0" in text:
        raise InputError(f"{source} is not a table: it holds binary data.", "Save the table as plain CSV.")
    return text


def _point(cell: str) -> str:
    return cell.replace(",", ".") if _COMMA_DECIMALS.fullmatch(cell.strip()) else cell

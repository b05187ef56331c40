"""Tables in text files: .csv and .tsv, with or without a line of names, with or without labels."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from boardproof.errors import InputError
from boardproof.model.data.classes import class_indices, classes_note
from boardproof.model.data.table_text import is_number, number_in, rows_of
from boardproof.model.labels import safe_label
from boardproof.model.samples import Samples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from boardproof.model.data.options import DataOptions
    from boardproof.model.samples import InputSpec

_LABEL_NAMES = frozenset({"class", "label", "labels", "target", "targets", "y"})
_CLOCKS = frozenset({"date", "datetime", "id", "index", "time", "timestamp"})
_CLOCK_UNIT = re.compile(r"[ _]*[(\[]?(?:s|ms|us|ns|sec|seconds|utc)[)\]]?$")
_MOMENT = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|\d{1,2}:\d{2}")
_MISSING = frozenset({"?", "n/a", "na", "nan", "none", "null"})
_SHOWN_COLUMNS = 12
_SHOWN_CHARS = 40


@dataclass(frozen=True, slots=True)
class Table:
    """A table as text; which columns are inputs is known when the network is.

    Attributes:
        header: The columns' names; None where the file begins with numbers.
        rows: The cells, as many in each row.
        lines: The line of the file that each row begins at.
        source: The file's name, for messages.
        options: What the user says about it.
    """

    header: tuple[str, ...] | None
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]
    source: str
    options: DataOptions

    def size(self, position: int, shape: tuple[int | None, ...], _name: str) -> tuple[int, ...] | None:
        """The shape of an input that leaves one axis open, where the columns tell it."""
        labels = self._label_columns(None)
        if position or shape.count(None) != 1 or not labels:
            return None
        rest = math.prod(size for size in shape if size is not None)
        free, left = divmod(len(self.rows[0]) - len(labels), rest)
        return None if left or not free else tuple(size or free for size in shape)

    def samples(self, specs: tuple[InputSpec, ...]) -> Samples:
        """The rows as samples for these inputs: columns in their order, or by the inputs' names.

        Raises:
            InputError: when the columns do not fit, or a cell is not a number.
        """
        features = sum(math.prod(spec.shape) for spec in specs)
        labels = self._label_columns(features)
        columns = [column for column in range(len(self.rows[0])) if column not in labels]
        notes = []
        if len(columns) == features + 1 and self._is_beside(columns[0]):
            name = f", {self._names(columns[:1])}," if self.header and self.header[columns[0]].strip() else ""
            columns = columns[1:]
            notes.append(f"{self.source}: the first column{name} only counts the rows, and is left out")
        if len(columns) != features:
            raise self._wrong_width(specs, columns, labels)
        columns = self._in_order(specs, columns)
        values = np.stack([self._numbers(column) for column in columns], axis=1)
        bounds = np.cumsum([math.prod(spec.shape) for spec in specs])[:-1]
        parts = np.split(values, bounds, axis=1)
        inputs = {
            spec.name: part.reshape(len(part), *spec.shape).astype(_input_type(part))
            for spec, part in zip(specs, parts, strict=True)
        }
        found, classes, said = self._labels(labels)
        return Samples(inputs, found, self.source, classes, (*notes, *said))

    def _label_columns(self, features: int | None) -> tuple[int, ...]:
        """Which columns hold labels: the one the user names, the one called so, or those after the features."""
        width, wanted = len(self.rows[0]), self.options.label_column
        if wanted is not None:
            return (self._column(wanted),)
        header = [name.strip().lower() for name in self.header or ()]
        named = [c for c, name in enumerate(header) if name in _LABEL_NAMES]
        if len(named) == 1 and width != features and not _is_coordinate(header[named[0]], header):
            return tuple(named)
        return () if features is None else tuple(range(features + (width > features and self._is_beside(0)), width))

    def _column(self, wanted: str) -> int:
        if self.header is not None and wanted in self.header:
            return self.header.index(wanted)
        if wanted.isdigit() and 1 <= int(wanted) <= len(self.rows[0]):
            return int(wanted) - 1
        known = self._names(range(len(self.rows[0]))) if self.header else f"1 to {len(self.rows[0])}"
        raise InputError(f"{self.source} has no column {safe_label(wanted)}.", f"Its columns are: {known}.")

    def _labels(self, columns: tuple[int, ...]) -> tuple[NDArray[np.generic] | None, tuple[str, ...], tuple[str, ...]]:
        """The labels, the classes' names where they are words, and what to say of them."""
        if not columns:
            return None, (), ()
        said = (f"labels: column {self._names(columns)} of {self.source}",)
        words = [row[columns[0]].strip() for row in self.rows]
        if "" in words:
            raise InputError(
                f"{self._label_place(words.index(''))} is missing.", "Leave out the rows that have no label."
            )
        if len(columns) == 1 and (self.options.labels or not all(is_number(word) for word in words)):
            if self.options.labels and all(is_number(word) for word in words):
                return self._targets(columns), self.options.labels, said
            numbers, classes = class_indices(words, self.options.labels, self._label_place)
            return numbers, classes, (*said, classes_note(classes, given=bool(self.options.labels)))
        return self._targets(columns), (), said

    def _label_place(self, row: int) -> str:
        return f"The label in line {self.lines[row]} of {self.source}"

    def _targets(self, columns: Sequence[int]) -> NDArray[np.generic]:
        values = np.stack([self._numbers(column) for column in columns], axis=1)
        values = values[:, 0] if len(columns) == 1 else values
        return values.astype(np.int64) if (values == np.round(values)).all() else values

    def _numbers(self, column: int) -> NDArray[np.float64]:
        """A column's values, float64 [rows]."""
        return np.array([self._number(row, column) for row in range(len(self.rows))])

    def _number(self, row: int, column: int) -> float:
        cell = self.rows[row][column].strip()
        value = number_in(cell)
        if math.isfinite(value):
            return value
        place = f"{self.source}, line {self.lines[row]}, column {self._names([column])}"
        if not cell or cell.lower() in _MISSING:
            raise InputError(
                f"{place}: the value is missing.", "Fill it as it was filled for training, or leave the row out."
            )
        if math.isinf(value):
            raise InputError(f"{place}: the value is infinite.", "Find where the preparation divides by zero.")
        shown = cell[:_SHOWN_CHARS] if cell.isascii() and cell.isprintable() else ascii(cell[:_SHOWN_CHARS])
        raise InputError(
            f"{place}: {shown} is not a number.",
            "A moment is no input: leave the column out, or turn it into a number as it was done for training."
            if _MOMENT.match(cell)
            else "Turn words into numbers as it was done for training; name the column of labels with --label-column.",
        )

    def _counts_rows(self, column: int) -> bool:
        """Whether a column is nothing but an index, as pandas writes one: without a name, from 0 on."""
        unnamed = self.header is not None and self.header[column].strip() in {"", "Unnamed: 0"}
        return unnamed and [row[column] for row in self.rows] == [str(n) for n in range(len(self.rows))]

    def _is_beside(self, column: int) -> bool:
        """Whether a column is an index or a clock: called so, and growing with each row."""
        if self._counts_rows(column):
            return True
        name = self.header[column].strip().lower() if self.header is not None else ""
        if _CLOCK_UNIT.sub("", name) not in _CLOCKS:
            return False
        cells = [row[column].strip() for row in self.rows]
        values = [number_in(cell) for cell in cells]
        if any(math.isnan(value) for value in values):
            return all(_MOMENT.search(cell) for cell in cells)
        return all(one < other for one, other in pairwise(values))

    def _in_order(self, specs: tuple[InputSpec, ...], columns: list[int]) -> list[int]:
        """The columns by the inputs' names, where each input is one number and all are named."""
        names = [spec.name for spec in specs]
        if len(specs) == 1 or self.header is None or {self.header[c] for c in columns} != set(names):
            return columns
        return [self.header.index(name) for name in names]

    def _wrong_width(self, specs: tuple[InputSpec, ...], columns: list[int], labels: tuple[int, ...]) -> InputError:
        beside = f" beside the labels in column {self._names(labels)}" if labels else ""
        shapes = " and ".join(str(list(spec.shape)) for spec in specs)
        features = sum(math.prod(spec.shape) for spec in specs)
        message = (
            f"{self.source} has {len(columns)} columns{beside}: {self._names(columns)}; the model takes {features} "
            f"values for a sample ({shapes})."
        )
        if any(len(columns) == spec.shape[-1] for spec in specs if len(spec.shape) > 1):
            hint = "Its rows look like single steps of a series: cut it into windows, and save them with numpy.savez."
        else:
            hint = "One row is one sample: leave out the columns that the model does not take; labels come last."
        return InputError(message, hint)

    def _names(self, columns: Sequence[int]) -> str:
        named = [safe_label(self.header[c], str(c + 1)) if self.header else str(c + 1) for c in columns]
        return ", ".join(named[:_SHOWN_COLUMNS] + ["…"] * (len(named) > _SHOWN_COLUMNS))


def read_table(data: bytes, source: str, options: DataOptions) -> Table:
    """The table in a file's bytes; commas, semicolons or tabs between its cells.

    Raises:
        InputError: when it is not text, has no rows, or its rows differ in length.
    """
    rows, lines = rows_of(data, source)
    header = rows[0] if _has_header(rows) else None
    body = slice(1 if header else 0, None)
    if not rows[body]:
        raise InputError(f"{source} holds no rows of numbers.", "One row is one sample; labels come last.")
    _check_lengths(rows, lines, source)
    names = tuple(name.strip() for name in (header[0].removeprefix("#"), *header[1:])) if header else None
    return Table(names, tuple(rows[body]), tuple(lines[body]), source, options)


def _is_coordinate(name: str, header: Sequence[str]) -> bool:
    """Whether a column called y stands for a place or an axis, beside x and others, and not for what x becomes."""
    return name == "y" and "x" in header and len(header) > len({"x", "y"})


def _has_header(rows: list[tuple[str, ...]]) -> bool:
    """Whether the first row names the columns: it has words only, or one above a number."""
    if not rows:
        return False
    numbers = [is_number(cell) for cell in rows[0]]
    if len(rows) == 1 or len(rows[0]) != len(rows[1]):
        return not any(numbers)
    below = [is_number(cell) for cell in rows[1]]
    absent = [cell.strip().lower() in _MISSING for cell in rows[0]]
    named = (there and not (here or gone) for here, there, gone in zip(numbers, below, absent, strict=True))
    return not any(numbers) or any(named)


def _check_lengths(rows: list[tuple[str, ...]], lines: list[int], source: str) -> None:
    for row, line in zip(rows, lines, strict=True):
        if len(row) != len(rows[0]):
            raise InputError(
                f"{source}, line {line} has {len(row)} cells; line {lines[0]} has {len(rows[0])}.",
                "Every row of a table has as many cells: look for missing or stray separators.",
            )


def _input_type(values: NDArray[np.float64]) -> type[np.generic]:
    """float32, as nearly every model takes it; what that would round are whole numbers, such as indices."""
    whole = bool((values == np.round(values)).all()) and np.abs(values).max(initial=0) > 1 << 24
    return np.int64 if whole else np.float32

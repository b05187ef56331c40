"""Walks a FlatBuffers file before anything is read from it: every offset, vector and string must lie inside the file.

The generated accessors of the schema package follow whatever offsets they find; after `verify` they cannot leave the
file. What is checked, and the names, follow FlatBuffers' own C++ verifier (flatbuffers/verifier.h).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from boardproof.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

_UOFFSET = struct.Struct("<I")
_SOFFSET = struct.Struct("<i")
_VOFFSET = struct.Struct("<H")

_VTABLE_HEADER_BYTES = 4

MAX_TABLES = 200_000


@dataclass(frozen=True, slots=True)
class Scalar:
    """A number stored in the table."""

    size_bytes: int


@dataclass(frozen=True, slots=True)
class Text:
    """A string, with its terminator."""


@dataclass(frozen=True, slots=True)
class Vector:
    """A vector of numbers."""

    item_bytes: int


@dataclass(frozen=True, slots=True)
class Tables:
    """A vector of tables."""

    table: Table


@dataclass(frozen=True, slots=True)
class Union:
    """A table whose kind the one-byte field `type_slot` says; kinds not listed are checked as `Table()`."""

    type_slot: int
    kinds: Mapping[int, Table]


@dataclass(frozen=True, slots=True)
class Table:
    """A table's fields by slot, the position in the schema; slots not listed are not checked and must not be read.

    `name` is how messages name one.
    """

    name: str = "an options table"
    fields: Mapping[int, Field] = field(default_factory=dict)


Field = Scalar | Text | Vector | Tables | Union | Table

LARGEST_ALIGNMENT = 4
"""Bytes. Items of eight should have eight, but some writers of files give them four, and all interpreters read them."""

BYTE, INT, LONG = Scalar(1), Scalar(4), Scalar(8)
BYTES, INTS, LONGS = Vector(1), Vector(4), Vector(8)


def verify(data: bytes, root: Table) -> None:
    """Raises InputError unless every offset reachable through `root` stays inside `data`."""
    _Verifier(data).root(root)


class _Verifier:
    """One pass over one file.

    Offsets may point to the same place many times, so a small file could describe endless tables: both the number of
    tables and the bytes of vectors and strings, counted at every visit, are limited.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._size = len(data)
        self._tables = 0
        self._payload_bytes = 0

    def root(self, table: Table) -> None:
        self._require(0, 4, "the file")
        self._table(self._target(0, "the file"), table)

    def _table(self, position: int, table: Table) -> None:
        self._tables += 1
        if self._tables > MAX_TABLES:
            raise _broken(table.name, "it holds more tables than any real model")
        self._aligned(position, 4, table.name)
        self._require(position, 4, table.name)
        vtable = position - int(_SOFFSET.unpack_from(self._data, position)[0])
        self._aligned(vtable, 2, table.name)
        self._require(vtable, 4, table.name)
        vtable_bytes, table_bytes = self._u16(vtable), self._u16(vtable + 2)
        self._require(vtable, vtable_bytes, table.name)
        self._require(position, table_bytes, table.name)
        if vtable_bytes % 2 or vtable_bytes < _VTABLE_HEADER_BYTES:
            raise _broken(table.name, f"its field list has an impossible size, {vtable_bytes} bytes")
        offsets = {slot: self._u16(vtable + 4 + 2 * slot) for slot in table.fields if 4 + 2 * slot + 2 <= vtable_bytes}
        for slot, offset in offsets.items():
            if offset:
                self._field(position, offsets, slot, table)

    def _field(self, position: int, offsets: Mapping[int, int], slot: int, table: Table) -> None:
        where = position + offsets[slot]
        match table.fields[slot]:
            case Scalar(size_bytes):
                self._aligned(where, size_bytes, table.name)
                self._require(where, size_bytes, table.name)
            case Text():
                start, length = self._vector(where, 1, table.name)
                self._require(start, length + 1, table.name)
                if self._data[start + length]:
                    raise _broken(table.name, "a string has no end")
            case Vector(item_bytes):
                self._vector(where, item_bytes, table.name)
            case Tables(items):
                start, length = self._vector(where, 4, table.name)
                for entry in range(start, start + 4 * length, 4):
                    self._table(self._target(entry, table.name), items)
            case Union(type_slot, kinds):
                type_offset = offsets.get(type_slot, 0)
                kind = self._byte(position + type_offset, table.name) if type_offset else 0
                self._table(self._target(where, table.name), kinds.get(kind, Table()))
            case Table() as inner:
                self._table(self._target(where, table.name), inner)

    def _vector(self, where: int, item_bytes: int, name: str) -> tuple[int, int]:
        """The position of a vector's first item, and how many there are."""
        vector = self._target(where, name)
        self._require(vector, 4, name)
        length = int(_UOFFSET.unpack_from(self._data, vector)[0])
        if length:
            self._aligned(vector + 4, item_bytes, name)
        self._require(vector + 4, length * item_bytes, name)
        self._payload_bytes += length * item_bytes
        if self._payload_bytes > 2 * self._size:
            raise _broken(name, "it refers to the same bytes again and again")
        return vector + 4, length

    def _target(self, where: int, name: str) -> int:
        """Where an offset field points."""
        self._aligned(where, 4, name)
        self._require(where, 4, name)
        offset = int(_UOFFSET.unpack_from(self._data, where)[0])
        if offset == 0:
            raise _broken(name, f"the offset at byte {where} is zero")
        self._aligned(where + offset, 4, name)
        return where + offset

    def _byte(self, where: int, name: str) -> int:
        self._require(where, 1, name)
        return self._data[where]

    def _u16(self, where: int) -> int:
        return int(_VOFFSET.unpack_from(self._data, where)[0])

    def _require(self, start: int, size_bytes: int, name: str) -> None:
        if start < 0 or start + size_bytes > self._size:
            raise _broken(name, f"bytes {start} to {start + size_bytes} are outside the file's {self._size} bytes")

    def _aligned(self, where: int, size_bytes: int, name: str) -> None:
        if where % min(size_bytes, LARGEST_ALIGNMENT):
            raise _broken(name, f"a value at byte {where} is not aligned to {size_bytes} bytes")


def _broken(name: str, what: str) -> InputError:
    return InputError(
        f"The .tflite file is damaged: in {name}, {what}.",
        "Copy or convert the file again: it may have been cut short or changed on its way.",
    )

"""Options of custom operators: a FlexBuffer that holds one map of integers and truths.

TensorFlow Lite Micro takes the values by their place among the sorted names; so the names must be exactly those that
are expected. Every offset is checked before it is followed.

Source: the FlexBuffers section of https://flatbuffers.dev/internals.
"""

from __future__ import annotations

from dataclasses import dataclass

_MAP_TYPE = 9
_INT, _UINT, _INDIRECT_INT, _INDIRECT_UINT, _BOOL = 1, 2, 6, 7, 26
_SIGNED = {_INT, _INDIRECT_INT}
_NUMBERS = {_INT, _UINT, _INDIRECT_INT, _INDIRECT_UINT, _BOOL}
_INDIRECT = {_INDIRECT_INT, _INDIRECT_UINT}
_LONGEST_NAME = 64
_MOST_ENTRIES = 32


class FlexBufferError(Exception):
    """What is wrong with the bytes, in words."""


def read_integers(data: bytes) -> dict[str, int]:
    """The map's values by name, sorted by name; truths are 0 and 1.

    Raises:
        FlexBufferError: The bytes are no such map.
    """
    if len(data) < 3:  # noqa: PLR2004 root, its type, its width
        raise FlexBufferError("they are too short")
    kind, width = divmod(data[-2], 4)
    if kind != _MAP_TYPE:
        raise FlexBufferError("they hold no map")
    buffer = _Buffer(data)
    root_bytes = data[-1]
    values = buffer.follow(len(data) - 2 - root_bytes, root_bytes)
    return _entries(buffer, values, 1 << width)


def _entries(buffer: _Buffer, values: int, width: int) -> dict[str, int]:
    count = buffer.number(values - width, width)
    if count > _MOST_ENTRIES:
        raise FlexBufferError(f"they hold {count} values")
    keys = buffer.follow(values - 3 * width, width)
    key_width = buffer.number(values - 2 * width, width)
    if buffer.number(keys - key_width, key_width) != count:
        raise FlexBufferError("they have another number of names than of values")
    names = [buffer.text(buffer.follow(keys + i * key_width, key_width)) for i in range(count)]
    if names != sorted(set(names)):
        raise FlexBufferError("their names are not sorted")
    types = buffer.span(values + count * width, count)
    return {name: _value(buffer, values + i * width, width, types[i]) for i, name in enumerate(names)}


def _value(buffer: _Buffer, at: int, width: int, packed: int) -> int:
    kind, own_width = divmod(packed, 4)
    if kind not in _NUMBERS:
        raise FlexBufferError("one of their values is no integer")
    if kind in _INDIRECT:
        at, width = buffer.follow(at, width), 1 << own_width
    return buffer.number(at, width, signed=kind in _SIGNED)


@dataclass(frozen=True, slots=True)
class _Buffer:
    """Bytes that are never read beyond their ends."""

    data: bytes

    def span(self, at: int, count: int) -> bytes:
        if at < 0 or count < 0 or at + count > len(self.data):
            raise FlexBufferError("an offset leaves them")
        return self.data[at : at + count]

    def number(self, at: int, width: int, *, signed: bool = False) -> int:
        if width not in {1, 2, 4, 8}:
            raise FlexBufferError(f"a number has {width} bytes")
        return int.from_bytes(self.span(at, width), "little", signed=signed)

    def follow(self, at: int, width: int) -> int:
        """Where an offset leads: always back."""
        return at - self.number(at, width)

    def text(self, at: int) -> str:
        if at < 0:
            raise FlexBufferError("an offset leaves them")
        end = self.data.find(b"\0", at, at + _LONGEST_NAME)
        if end < 0:
            raise FlexBufferError("a name has no end")
        return self.data[at:end].decode("ascii", errors="replace")

"""The wire codec, pure: COBS frames with a header, a sequence number and a CRC-32.

On the wire a frame is 0x00, the COBS encoding of `channel type session sequence payload crc32`, 0x00. Integers are
little-endian. `firmware/link/link_frame.c` is the same in C; `docs/protocol.md` has the whole protocol.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from enum import Enum, IntEnum

HEADER = struct.Struct("<BBHH")
CRC = struct.Struct("<I")
OVERHEAD_BYTES = HEADER.size + CRC.size

DELIMITER = b"\0"
_MAX_RUN = 254
_CODES = [bytes([code]) for code in range(256)]


class Channel(IntEnum):
    """What a frame is."""

    REQUEST = 0
    REPLY = 1
    NAK = 2
    LOG = 3
    FAULT = 4


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame. `channel` is a `Channel` where the number is known."""

    channel: int
    type: int
    session: int
    sequence: int
    payload: bytes = b""


class Damage(Enum):
    """Why bytes between two delimiters are not a frame."""

    COBS = "the frame ends inside a block"
    LENGTH = "too long, or shorter than header and CRC"
    CRC = "the CRC does not match"


@dataclass(frozen=True, slots=True)
class Damaged:
    """Bytes that are not a frame: line noise, or text that something printed past the protocol."""

    damage: Damage
    data: bytes


def cobs_encode(data: bytes) -> bytes:
    """Encodes any bytes as bytes without zeros.

    Source: S. Cheshire and M. Baker, Consistent Overhead Byte Stuffing, 1999. No code byte is spent after a final
    full block.
    """
    blocks = []
    for part in data.split(DELIMITER):
        if len(part) < _MAX_RUN:
            blocks.append(_CODES[len(part) + 1] + part)
            continue
        for start in range(0, len(part) + 1, _MAX_RUN):
            run = part[start : start + _MAX_RUN]
            blocks.append(_CODES[len(run) + 1] + run)
    if blocks[-1] == b"\x01" and len(blocks) > 1 and len(blocks[-2]) > _MAX_RUN and data[-1] != 0:
        blocks.pop()
    return b"".join(blocks)


def cobs_decode(data: bytes) -> bytes:
    """Decodes what `cobs_encode` made. Raises ValueError when the data ends inside a block or holds a zero."""
    pieces = []
    position = 0
    while position < len(data):
        code = data[position]
        end = position + code
        if code == 0 or end > len(data):
            raise ValueError("not COBS data")
        pieces.append(data[position + 1 : end])
        if code <= _MAX_RUN and end < len(data):
            pieces.append(DELIMITER)
        position = end
    return b"".join(pieces)


def _decoded_bytes(data: bytes) -> int:
    """How many bytes COBS data stand for, as far as they go."""
    size = position = 0
    while position < len(data):
        code = max(1, data[position])
        end = min(position + code, len(data))
        size += end - position - 1 + (code <= _MAX_RUN and end < len(data))
        position = end
    return size


def encode(frame: Frame) -> bytes:
    """The frame as it goes over the wire, with a delimiter on either side."""
    body = HEADER.pack(frame.channel, frame.type, frame.session, frame.sequence) + frame.payload
    return DELIMITER + cobs_encode(body + CRC.pack(zlib.crc32(body))) + DELIMITER


def decode(data: bytes, max_frame_bytes: int) -> Frame | Damaged:
    """Decodes what stood between two delimiters; `max_frame_bytes` counts header, payload and CRC."""
    try:
        body = cobs_decode(data)
    except ValueError:
        return Damaged(Damage.LENGTH if _decoded_bytes(data) > max_frame_bytes else Damage.COBS, data)
    if not OVERHEAD_BYTES <= len(body) <= max_frame_bytes:
        return Damaged(Damage.LENGTH, data)
    covered = body[: -CRC.size]
    if CRC.unpack(body[-CRC.size :])[0] != zlib.crc32(covered):
        return Damaged(Damage.CRC, data)
    channel, kind, session, sequence = HEADER.unpack_from(covered)
    return Frame(channel, kind, session, sequence, covered[HEADER.size :])


class Decoder:
    """Finds frames in a stream that comes in pieces. After damage, the next delimiter starts afresh.

    Args:
        max_payload_bytes: Frames with a longer payload are damaged; this also bounds what is kept.
    """

    def __init__(self, max_payload_bytes: int) -> None:
        self._max_frame_bytes = max_payload_bytes + OVERHEAD_BYTES
        self._max_encoded_bytes = self._max_frame_bytes + self._max_frame_bytes // _MAX_RUN + 2
        self._pending = b""

    @property
    def pending(self) -> bytes:
        """What came since the last delimiter."""
        return self._pending

    def feed(self, data: bytes) -> list[Frame | Damaged]:
        """Takes the next bytes and returns what they complete, in order."""
        *ended, self._pending = (self._pending + data).split(DELIMITER)
        found = [item for chunk in ended if (item := self._end(chunk)) is not None]
        if len(self._pending) > self._max_encoded_bytes:
            self._pending = self._pending[: self._max_encoded_bytes + 1]
        return found

    def _end(self, chunk: bytes) -> Frame | Damaged | None:
        if not chunk:
            return None
        if len(chunk) > self._max_encoded_bytes:
            return Damaged(Damage.LENGTH, chunk[: self._max_encoded_bytes])
        return decode(chunk, self._max_frame_bytes)

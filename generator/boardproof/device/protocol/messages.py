"""What requests and replies carry: pure packing and unpacking, one function a message.

The numbers are those of `firmware/link/link_protocol.h`; `docs/protocol.md` describes every field.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum, IntFlag

from boardproof.device.types import TensorInfo
from boardproof.errors import DeviceError
from boardproof.model.graph import DType
from boardproof.project.boards import TickUnit

VERSION_MIN = 1
VERSION_MAX = 1
ALL_OPERATORS = 0xFFFF
INPUT_HEADER_BYTES = 6
STATUS_BYTES = 2


class Request(IntEnum):
    """Request types."""

    HELLO = 1
    PREPARE = 2
    TENSOR = 3
    OPERATORS = 4
    INPUT = 5
    CHECKSUM = 6
    INVOKE = 7
    READ = 8
    OP_TICKS = 9
    MARKS = 10
    LAST_ERROR = 11
    APP_ABOUT = 16
    APP_CONTROL = 17
    APP_PUSH = 18
    APP_STEP = 19
    APP_DRAIN = 20
    APP_STATUS = 21


class Status(IntEnum):
    """First field of every reply."""

    OK = 0
    UNKNOWN = -1
    LENGTH = -2
    RANGE = -3
    VERSION = -4
    INPUT = -5
    MODEL = -6
    NO_MEMORY = -7
    STATE = -8


class NakReason(IntEnum):
    """Why a request was not executed."""

    DAMAGED = 1
    SEQUENCE = 2
    SESSION = 3


class TensorKind(IntEnum):
    """Which list a tensor is looked up in."""

    INPUT = 0
    OUTPUT = 1
    OP_OUTPUT = 2


class InvokeFlag(IntFlag):
    """What the reply to INVOKE carries when it fits."""

    OUTPUTS = 1
    OP_TICKS = 2


class MarksFlag(IntFlag):
    """REPAINT: paint the stack again after reading its mark."""

    REPAINT = 1


@dataclass(frozen=True, slots=True)
class TensorRef:
    """A tensor: an input or output of the network, or output `output` of the operator at position `index`."""

    kind: TensorKind
    index: int
    output: int = 0

    def pack(self) -> bytes:
        """The five bytes that name it."""
        return struct.pack("<BHH", self.kind, self.index, self.output)


def pack_hello() -> bytes:
    """The range of versions this host speaks."""
    return struct.pack("<BB", VERSION_MIN, VERSION_MAX)


def pack_input(index: int, offset: int, data: bytes) -> bytes:
    """Bytes for input tensor `index`, from `offset` on."""
    return struct.pack("<HI", index, offset) + data


def pack_invoke(flags: InvokeFlag, operators: int, inputs_crc: int) -> bytes:
    """`inputs_crc` is the CRC-32 over the bytes of all inputs, in order."""
    return struct.pack("<BHI", flags, operators, inputs_crc)


def pack_read(tensor: TensorRef, offset: int, size_bytes: int) -> bytes:
    """Asks for part of a tensor."""
    return tensor.pack() + struct.pack("<IH", offset, size_bytes)


def pack_range(first: int, count: int) -> bytes:
    """Names operators by execution position, for OPERATORS and OP_TICKS."""
    return struct.pack("<HH", first, count)


def pack_marks(flags: MarksFlag) -> bytes:
    """Asks for the marks."""
    return struct.pack("<B", flags)


class Cursor:
    """Reads fields off a reply, checking that they are there: nothing a device sends is trusted."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    def take(self, size_bytes: int) -> bytes:
        """The next bytes. Raises DeviceError when there are fewer."""
        end = self._position + size_bytes
        if end > len(self._data):
            raise DeviceError(
                f"The device sent a reply of {len(self._data)} bytes where at least {end} are due.",
                "Rebuild and flash the firmware; its protocol does not match this version of boardproof.",
            )
        taken = self._data[self._position : end]
        self._position = end
        return taken

    def fields(self, layout: str) -> tuple[int, ...]:
        """The next integers, as `struct` lays them out, little-endian."""
        return struct.unpack("<" + layout, self.take(struct.calcsize("<" + layout)))

    def number(self, layout: str) -> int:
        """The next integer."""
        return self.fields(layout)[0]

    def text(self) -> str:
        """The next text: a length byte and UTF-8; control characters and broken bytes are replaced."""
        raw = self.take(self.number("B")).decode("utf-8", errors="replace")
        return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in raw)

    @property
    def is_left(self) -> bool:
        """Whether there is more: a field that was added later may be missing."""
        return self._position < len(self._data)

    def rest(self) -> bytes:
        """Everything not yet read."""
        return self.take(len(self._data) - self._position)


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply: its status, a `Status` where the number is known, and what follows it."""

    status: int
    body: bytes

    @property
    def cursor(self) -> Cursor:
        """A reader at the body's start."""
        return Cursor(self.body)


def unpack_reply(payload: bytes) -> Reply:
    """Splits a reply frame's payload."""
    cursor = Cursor(payload)
    return Reply(cursor.number("h"), cursor.rest())


@dataclass(frozen=True, slots=True)
class Refusal:
    """What follows a status other than OK; the meaning of `a` and `b` depends on the status."""

    a: int
    b: int
    text: str


def unpack_refusal(reply: Reply) -> Refusal:
    """Reads the body of a reply whose status is not OK."""
    cursor = reply.cursor
    a, b = cursor.fields("iI")
    return Refusal(a, b, cursor.text())


@dataclass(frozen=True, slots=True)
class HelloReply:
    """The hello reply as it comes; descriptions of tensors and operators are requests of their own."""

    version: int
    max_payload_bytes: int
    window: int
    tick_unit: TickUnit
    tick_rate: int
    arena_bytes: int
    stack_size_bytes: int
    inputs: int
    outputs: int
    operators: int
    model_sha256: str
    runtime: str
    library: str
    kernels: str
    fault: str


_TICK_UNITS = (TickUnit.CYCLES, TickUnit.INSTRUCTIONS, TickUnit.MICROSECONDS)


def unpack_hello(reply: Reply) -> HelloReply:
    """Reads the hello reply. Raises DeviceError when it makes no sense."""
    cursor = reply.cursor
    version, max_payload, window, unit = cursor.fields("BHHB")
    tick_rate, arena, stack, inputs, outputs, operators = cursor.fields("IIIHHH")
    if unit >= len(_TICK_UNITS) or max_payload <= INPUT_HEADER_BYTES or window < 1:
        raise DeviceError(
            f"The device's hello makes no sense: tick unit {unit}, payload {max_payload}, window {window}.",
            "Rebuild and flash the firmware.",
        )
    return HelloReply(
        version=version,
        max_payload_bytes=max_payload,
        window=window,
        tick_unit=_TICK_UNITS[unit],
        tick_rate=tick_rate,
        arena_bytes=arena,
        stack_size_bytes=stack,
        inputs=inputs,
        outputs=outputs,
        operators=operators,
        model_sha256=cursor.take(32).hex(),
        runtime=cursor.text(),
        library=cursor.text(),
        kernels=cursor.text(),
        fault=cursor.text(),
    )


# TensorFlow Lite's schema numbers, as in firmware/app/model.h.
_DTYPES = {
    0: DType.FLOAT32,
    1: DType.FLOAT16,
    2: DType.INT32,
    3: DType.UINT8,
    4: DType.INT64,
    6: DType.BOOL,
    7: DType.INT16,
    9: DType.INT8,
    12: DType.UINT64,
    15: DType.UINT32,
}


def unpack_tensor(reply: Reply) -> TensorInfo:
    """Reads a tensor's description. Raises DeviceError for an unknown dtype or a size that does not fit the shape."""
    cursor = reply.cursor
    code, rank = cursor.fields("BB")
    (scale,) = struct.unpack("<f", cursor.take(4))
    zero_point, size_bytes = cursor.fields("iI")
    shape = cursor.fields(f"{rank}i")
    dtype = _DTYPES.get(code)
    if dtype is None or any(size < 0 for size in shape) or tensor_bytes(dtype, shape) != size_bytes:
        raise DeviceError(
            f"The device describes a tensor of type {code}, shape {list(shape)} and {size_bytes} bytes.",
            "Rebuild and flash the firmware; its protocol does not match this version of boardproof.",
        )
    name = cursor.text() if cursor.is_left else ""  # firmware of earlier releases ends here
    return TensorInfo(dtype, shape, scale, zero_point, name)


def tensor_bytes(dtype: DType, shape: tuple[int, ...]) -> int:
    """Bytes of a tensor with this type and shape."""
    size = dtype.size_bytes
    for dimension in shape:
        size *= dimension
    return size


@dataclass(frozen=True, slots=True)
class InvokeReply:
    """The reply to an INVOKE of all operators; `outputs` and `op_ticks` are None when they did not fit."""

    ticks: int
    outputs_crc: int
    outputs: bytes | None
    op_ticks: tuple[int, ...] | None


def unpack_invoke(reply: Reply) -> InvokeReply:
    """Reads the reply to INVOKE."""
    cursor = reply.cursor
    ticks, crc, output_bytes, count = cursor.fields("IIIH")
    outputs = cursor.take(output_bytes) if output_bytes else None
    op_ticks = cursor.fields(f"{count}I") if count else None
    return InvokeReply(ticks, crc, outputs, op_ticks)

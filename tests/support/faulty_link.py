"""A link that harms what passes through it, frame by frame, according to a plan."""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from boardproof.device.protocol.frames import Channel, Frame, encode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from boardproof.device.types import Link

MAX_READS = 200_000
"""A conversation that reads more often is going in circles."""


class Fault(Enum):
    """What happens to a frame on its way."""

    DROP = auto()
    DUPLICATE = auto()
    CORRUPT = auto()
    TRUNCATE = auto()
    JOIN = auto()  # loses its delimiters, so that it runs into its neighbours
    DELAY = auto()  # arrives after the next few frames: out of order
    SPLIT = auto()  # arrives in single bytes
    LOG = auto()  # a log frame comes in between
    NOISE = auto()  # bytes that are no frame come in between
    REOPEN = auto()  # the port vanishes and comes back: the frame is cut, and what was behind it is lost
    RESET = auto()  # the device is reset when the frame has arrived, or before it leaves


class Way(Enum):
    """Which direction."""

    TO_DEVICE = 0
    FROM_DEVICE = 1


@dataclass(frozen=True)
class Planned:
    """Harms frames by their number in their direction; `argument` chooses the position, or how long a delay is."""

    plan: Mapping[tuple[Way, int], tuple[Fault, int]]

    def __call__(self, way: Way, number: int) -> tuple[Fault, int] | None:
        return self.plan.get((way, number))


class Random:
    """Harms each frame with some probability."""

    def __init__(
        self, seed: int, rate: float, faults: tuple[Fault, ...] = tuple(Fault), reset_rate: float = 0.0
    ) -> None:
        self._random = random.Random(seed)
        self._rate = rate
        self._reset_rate = reset_rate
        self._faults = [fault for fault in faults if fault is not Fault.RESET]

    def __call__(self, _way: Way, _number: int) -> tuple[Fault, int] | None:
        if self._random.random() < self._reset_rate:
            return Fault.RESET, 0
        if self._random.random() < self._rate:
            return self._random.choice(self._faults), self._random.randrange(1 << 16)
        return None


class _Lane:
    """One direction: cuts the stream into wire frames and harms them."""

    def __init__(self, way: Way, plan: Callable[[Way, int], tuple[Fault, int] | None]) -> None:
        self._way = way
        self._plan = plan
        self._number = 0
        self._partial = b""
        self._held: list[tuple[int, bytes]] = []  # (number after which it goes on, frame)

    def pass_through(self, data: bytes) -> tuple[list[bytes], bool]:
        """The pieces that arrive, and whether the device is reset after them."""
        *bodies, self._partial = (self._partial + data).split(b"\0")
        pieces: list[bytes] = []
        reset = False
        for body in filter(None, bodies):
            fault, argument = self._plan(self._way, self._number) or (None, 0)
            if fault is Fault.REOPEN:
                self._held, self._partial = [], b""
            pieces += self._harm(body, fault, argument)
            pieces += [frame for due, frame in self._held if due <= self._number]
            self._held = [(due, frame) for due, frame in self._held if due > self._number]
            self._number += 1
            reset = reset or fault is Fault.RESET
        return pieces, reset

    def _harm(self, body: bytes, fault: Fault | None, argument: int) -> list[bytes]:
        wire = b"\0" + body + b"\0"
        position = argument % len(body)
        match fault:
            case Fault.DROP:
                return []
            case Fault.DUPLICATE:
                return [wire, wire]
            case Fault.CORRUPT:
                changed = (body[position] ^ (argument % 255 + 1)).to_bytes(1, "little")
                return [b"\0" + body[:position] + changed + body[position + 1 :] + b"\0"]
            case Fault.TRUNCATE | Fault.REOPEN:
                return [b"\0" + body[:position]]
            case Fault.JOIN:
                return [body]
            case Fault.DELAY:
                self._held.append((self._number + 1 + argument % 4, wire))
                return []
            case Fault.SPLIT:
                return [bytes([value]) for value in wire]
            case Fault.LOG:
                return [encode(Frame(Channel.LOG, 0, 0, argument, b"a line from the library")), wire]
            case Fault.NOISE:
                return [bytes([argument % 256, argument // 256]) * (argument % 7), wire]
            case _:
                return [wire]


class FaultyLink:
    """A link over another one, which it opens, and opens again when the device is reset."""

    def __init__(self, opener: Callable[[], Link], plan: Callable[[Way, int], tuple[Fault, int] | None]) -> None:
        self._opener = opener
        self._link = opener()
        self._to_device = _Lane(Way.TO_DEVICE, plan)
        self._from_device = _Lane(Way.FROM_DEVICE, plan)
        self._arrived: list[bytes] = []
        self._reads = 0
        self.resets = 0

    def write(self, data: bytes) -> None:
        pieces, reset = self._to_device.pass_through(data)
        for piece in pieces:
            self._link.write(piece)
        if reset:
            self._reset()

    def read(self, max_bytes: int, timeout_s: float) -> bytes:
        self._reads += 1
        assert self._reads < MAX_READS, "the conversation goes in circles"
        if not self._arrived:
            pieces, reset = self._from_device.pass_through(self._link.read(max_bytes, timeout_s))
            self._arrived += pieces
            if reset:
                self._reset()
        return self._arrived.pop(0) if self._arrived else b""

    def _reset(self) -> None:
        self.resets += 1
        self._link.close()
        self._link = self._opener()

    def close(self) -> None:
        self._link.close()

    def __enter__(self) -> FaultyLink:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

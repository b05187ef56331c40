"""A conversation with firmware that has an application: samples in, hops and decisions out."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import TYPE_CHECKING

from boardproof.device.failures import RefusedError
from boardproof.device.protocol.messages import STATUS_BYTES, Request
from boardproof.device.protocol.session import Session
from boardproof.errors import DeviceError

if TYPE_CHECKING:
    from boardproof.device.protocol.messages import Cursor

_PUSH_HEADER_BYTES = 9
_POSITION_BYTES = 4
_DRIVEN, _SENSED, _LOSSY = 1, 2, 1


class StepFlag(IntFlag):
    """What a step did."""

    HOP = 1
    SCORED = 2
    DECIDED = 4
    RESTARTED = 8
    SECOND = 16


class StreamFault(IntEnum):
    """What went wrong with a stream of samples."""

    FILLED = 1
    GAP = 2
    LATE = 3
    OVERRUN = 4


@dataclass(frozen=True, slots=True)
class About:
    """Which application a board has; `sample_bytes` of all channels, `capacity` in samples."""

    digest: str
    rate: int
    sample_bytes: int
    capacity: int
    name: str
    version: str
    sensor: str


@dataclass(frozen=True, slots=True)
class BoardStep:
    """What one hop, or one run of a second network after it, did on the board.

    Attributes:
        flags: What it did.
        label: The decided label's place, among those of both networks.
        position: Of the first sample behind the window.
        sum: The decided label's sum.
        front_end_ticks: What the front end took.
        network_ticks: What the network took.
        features_crc: CRC-32 of the row of features.
        scores_crc: CRC-32 of the scores; 0 if the network did not run.
        scores: Their bytes; None where they were too many.
        features: The same of the row.
    """

    flags: StepFlag
    label: int
    position: int
    sum: int
    front_end_ticks: int
    network_ticks: int
    features_crc: int
    scores_crc: int
    scores: bytes | None
    features: bytes | None


@dataclass(frozen=True, slots=True)
class StreamNote:
    """A fault of the stream, where it began and how many samples it concerns."""

    fault: StreamFault
    position: int
    samples: int


@dataclass(frozen=True, slots=True)
class StreamStatus:
    """How the stream is: the position to come, samples that wait and the most that ever did, notes that got lost."""

    next: int
    waiting: int
    high_water: int
    lost_notes: int
    notes: tuple[StreamNote, ...]


class AppSession(Session):
    """Talks to one board about its application. Whatever a reset interrupts is lost: the error says so."""

    def about(self) -> About:
        """Which application it is. Raises DeviceError if the firmware has none."""
        self.connect()
        try:
            cursor = self._ask(Request.APP_ABOUT).cursor
        except RefusedError as error:
            raise DeviceError(
                "The firmware on the board has no application.",
                "Generate it with `boardproof generate --app`, or let `boardproof replay` build it.",
            ) from error
        digest = cursor.take(32).hex()
        rate, sample_bytes, capacity = cursor.fields("III")
        if not (rate and sample_bytes and capacity):
            raise _nonsense()
        return About(digest, rate, sample_bytes, capacity, cursor.text(), cursor.text(), cursor.text())

    def begin(self, *, sensed: bool = False) -> None:
        """Everything from the beginning. Steps are taken from here; samples come from here, too, unless `sensed`."""
        self.connect()
        self._ask(Request.APP_CONTROL, struct.pack("<B", _DRIVEN | (_SENSED if sensed else 0)))

    def release(self) -> None:
        """The application runs by itself again, from the beginning."""
        self._ask(Request.APP_CONTROL, struct.pack("<B", 0))

    def push(self, position: int, samples: bytes, sample_bytes: int, *, lossy: bool = False) -> int:
        """Hands over samples, all channels of each side by side; how many were done with: less than all if full."""
        room = self._known_facts().max_payload_bytes - _PUSH_HEADER_BYTES
        if sample_bytes > room:
            return self._push_large(position, samples, sample_bytes, room)
        step = room // sample_bytes * sample_bytes
        done = 0
        for at in range(0, len(samples), step):
            piece = samples[at : at + step]
            taken = self._push(position + at // sample_bytes, 0, piece, lossy=lossy)
            done += taken
            if taken * sample_bytes < len(piece) and not lossy:
                break
        return done

    def _push_large(self, position: int, samples: bytes, sample_bytes: int, room: int) -> int:
        """Samples that do not fit in one request, piece by piece."""
        for done in range(len(samples) // sample_bytes):
            sample = samples[done * sample_bytes : (done + 1) * sample_bytes]
            for offset in range(0, sample_bytes, room):
                if not self._push(position + done, offset, sample[offset : offset + room], lossy=False):
                    return done
        return len(samples) // sample_bytes

    def _push(self, position: int, offset: int, piece: bytes, *, lossy: bool) -> int:
        header = struct.pack("<IBI", position & 0xFFFFFFFF, _LOSSY if lossy else 0, offset)
        return self._ask(Request.APP_PUSH, header + piece).cursor.number("I")

    def step(self) -> BoardStep:
        """One hop, if enough samples wait."""
        cursor = self._ask(Request.APP_STEP).cursor
        flags, label, position, total, front_end, network, features_crc, scores_crc = cursor.fields("BHIiIIII")
        scores, features = _counted(cursor), _counted(cursor)
        return BoardStep(
            StepFlag(flags & sum(StepFlag)),
            label,
            position,
            total,
            front_end,
            network,
            features_crc,
            scores_crc,
            scores,
            features,
        )

    def drain(self, sample_bytes: int, samples: int = 0xFFFF) -> tuple[int, bytes]:
        """Takes samples out of the ring: their position, and they themselves; none if none wait.

        Raises:
            DeviceError: A sample does not fit in a reply.
        """
        room = self._known_facts().max_payload_bytes - STATUS_BYTES - _POSITION_BYTES
        if sample_bytes > room:
            raise DeviceError(
                f"A sample of this application has {sample_bytes:,} bytes, and the device hands over {room:,} at most.",
                "Keep such samples in a sketch of your own; recordings of them can be replayed.",
            )
        cursor = self._ask(Request.APP_DRAIN, struct.pack("<H", samples)).cursor
        position = cursor.number("I")
        data = cursor.rest()
        if len(data) % sample_bytes:
            raise _nonsense()
        return position, data

    def status(self) -> StreamStatus:
        """How the stream is, and the notes since the last time."""
        reply = self._ask(Request.APP_STATUS)
        cursor = reply.cursor
        following, waiting, high_water, lost = cursor.fields("IIII")
        notes = []
        for _ in range((len(reply.body) - 16) // 9):
            fault, position, samples = cursor.fields("BII")
            if fault not in set(StreamFault):
                raise _nonsense()
            notes.append(StreamNote(StreamFault(fault), position, samples))
        return StreamStatus(following, waiting, high_water, lost, tuple(notes))


def _counted(cursor: Cursor) -> bytes | None:
    """Bytes with their number before them; None for none."""
    return cursor.take(cursor.number("H")) or None


def _nonsense() -> DeviceError:
    return DeviceError("What the device says of its application makes no sense.", "Rebuild and flash the firmware.")

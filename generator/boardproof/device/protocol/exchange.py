"""One request and its reply over a link that loses, damages, repeats and delays: sequence numbers, retransmission."""

from __future__ import annotations

import random
import time
from collections import deque
from typing import TYPE_CHECKING

from boardproof.device.failures import BoardFaultError, RefusedError, SessionLostError, SilentDeviceError
from boardproof.device.protocol.frames import OVERHEAD_BYTES, Channel, Damaged, Decoder, Frame, encode
from boardproof.device.protocol.messages import Cursor, NakReason, Reply, Request, Status, unpack_refusal, unpack_reply

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from boardproof.device.protocol.pace import Pace
    from boardproof.device.types import Link
    from boardproof.errors import DeviceError

MAX_REPLY_BYTES = 8192
"""The longest payload accepted from a device."""

_READ_BYTES = 65536
_BATCH_BYTES = 4096
_SHOWN_NOISE_BYTES = 80
_TELLING_BYTES = 256  # shorter exchanges measure the latency


class _Flight:
    """Frames that wait for the reply to the last of them. INPUT frames are answered only when refused."""

    def __init__(self, frames: Sequence[Frame], *, runs: bool) -> None:
        self.frames = frames
        self.sent_bytes = sum(len(frame.payload) + OVERHEAD_BYTES for frame in frames)
        self.runs = runs
        self.attempt = 0
        self.asked = 0.0  # when the last frame was last sent
        self.went_back_to: int | None = None
        self.probed = False

    @property
    def last(self) -> Frame:
        return self.frames[-1]

    def position(self, sequence: int) -> int | None:
        """Where the frame with this sequence number is, if it is one of these."""
        ahead = (sequence - self.frames[0].sequence) & 0xFFFF
        return ahead if ahead < len(self.frames) else None


class Exchange:
    """Requests and replies within sessions.

    Args:
        link: The byte stream; the caller closes it.
        pace: How long to wait; learns from every exchange.
        on_log: Gets each line the device logs, and readable text that came between frames.

    Attributes:
        elapsed_s: Seconds the last exchange took in all.
        response_s: Seconds from the last time the last request was sent to its reply.
    """

    def __init__(self, link: Link, pace: Pace, on_log: Callable[[str], None]) -> None:
        self.pace = pace
        self._link = link
        self._on_log = on_log
        self._decoder = Decoder(MAX_REPLY_BYTES)
        self._arrived: deque[Frame | Damaged] = deque()
        self._session = random.randrange(1, 0x10000)  # noqa: S311 (tells sessions apart; not a secret)
        self._sequence = 0
        self._noise = b""
        self.elapsed_s = self.response_s = 0.0

    def hello(self, payload: bytes) -> Reply:
        """Starts a new session. Raises SilentDeviceError when nothing that answers is there."""
        self._session = self._session % 0xFFFF + 1
        self._sequence = 0
        flight = _Flight([Frame(Channel.REQUEST, Request.HELLO, self._session, 0, payload)], runs=False)
        return self._fly(flight, self.pace.connect_s)

    def call(self, request: Request, payload: bytes = b"", inputs: Sequence[bytes] = ()) -> Reply:
        """Sends INPUT payloads, then a request, in one burst, and returns the reply to the request.

        The device executes each exactly once and in order, however often it is sent.

        Raises:
            SessionLostError: The device was reset; nothing of this burst may be assumed done.
            RefusedError: An INPUT was refused.
            SilentDeviceError: No answer, though the request was repeated.
        """
        flight = _Flight(
            [self._next_frame(Request.INPUT, data) for data in inputs] + [self._next_frame(request, payload)],
            runs=request in {Request.INVOKE, Request.APP_STEP},
        )
        return self._fly(flight, self.pace.give_up_s(flight.sent_bytes, runs=flight.runs))

    def _next_frame(self, request: Request, payload: bytes) -> Frame:
        self._sequence = (self._sequence + 1) & 0xFFFF
        return Frame(Channel.REQUEST, request, self._session, self._sequence, payload)

    def _fly(self, flight: _Flight, give_up_s: float) -> Reply:
        """Sends the frames until the last one is answered."""
        started = time.monotonic()
        deadline = started + give_up_s
        self._send(flight, 0)
        while True:
            retry = time.monotonic() + self.pace.retry_s(flight.sent_bytes, runs=flight.runs, attempt=flight.attempt)
            reply = self._listen(flight, min(retry, deadline))
            if reply is not None:
                self._learn(flight, started, len(reply.body))
                return reply
            if time.monotonic() >= deadline:
                raise self._silent(flight, give_up_s)
            flight.attempt += 1
            flight.went_back_to, flight.probed = None, False
            self._send(flight, len(flight.frames) - 1)  # what is missing before it, the device will name

    def _send(self, flight: _Flight, position: int) -> None:
        """Sends the frames from here on, a few at a time: the device reads those while we encode the next."""
        flight.asked = time.monotonic()
        batch = b""
        for frame in flight.frames[position:]:
            batch += encode(frame)
            if len(batch) >= _BATCH_BYTES:
                self._link.write(batch)
                batch = b""
        if batch:
            self._link.write(batch)

    def _learn(self, flight: _Flight, started: float, reply_bytes: int) -> None:
        now = time.monotonic()
        self.elapsed_s, self.response_s = now - started, now - flight.asked
        transferred_bytes = flight.sent_bytes + reply_bytes
        if not flight.runs and transferred_bytes >= _TELLING_BYTES:
            self.pace.learn_transfer(transferred_bytes, self.response_s)

    def _listen(self, flight: _Flight, until: float) -> Reply | None:
        """Handles what arrives until the reply is there (returned) or the time is up (None)."""
        while True:
            item = self._receive(until)
            if item is None:
                return None
            if isinstance(item, Damaged):
                self._take_noise(item)
                self._probe(flight)
            elif item.channel == Channel.REPLY:
                if (reply := self._take_reply(flight, item)) is not None:
                    return reply
            elif item.channel == Channel.NAK:
                self._take_nak(flight, item)
            else:
                self._take_text(item)

    def _receive(self, until: float) -> Frame | Damaged | None:
        while not self._arrived:
            wait_s = until - time.monotonic()
            data = self._link.read(_READ_BYTES, max(wait_s, 0.0))
            if not data and wait_s <= 0:
                return None
            self._arrived.extend(self._decoder.feed(data))
        return self._arrived.popleft()

    def _take_reply(self, flight: _Flight, frame: Frame) -> Reply | None:
        """The reply, when it is the one waited for. Raises RefusedError when an INPUT before it was refused."""
        position = flight.position(frame.sequence)
        if frame.session != self._session or position is None or frame.type != flight.frames[position].type:
            return None  # a late copy
        reply = unpack_reply(frame.payload)
        if position == len(flight.frames) - 1:
            return reply
        if reply.status != Status.OK:
            raise refused(flight.frames[position].type, reply)
        return None

    def _take_nak(self, flight: _Flight, frame: Frame) -> None:
        reason, expected = Cursor(frame.payload).fields("BH")
        if reason == NakReason.DAMAGED and flight.last.type == Request.HELLO:
            self._probe(flight)
        elif frame.session != self._session:
            return  # a late copy
        elif reason == NakReason.SESSION:
            raise SessionLostError(
                "The device was reset in the middle of a session.", "Check its power supply and cable."
            )
        elif (position := flight.position(expected)) is not None:
            self._go_back(flight, position)
        elif reason == NakReason.SEQUENCE and flight.position(frame.sequence) is not None:
            raise SessionLostError(
                "The device was reset in the middle of a session.", "Check its power supply and cable."
            )
        else:
            self._probe(flight)  # nothing is missing: what was lost is the reply

    def _go_back(self, flight: _Flight, position: int) -> None:
        """Sends again from here, but not twice for the same gap before the next timeout."""
        if position != flight.went_back_to:
            flight.went_back_to = position
            self._send(flight, position)

    def _probe(self, flight: _Flight) -> None:
        """Sends the last frame again, once before the next timeout: the device answers, or names what is missing."""
        if not flight.probed:
            flight.probed = True
            self._send(flight, len(flight.frames) - 1)

    def _take_text(self, frame: Frame) -> None:
        text = _readable(frame.payload)
        if frame.channel == Channel.LOG:
            self._on_log(text)
        elif frame.channel == Channel.FAULT:
            raise BoardFaultError.of(text)

    def _take_noise(self, damaged: Damaged) -> None:
        self._noise = (self._noise + damaged.data)[-_SHOWN_NOISE_BYTES:]
        text = damaged.data.decode("ascii", errors="replace").strip()
        if text and text.replace("\r", " ").replace("\n", " ").isprintable() and text.isascii():
            self._on_log(text)

    def _silent(self, flight: _Flight, waited_s: float) -> DeviceError:
        if flight.last.type != Request.HELLO:
            doing = "during an inference" if flight.runs else "in the middle of a session"
            return SilentDeviceError(
                f"The device stopped answering {doing}; the last request was repeated for {waited_s:.3g} s.",
                "Reset the board and try again; if it happens again, build with --debug and watch its log.",
            )
        noise = (self._noise + self._decoder.pending)[-_SHOWN_NOISE_BYTES:]
        if noise:
            return SilentDeviceError(
                f"The device sends bytes, but nothing that is boardproof's protocol: {_readable(noise)!r}.",
                "Check that this firmware is the one on the board (`boardproof flash`), and the port and its speed.",
            )
        return SilentDeviceError(
            f"The device did not say anything for {waited_s:.3g} s.",
            "Check the port, press the board's reset button once, and flash the firmware if it is not on the board.",
        )


def refused(request: int, reply: Reply) -> RefusedError:
    """The error for a reply whose status is not OK."""
    try:
        name, status = Request(request).name, Status(reply.status).name
    except ValueError:
        name, status = str(request), str(reply.status)
    detail = unpack_refusal(reply).text
    return RefusedError(
        f"The device refused {name}: {status}{': ' + detail if detail else ''}.",
        "Rebuild and flash the firmware; if it happens again, this is a bug in boardproof: please report it.",
        reply.status,
    )


def _readable(data: bytes) -> str:
    text = data.decode("utf-8", errors="replace").strip()
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)

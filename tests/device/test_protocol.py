"""The protocol's promises, frame by frame, against the test device: order, repetition, resynchronisation, refusals."""

from __future__ import annotations

import re
import struct
import zlib
from typing import TYPE_CHECKING

import pytest

from boardproof.device.protocol import messages
from boardproof.device.protocol.frames import Channel, Decoder, Frame, encode
from boardproof.device.protocol.messages import (
    InvokeFlag,
    NakReason,
    Request,
    Status,
    TensorKind,
    TensorRef,
    pack_input,
    pack_invoke,
    pack_read,
    unpack_reply,
)
from boardproof.errors import DeviceError
from support.fake_model import open_fake
from support.link_library import FIRMWARE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boardproof.device.protocol.messages import Reply
    from boardproof.device.types import Link

pytestmark = pytest.mark.native

SESSION = 0x1234
IMAGE, SHORTS = bytes(range(245)) * 2, bytes(10)
INPUTS_CRC = zlib.crc32(IMAGE + SHORTS)
INVOKE = pack_invoke(InvokeFlag.OUTPUTS, messages.ALL_OPERATORS, INPUTS_CRC)


class Wire:
    """Frames to and from the device, with nothing repeated or checked."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self._decoder = Decoder(2048)
        self._frames: list[Frame] = []

    def send(self, request: int, sequence: int, payload: bytes = b"", session: int = SESSION) -> None:
        self.link.write(encode(Frame(Channel.REQUEST, request, session, sequence, payload)))

    def receive(self, timeout_s: float = 10.0) -> Frame | None:
        while not self._frames:
            data = self.link.read(4096, timeout_s)
            if not data:
                return None
            self._frames += [item for item in self._decoder.feed(data) if isinstance(item, Frame)]
        return self._frames.pop(0)

    def reply(self) -> Reply:
        frame = self.receive()
        assert frame is not None
        assert frame.channel == Channel.REPLY, frame
        return unpack_reply(frame.payload)

    def nak(self) -> tuple[int, int]:
        frame = self.receive()
        assert frame is not None
        assert frame.channel == Channel.NAK, frame
        return struct.unpack("<BH", frame.payload)

    def ask(self, request: int, sequence: int, payload: bytes = b"") -> Reply:
        self.send(request, sequence, payload)
        return self.reply()

    def silence(self) -> None:
        """Nothing more is on its way: the device answers what is sent now first."""
        self.link.write(b"\0\x02\0")
        assert self.nak()[0] == NakReason.DAMAGED


@pytest.fixture
def wire() -> Iterator[Wire]:
    """A device in session 0x1234 whose model is prepared; the next sequence number is 2."""
    with open_fake() as link:
        wire = Wire(link)
        assert wire.ask(Request.HELLO, 0, messages.pack_hello()).status == Status.OK
        assert wire.ask(Request.PREPARE, 1).status == Status.OK
        yield wire


def write_inputs(wire: Wire, sequence: int) -> None:
    wire.send(Request.INPUT, sequence, pack_input(0, 0, IMAGE))
    wire.send(Request.INPUT, sequence + 1, pack_input(1, 0, SHORTS))


def test_the_numbers_are_those_of_the_header():
    text = (FIRMWARE / "link" / "link_protocol.h").read_text() + (FIRMWARE / "link" / "link_frame.h").read_text()
    numbers = {name: int(value) for name, value in re.findall(r"LINK_(\w+) = (-?\d+)\b", text)}
    prefixes = {Request: "", Status: "STATUS_", NakReason: "NAK_", TensorKind: "TENSOR_", Channel: ""}
    for kind, prefix in prefixes.items():
        for member in kind:
            name = "OK" if member is Status.OK else prefix + member.name
            assert numbers[name] == member, name
    assert (numbers["VERSION_MIN"], numbers["VERSION_MAX"]) == (messages.VERSION_MIN, messages.VERSION_MAX)


def test_a_repeated_request_runs_once_and_is_answered_twice(wire):
    write_inputs(wire, 2)
    wire.send(Request.INVOKE, 4, INVOKE)
    wire.send(Request.INVOKE, 4, INVOKE)
    first, second = wire.receive(), wire.receive()
    assert first == second
    assert unpack_reply(first.payload).status == Status.OK  # a second run would find its inputs gone
    assert wire.ask(Request.INVOKE, 5, INVOKE).status == Status.INPUT


def test_a_late_copy_of_an_older_request_changes_nothing(wire):
    write_inputs(wire, 2)
    wire.send(Request.INPUT, 2, pack_input(0, 0, bytes(490)))
    wire.send(Request.HELLO, 0, messages.pack_hello())
    assert wire.ask(Request.INVOKE, 4, INVOKE).status == Status.OK
    wire.silence()


def test_a_gap_is_named_once_however_many_frames_follow_it(wire):
    wire.send(Request.INPUT, 3, pack_input(1, 0, SHORTS))
    wire.send(Request.INPUT, 4, pack_input(1, 0, SHORTS))
    assert wire.nak() == (NakReason.SEQUENCE, 2)
    wire.silence()
    wire.send(Request.INVOKE, 5, INVOKE)
    assert wire.nak() == (NakReason.SEQUENCE, 2)
    write_inputs(wire, 2)
    assert wire.ask(Request.INVOKE, 4, INVOKE).status == Status.OK


def test_sequence_numbers_wrap():
    with open_fake() as link:
        wire = Wire(link)
        wire.ask(Request.HELLO, 0, messages.pack_hello())
        for number in range(1, 0x10000):
            wire.send(Request.INPUT, number, b"")  # refused, and answered
            if number % 256 == 0:
                for _ in range(256):
                    assert wire.reply().status == Status.LENGTH
        for _ in range(255):
            assert wire.reply().status == Status.LENGTH
        assert wire.ask(Request.MARKS, 0, b"\0").status == Status.OK
        assert wire.ask(Request.MARKS, 1, b"\0").status == Status.OK


def test_requests_of_no_session_or_another_one_are_not_executed(wire):
    wire.send(Request.MARKS, 2, b"\0", session=SESSION + 1)
    frame = wire.receive()
    assert (frame.channel, frame.session, frame.sequence) == (Channel.NAK, SESSION + 1, 2)
    assert frame.payload[0] == NakReason.SESSION
    with open_fake() as link:
        stranger = Wire(link)
        stranger.send(Request.MARKS, 1, b"\0", session=0)
        assert stranger.nak()[0] == NakReason.SESSION


def test_a_new_session_starts_at_one_and_the_old_one_is_over(wire):
    wire.send(Request.HELLO, 0, messages.pack_hello(), session=7)
    assert wire.reply().status == Status.OK
    wire.send(Request.MARKS, 2, b"\0")
    assert wire.nak()[0] == NakReason.SESSION
    wire.send(Request.MARKS, 1, b"\0", session=7)
    assert wire.reply().status == Status.OK


def test_a_damaged_frame_is_named_and_the_next_one_understood(wire):
    damaged = bytearray(encode(Frame(Channel.REQUEST, Request.MARKS, SESSION, 2, b"\0")))
    damaged[4] ^= 1
    wire.link.write(bytes(damaged))
    assert wire.nak() == (NakReason.DAMAGED, 2)
    wire.link.write(b"\x11\x22\x33")  # garbage without an end: the next frame's delimiter ends it
    wire.send(Request.MARKS, 2, b"\0")
    assert wire.nak() == (NakReason.DAMAGED, 2)
    assert wire.reply().status == Status.OK


@pytest.mark.parametrize("length", [1015, 1025, 5000])
def test_a_frame_longer_than_the_buffer_is_skipped(wire, length):
    wire.send(Request.INPUT, 2, pack_input(0, 0, bytes(length)))
    if length + messages.INPUT_HEADER_BYTES > 1024:
        assert wire.nak() == (NakReason.DAMAGED, 2)
        assert wire.ask(Request.MARKS, 2, b"\0").status == Status.OK
    else:
        assert wire.reply().status == Status.RANGE


OUTPUT = TensorRef(TensorKind.OUTPUT, 0).pack()


@pytest.mark.parametrize(("tail", "name"), [(b"", ""), (b"\x05image", "image"), (b"\x02a\n and more", "a\ufffd")])
def test_older_firmware_tells_no_names_and_newer_may_tell_more(tail: bytes, name: str):
    body = struct.pack("<BBfiI2i", 9, 2, 0.5, -3, 12, 3, 4) + tail
    told = messages.unpack_tensor(messages.Reply(Status.OK, body))
    assert (told.shape, told.scale, told.zero_point, told.name) == ((3, 4), 0.5, -3, name)


@pytest.mark.parametrize("shape", [(-3, -4), (3, 5), (-1, -1)])
def test_a_shape_that_does_not_fit_its_size_is_refused(shape: tuple[int, int]):
    body = struct.pack("<BBfiI2i", 9, 2, 0.5, -3, 12 if shape != (-1, -1) else 1, *shape)
    with pytest.raises(DeviceError) as caught:
        messages.unpack_tensor(messages.Reply(Status.OK, body))
    assert f"describes a tensor of type 9, shape {list(shape)}" in caught.value.message
    assert "Rebuild and flash the firmware" in caught.value.hint


@pytest.mark.parametrize(
    ("request_type", "payload", "status"),
    [
        (99, b"", Status.UNKNOWN),
        (0, b"", Status.UNKNOWN),
        (Request.PREPARE, b"x", Status.LENGTH),
        (Request.TENSOR, OUTPUT[:-1], Status.LENGTH),
        (Request.TENSOR, b"\x03" + OUTPUT[1:], Status.RANGE),
        (Request.TENSOR, TensorRef(TensorKind.INPUT, 2).pack(), Status.RANGE),
        (Request.TENSOR, TensorRef(TensorKind.OP_OUTPUT, 3).pack(), Status.RANGE),
        (Request.OPERATORS, struct.pack("<HH", 0, 4), Status.RANGE),
        (Request.OPERATORS, struct.pack("<HH", 65535, 2), Status.RANGE),
        (Request.OP_TICKS, struct.pack("<HH", 3, 1), Status.RANGE),
        (Request.INPUT, pack_input(0, 490, b"x"), Status.RANGE),
        (Request.INPUT, pack_input(0, 0xFFFFFFFF, b"xx"), Status.RANGE),
        (Request.INPUT, pack_input(2, 0, b""), Status.RANGE),
        (Request.READ, OUTPUT + struct.pack("<IH", 0, 13), Status.RANGE),
        (Request.READ, OUTPUT + struct.pack("<IH", 0xFFFFFFFF, 2), Status.RANGE),
        (Request.CHECKSUM, TensorRef(TensorKind.OP_OUTPUT, 1, 1).pack(), Status.RANGE),
        (Request.INVOKE, INVOKE, Status.INPUT),
        (Request.INVOKE, pack_invoke(InvokeFlag(0), 4, zlib.crc32(bytes(500))), Status.RANGE),
        (Request.MARKS, b"", Status.LENGTH),
    ],
)
def test_what_makes_no_sense_is_refused_and_the_conversation_goes_on(wire, request_type, payload, status):
    refused = wire.ask(request_type, 2, payload)
    assert refused.status == status
    messages.unpack_refusal(refused)
    assert wire.ask(Request.MARKS, 3, b"\0").status == Status.OK


def test_inputs_that_are_not_those_meant_are_not_run_and_their_crc_is_told(wire):
    write_inputs(wire, 2)
    refused = wire.ask(Request.INVOKE, 4, pack_invoke(InvokeFlag(0), messages.ALL_OPERATORS, 1))
    assert refused.status == Status.INPUT
    assert messages.unpack_refusal(refused).a & 0xFFFFFFFF == INPUTS_CRC


def test_nothing_of_the_model_is_touched_before_prepare():
    with open_fake() as link:
        wire = Wire(link)
        wire.ask(Request.HELLO, 0, messages.pack_hello())
        for number, (request, payload) in enumerate(
            [(Request.TENSOR, OUTPUT), (Request.INVOKE, INVOKE), (Request.READ, pack_read(TensorRef(1, 0), 0, 1))], 1
        ):
            assert wire.ask(request, number, payload).status == Status.STATE
        assert wire.ask(Request.PREPARE, 4).status == Status.OK


def test_the_inputs_crc_can_be_asked_for_before_an_inference(wire):
    write_inputs(wire, 2)
    echo = wire.ask(Request.CHECKSUM, 4, TensorRef(TensorKind.INPUT, 0).pack())
    assert struct.unpack("<II", echo.body) == (490, zlib.crc32(IMAGE))


def test_outputs_can_be_left_out_and_read_in_pieces(wire):
    write_inputs(wire, 2)
    reply = messages.unpack_invoke(
        wire.ask(Request.INVOKE, 4, pack_invoke(InvokeFlag(0), messages.ALL_OPERATORS, INPUTS_CRC))
    )
    assert reply.outputs is None
    assert reply.op_ticks is None
    first = wire.ask(Request.READ, 5, pack_read(TensorRef(TensorKind.OUTPUT, 0), 0, 5)).body
    rest = wire.ask(Request.READ, 6, pack_read(TensorRef(TensorKind.OUTPUT, 0), 5, 7)).body
    floats = wire.ask(Request.READ, 7, pack_read(TensorRef(TensorKind.OUTPUT, 1), 0, 12)).body
    assert zlib.crc32(first + rest + floats) == reply.outputs_crc

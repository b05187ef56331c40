"""The wire codec in Python; tests/firmware/test_link_frames.py holds the C twin against it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardproof.device.protocol.frames import (
    OVERHEAD_BYTES,
    Channel,
    Damage,
    Damaged,
    Decoder,
    Frame,
    cobs_decode,
    cobs_encode,
    encode,
)
from boardproof.device.protocol.messages import Request, pack_hello
from support.frames import frames, split
from support.link_library import ROOT

MAX_PAYLOAD_BYTES = 1024


@pytest.mark.parametrize(
    ("data", "encoded"),
    [
        (b"", b"\x01"),
        (b"\0", b"\x01\x01"),
        (b"\0\0", b"\x01\x01\x01"),
        (b"\x11\x22\0\x33", b"\x03\x11\x22\x02\x33"),
        (b"\x11\0\0\0", b"\x02\x11\x01\x01\x01"),
        (bytes(range(1, 255)), b"\xff" + bytes(range(1, 255))),
        (bytes(range(255)), b"\x01\xff" + bytes(range(1, 255))),
        (bytes(range(1, 256)), b"\xff" + bytes(range(1, 255)) + b"\x02\xff"),
        (bytes(range(2, 256)) + b"\0", b"\xff" + bytes(range(2, 256)) + b"\x01\x01"),
    ],
)
def test_cobs_of_published_examples(data, encoded):
    assert cobs_encode(data) == encoded
    assert cobs_decode(encoded) == data


@given(st.binary(max_size=1200) | st.integers(0, 1200).map(lambda n: b"\x55" * n))
def test_cobs_has_no_zeros_costs_one_byte_in_254_and_comes_back(data):
    encoded = cobs_encode(data)
    assert 0 not in encoded
    assert len(encoded) <= len(data) + len(data) // 254 + 1
    assert cobs_decode(encoded) == data


@pytest.mark.parametrize("data", [b"\x02", b"\x05abc", b"\x01\x03a", b"\x02a\x00b"])
def test_cobs_that_ends_inside_a_block_or_holds_a_zero_is_refused(data):
    with pytest.raises(ValueError, match="not COBS"):
        cobs_decode(data)


def test_a_frame_on_the_wire_is_what_the_documentation_shows():
    text = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"^    ((?:[0-9a-f]{2} ?)+)$", text, re.MULTILINE)
    hello = Frame(Channel.REQUEST, Request.HELLO, 0x1234, 0, pack_hello())
    assert encode(hello).hex(" ") == shown


@given(st.lists(frames(), max_size=4), st.data())
def test_frames_come_out_however_the_stream_is_cut(sent, data):
    stream = b"".join(map(encode, sent))
    decoder = Decoder(MAX_PAYLOAD_BYTES)
    assert [found for piece in split(data, stream) for found in decoder.feed(piece)] == sent


@given(st.binary(max_size=600), frames())
def test_after_garbage_the_next_frame_is_found(garbage, frame):
    *_damaged, last = Decoder(MAX_PAYLOAD_BYTES).feed(garbage + encode(frame))
    assert last == frame


@given(frames(), st.data())
def test_a_flipped_byte_never_passes_for_the_frame(frame, data):
    wire = bytearray(encode(frame))
    position = data.draw(st.integers(1, len(wire) - 2))
    wire[position] ^= data.draw(st.integers(1, 255))
    assert all(isinstance(item, Damaged) for item in Decoder(MAX_PAYLOAD_BYTES).feed(bytes(wire)))


def test_delimiters_in_a_row_are_nothing():
    assert Decoder(MAX_PAYLOAD_BYTES).feed(bytes(10)) == []


def test_a_payload_beyond_the_limit_is_damage_and_little_of_an_endless_frame_is_kept():
    decoder = Decoder(100)
    (found,) = decoder.feed(encode(Frame(1, 1, 1, 1, bytes(101))))
    assert isinstance(found, Damaged)
    assert found.damage is Damage.LENGTH
    for _ in range(50):
        assert decoder.feed(b"x" * 1000) == []
    (found,) = decoder.feed(b"\0")
    assert isinstance(found, Damaged)
    assert len(found.data) < 100 + OVERHEAD_BYTES + 10
    good = Frame(1, 1, 1, 1, bytes(100))
    assert decoder.feed(encode(good)) == [good]


def test_of_two_faults_a_frame_that_is_too_long_is_named_so():
    block = b"\x0c" + bytes([1]) * 10  # says eleven bytes follow
    for limit, damage in ((0, Damage.LENGTH), (1, Damage.COBS)):
        (found,) = Decoder(limit).feed(b"\x01" + block + b"\0")
        assert isinstance(found, Damaged)
        assert found.damage is damage


def test_a_frame_shorter_than_header_and_crc_is_damage():
    (found,) = Decoder(100).feed(b"\0" + cobs_encode(b"123456789") + b"\0")
    assert isinstance(found, Damaged)
    assert found.damage is Damage.LENGTH

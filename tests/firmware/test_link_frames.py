"""The codec in C against the codec in Python: the same bytes, the same findings, nothing written past the buffer."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardproof.device.protocol.frames import OVERHEAD_BYTES, Decoder, encode
from support.frames import frames, split
from support.link_library import MAX_PAYLOAD_BYTES, c_decode, c_encode, kinds, link_library

pytestmark = pytest.mark.native


@pytest.fixture(scope="module", autouse=True)
def _compiled():
    """Not within a generated example, whose time is watched."""
    link_library()


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_crc_is_zlibs_and_chains(first, second):
    library = link_library()
    crc = library.link_crc32(0, first, len(first))
    assert crc == zlib.crc32(first)
    assert library.link_crc32(crc, second, len(second)) == zlib.crc32(first + second)


@given(frames(), st.sampled_from([1, 2, 7, 63, 64, 2000]))
def test_both_encode_alike(frame, chunk_bytes):
    assert c_encode(frame, chunk_bytes) == encode(frame)


# Frames, frames cut short, run together and with bytes changed, and anything else, in any order.
_garbled = st.builds(
    lambda wire, cut, position, value: bytearray(wire[:cut]) + bytes([position % 256, value]),
    frames().map(encode),
    st.integers(0, 1100),
    st.integers(0, 1100),
    st.integers(0, 255),
).map(bytes)
_streams = st.lists(frames().map(encode) | _garbled | st.binary(max_size=400), max_size=5).map(b"".join)


@given(_streams, st.sampled_from([0, 5, 100, MAX_PAYLOAD_BYTES]), st.data())
def test_both_decode_alike(stream, max_payload_bytes, data):
    pieces = split(data, stream)
    decoder = Decoder(max_payload_bytes)
    python = [item for piece in pieces for item in decoder.feed(piece)]
    assert c_decode(pieces, max_payload_bytes + OVERHEAD_BYTES) == kinds(python)

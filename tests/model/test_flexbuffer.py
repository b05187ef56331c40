"""Options of custom operators: read strictly, whatever the bytes are."""

from __future__ import annotations

import contextlib

import pytest
from flatbuffers import flexbuffers
from hypothesis import given
from hypothesis import strategies as st

from boardproof.model.tflite.flexbuffer import FlexBufferError, read_integers
from support.operators_signal import options

names = st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=20)
integers = st.integers(-(2**63), 2**63 - 1)


@given(st.dictionaries(names, st.one_of(integers, st.booleans()), max_size=12))
def test_what_was_written_is_read(values):
    assert read_integers(options(**values)) == {name: int(value) for name, value in sorted(values.items())}


def test_indirect_and_unsigned_integers():
    builder = flexbuffers.Builder()
    with builder.Map():
        builder.IndirectInt("a", -5)
        builder.IndirectUInt("b", 70000)
        builder.UInt("c", 200)
    assert read_integers(bytes(builder.Finish())) == {"a": -5, "b": 70000, "c": 200}


def test_other_values_are_refused():
    builder = flexbuffers.Builder()
    with builder.Map():
        builder.String("a", "text")
    with pytest.raises(FlexBufferError, match="one of their values is no integer"):
        read_integers(bytes(builder.Finish()))


@pytest.mark.parametrize(("data", "words"), [(b"", "too short"), (b"\x05\x04\x01", "no map")])
def test_no_map_is_refused(data, words):
    with pytest.raises(FlexBufferError, match=words):
        read_integers(data)


@given(st.binary(max_size=60), st.data())
def test_damage_is_refused_or_gives_integers(noise, data):
    whole = bytearray(options(frame_size=400, frame_step=160, prefill=True))
    for byte in noise:
        whole[data.draw(st.integers(0, len(whole) - 1))] = byte
    found = {}
    with contextlib.suppress(FlexBufferError):
        found = read_integers(bytes(whole[: data.draw(st.integers(0, len(whole)))]))
    assert all(isinstance(value, int) for value in found.values())

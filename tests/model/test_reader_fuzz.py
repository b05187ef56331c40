"""Whatever the bytes, reading a .tflite ends with a Graph or an InputError."""

from __future__ import annotations

import struct
import tracemalloc
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boardproof.errors import InputError
from boardproof.model.macs import macs
from boardproof.model.preflight import check_graph
from boardproof.model.tflite.reader import read_tflite

if TYPE_CHECKING:
    from boardproof.model.graph import Graph

MANY = settings(max_examples=300, deadline=None)

INTERESTING = (0, 1, 3, 4, 16, 127, 128, 255, 65535, 2**31 - 1, 2**31, 2**32 - 4, 2**32 - 1)


def outcome(data: bytes) -> Graph | InputError:
    """What reading ends with; any other exception fails the test."""
    try:
        return read_tflite(data)
    except InputError as error:
        return error


def read_and_use(data: bytes) -> None:
    """Reads, and does with the graph what every command does first."""
    graph = outcome(data)
    if isinstance(graph, InputError):
        assert graph.message.isprintable()
        assert graph.hint
        return
    sum(macs(graph, operator) for operator in graph.operators)
    list(check_graph(graph))
    for tensor in graph.tensors:
        assert len(tensor.label) <= 80
        if tensor.is_constant and tensor.dtype.size_bytes:
            tensor.array()


@pytest.fixture(scope="session")
def seeds(mixed_tflite, image_tflites):
    return [mixed_tflite, image_tflites["int8"], image_tflites["float16"]]


@MANY
@given(st.data())
def test_truncated(seeds, data):
    seed = data.draw(st.sampled_from(seeds))
    read_and_use(seed[: data.draw(st.integers(0, len(seed) - 1))])


@MANY
@given(st.data())
def test_damaged_bytes(seeds, data):
    seed = bytearray(data.draw(st.sampled_from(seeds)))
    for position in data.draw(st.lists(st.integers(0, len(seed) - 1), min_size=1, max_size=16)):
        seed[position] = data.draw(st.integers(0, 255))
    read_and_use(bytes(seed))


@MANY
@given(st.data())
def test_damaged_words(seeds, data):
    """Offsets, lengths and indices are aligned 32-bit words: replace them by values at the edges, or nudge them."""
    seed = bytearray(data.draw(st.sampled_from(seeds)))
    for word in data.draw(st.lists(st.integers(0, len(seed) // 4 - 1), min_size=1, max_size=4)):
        (value,) = struct.unpack_from("<I", seed, 4 * word)
        replacement = data.draw(st.sampled_from([*INTERESTING, value + 4, value - 4, value + 1, 2 * value]))
        struct.pack_into("<I", seed, 4 * word, replacement % 2**32)
    read_and_use(bytes(seed))


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_random_bytes(data):
    read_and_use(data)
    read_and_use(data[:4] + b"TFL3" + data[4:])


def test_small_files_take_little_memory(seeds):
    """Every word in turn becomes large, so that each length and each shape is absurd once."""
    seed = seeds[0]
    tracemalloc.start()
    try:
        for position in range(0, len(seed) - 4, 4):
            data = bytearray(seed)
            struct.pack_into("<I", data, position, 0x7FFFFFF0)
            read_and_use(bytes(data))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20_000_000

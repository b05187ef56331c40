"""What tflite_micro records of its arena."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.model import allocations
from boardproof.model.allocations import Allocations, parse_allocations, recorded_allocations
from boardproof.model.tflite.reader import read_tflite
from boardproof.project.runtimes.tflm.bound import recorded_bound_bytes
from support.small_network import small_network
from support.tflm import single_operator_model

if TYPE_CHECKING:
    import pytest

LOG = """\
[RecordingMicroAllocator] Arena allocation total 3984 bytes
[RecordingMicroAllocator] Arena allocation head 768 bytes
[RecordingMicroAllocator] Arena allocation tail 3216 bytes
[RecordingMicroAllocator] 'TfLiteEvalTensor data' used 744 bytes with alignment overhead (requested 744 bytes for 31 \
allocations)
[RecordingMicroAllocator] 'Persistent buffer data' used 832 bytes with alignment overhead (requested 736 bytes for 12 \
allocations)
[RecordingMicroAllocator] 'NodeAndRegistration struct' used 640 bytes with alignment overhead (requested 640 bytes for \
10 NodeAndRegistration structs)
"""


def test_the_allocators_words_are_understood():
    assert parse_allocations(LOG) == Allocations(head_bytes=768, tail_bytes=3216, pointer_bytes=744 + 640)
    assert parse_allocations("nothing of the kind") is None


def test_a_network_is_recorded(capfd: pytest.CaptureFixture[str]):
    data = small_network()
    found = recorded_allocations(data)
    graph = read_tflite(data)
    assert found is not None
    assert found.head_bytes >= 9 * 7 * (4 + 8)  # the first convolution's input and output live together
    assert found.tail_bytes > found.pointer_bytes == len(graph.tensors) * 24 + len(graph.operators) * 64
    assert capfd.readouterr() == ("", "")


def test_what_tflite_micro_does_not_take_is_not_recorded():
    assert recorded_allocations(single_operator_model("CUSTOM", custom_code="Unheard")) is None


def test_without_tflite_micro_nothing_is_recorded(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(allocations, "oracle_available", lambda: False)
    assert recorded_allocations(small_network()) is None


def test_pointers_count_half_on_32_bits_and_what_is_recorded_counts_in_full():
    graph = read_tflite(small_network())
    recorded = Allocations(head_bytes=10_000, tail_bytes=3_000, pointer_bytes=1_000)
    bound = recorded_bound_bytes(graph, recorded, 32)
    assert bound == -(-(10_000 + 2_500 + 256 + 2_500 // 8) // 16) * 16
    assert recorded_bound_bytes(graph, recorded, 64) == -(-(10_000 + 3_000 + 256 + 3_000 // 8) // 16) * 16


def test_scratch_memory_of_other_kernels_is_added():
    """The convolution's two columns of 36 int16 values fit beside its tensors only in a larger plan."""
    graph = read_tflite(small_network())
    least = Allocations(head_bytes=0, tail_bytes=0, pointer_bytes=0)
    planned = 9 * 7 * 4 + 4 + 9 * 7 * 8 + 8  # both aligned to 16
    assert recorded_bound_bytes(graph, least, 32) >= planned + 4 * 36 + 256

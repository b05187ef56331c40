"""What TensorFlow Lite Micro allocates for a network, as its own interpreter records it on this machine."""

from __future__ import annotations

import os
import re
import tempfile
from dataclasses import dataclass

from boardproof.model.isolation import WorkerError, run_isolated
from boardproof.model.oracle import generous_arena_bytes, oracle_available
from boardproof.model.tflite.reader import read_tflite

_STDERR = 2
_MAX_LOG_BYTES = 64 * 1024
_HEAD = re.compile(r"Arena allocation head (\d+) bytes")
_TAIL = re.compile(r"Arena allocation tail (\d+) bytes")
_POINTERS = re.compile(r"'(?:TfLiteEvalTensor data|NodeAndRegistration struct)' used (\d+) bytes")


@dataclass(frozen=True, slots=True)
class Allocations:
    """What the arena of tflite_micro holds once a network is prepared, on a machine with 64-bit pointers.

    Attributes:
        head_bytes: Activations and the scratch memory of the reference kernels: the same on any machine.
        tail_bytes: Everything the interpreter and its operators keep.
        pointer_bytes: Of these, the arrays of tensors and nodes, which are half as large where pointers are.
    """

    head_bytes: int
    tail_bytes: int
    pointer_bytes: int


def recorded_allocations(data: bytes) -> Allocations | None:
    """What tflite_micro's recording allocator says of a network, in a process of its own.

    Temporaries and the memory planner's tables, which exist only while a network is prepared, are not recorded.

    Args:
        data: The .tflite file.

    Returns:
        The allocations; None when there is no tflite_micro here, or it does not take the network.
    """
    if not oracle_available():
        return None
    import tflite_micro  # noqa: F401 the fork shares it

    try:
        log = run_isolated(_record, data, generous_arena_bytes(read_tflite(data), data))
    except WorkerError:
        return None
    return parse_allocations(log)


def parse_allocations(log: str) -> Allocations | None:
    """The numbers in the recording allocator's own words; None when they are not there."""
    head, tail = _HEAD.search(log), _TAIL.search(log)
    if head is None or tail is None:
        return None
    return Allocations(int(head[1]), int(tail[1]), sum(int(used) for used in _POINTERS.findall(log)))


def _record(data: bytes, arena_bytes: int) -> str:
    """Runs in the child, whose stderr is its own: the allocator prints, and offers no other way."""
    from tflite_micro import runtime

    with tempfile.TemporaryFile() as log:
        os.dup2(log.fileno(), _STDERR)
        runtime.Interpreter.from_bytes(data, arena_size=arena_bytes).print_allocations()
        return os.pread(log.fileno(), _MAX_LOG_BYTES, 0).decode(errors="replace")

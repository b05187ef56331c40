"""Whether a network can possibly fit a board: the file and the interpreter against flash, activations against RAM."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.model.graph import NO_TENSOR
from boardproof.model.preflight import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from boardproof.model.graph import Graph, Tensor
    from boardproof.project.boards import Board

RUNTIME_FLASH_BYTES = 20_000
"""Less than any firmware takes beside the model and the core. Measured on mps2-an386 with Chirale_TensorFLowLite 2.0.0,
its core of 2,476 included: 22,516 with RESHAPE alone, 31,524 with FULLY_CONNECTED alone, up to 58,000 with others."""
RUNTIME_RAM_BYTES = 6 * 1024
"""What link and interpreter take beside core, stack and arena."""
_LARGEST_SHOWN = 3
_UNLIMITED_ROOM_BYTES = (1 << 31) - 16
"""The most an arena can have where the board sets no limit: its size must fit a C int, rounded up to its alignment."""


def room_bytes(board: Board) -> int | None:
    """How large an arena a board can have at most; None where there is no limit."""
    return None if board.free_ram_bytes is None else board.free_ram_bytes - RUNTIME_RAM_BYTES


def check_memory(graph: Graph, board: Board) -> Iterator[Finding]:
    """Findings for a network that cannot fit, whatever the rest of the firmware takes."""
    flash = board.free_flash_bytes
    excess = graph.file_bytes + RUNTIME_FLASH_BYTES - (flash or 0)
    if flash is not None and excess > 0:
        yield Finding(
            Severity.ERROR,
            "flash-exceeded",
            f"The model ({graph.file_bytes:,} bytes) and TensorFlow Lite Micro (at least {RUNTIME_FLASH_BYTES:,}) are "
            f"{excess:,} bytes more than the {flash:,} bytes of flash that the core leaves on {board.name}; the "
            f"largest are {_largest(_constant_tensors(graph))}.",
            "Make these layers smaller, or choose a board with more flash.",
        )
    live, room = activation_tensors(graph), room_bytes(board)
    excess = _total(live) - (room or 0)
    if room is not None and excess > 0:
        yield Finding(
            Severity.ERROR,
            "ram-exceeded",
            f"The activations alive at one moment are {excess:,} bytes more than the {room:,} bytes of RAM that core, "
            f"stack, link and interpreter leave on {board.name}; the largest are {_largest(live)}.",
            "Make these activations smaller (fewer channels, earlier strides), or choose a board with more RAM.",
        )


def check_arena(graph: Graph, board: Board, arena_bytes: int | None) -> Iterator[Finding]:
    """An error for an arena that the user gave: activations alone have no room in it, or it has none on the board."""
    if arena_bytes is None:
        return
    least, room = least_arena_bytes(graph), room_bytes(board)
    if arena_bytes < least:
        yield Finding(
            Severity.ERROR,
            "arena-too-small",
            f"--arena-bytes {arena_bytes} is too small: the activations alive at one moment alone take {least:,} "
            "bytes.",
            "Leave --arena-bytes out.",
        )
    if arena_bytes > (_UNLIMITED_ROOM_BYTES if room is None else room):
        yield Finding(
            Severity.ERROR,
            "arena-too-large",
            f"--arena-bytes {arena_bytes} is too large: "
            + (
                f"an arena has {_UNLIMITED_ROOM_BYTES:,} bytes at most."
                if room is None
                else f"{board.name} has room for {max(room, 0):,} bytes beside core, stack, link and interpreter."
            ),
            "Leave --arena-bytes out, and boardproof measures it.",
        )


def least_arena_bytes(graph: Graph) -> int:
    """What no arena can go below."""
    return _total(activation_tensors(graph))


def activation_tensors(graph: Graph) -> tuple[Tensor, ...]:
    """The run-time tensors alive during the operator at which they are largest together, its own output included.

    TensorFlow Lite Micro keeps them all in the arena at that moment, so their sum is a lower bound of its size.
    """
    last_use = {index: len(graph.operators) for index in graph.outputs}
    for position, operator in enumerate(graph.operators):
        for index in operator.inputs:
            last_use[index] = max(last_use.get(index, 0), position)
    live: set[int] = {index for index in graph.inputs if not graph.tensors[index].is_constant}
    peak: frozenset[int] = frozenset(live)
    for position, operator in enumerate(graph.operators):
        live |= {index for index in operator.outputs if index != NO_TENSOR}
        if _bytes(graph, live) > _bytes(graph, peak):
            peak = frozenset(live)
        live = {index for index in live if last_use.get(index, -1) > position}
    return tuple(graph.tensors[index] for index in sorted(peak))


def _constant_tensors(graph: Graph) -> tuple[Tensor, ...]:
    return tuple(tensor for part in (graph, *graph.subgraphs) for tensor in part.tensors if tensor.is_constant)


def _total(tensors: Iterable[Tensor]) -> int:
    return sum(tensor.size_bytes for tensor in tensors)


def _bytes(graph: Graph, indices: Iterable[int]) -> int:
    return sum(graph.tensors[index].size_bytes for index in indices)


def _largest(tensors: Iterable[Tensor]) -> str:
    largest = sorted(tensors, key=lambda tensor: -tensor.size_bytes)[:_LARGEST_SHOWN]
    return ", ".join(f"tensor {t.index} ({t.label}, {t.size_bytes:,} bytes)" for t in largest)

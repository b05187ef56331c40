"""Whether a network can possibly fit a board: constants against flash, activations against RAM."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.model.graph import NO_TENSOR
from boardproof.model.preflight import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from boardproof.model.graph import Graph, Tensor
    from boardproof.project.boards import Board

LARGEST_SHOWN = 3


def check_memory(graph: Graph, board: Board) -> Iterator[Finding]:
    """Findings for a network that cannot fit, whatever the rest of the firmware takes."""
    constants = _constant_tensors(graph)
    excess = sum(tensor.size_bytes for tensor in constants) - (board.flash_bytes or 0)
    if board.flash_bytes is not None and excess > 0:
        yield Finding(
            Severity.ERROR,
            "flash-exceeded",
            f"The model's constants alone are {excess:,} bytes more than the {board.flash_bytes:,} bytes of flash on "
            f"{board.name}; the largest are {_largest(constants)}.",
            "Make these layers smaller, or choose a board with more flash.",
        )
    live = activation_tensors(graph)
    room = board.free_ram_bytes
    excess = sum(tensor.size_bytes for tensor in live) - (room or 0)
    if room is not None and excess > 0:
        yield Finding(
            Severity.ERROR,
            "ram-exceeded",
            f"The activations alive at one moment are {excess:,} bytes more than the {room:,} bytes of RAM that the "
            f"core's stack leaves on {board.name}; the largest are {_largest(live)}.",
            "Make these activations smaller (fewer channels, earlier strides), or choose a board with more RAM.",
        )


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


def _bytes(graph: Graph, indices: Iterable[int]) -> int:
    return sum(graph.tensors[index].size_bytes for index in indices)


def _largest(tensors: Iterable[Tensor]) -> str:
    largest = sorted(tensors, key=lambda tensor: -tensor.size_bytes)[:LARGEST_SHOWN]
    return ", ".join(f"tensor {t.index} ({t.label}, {t.size_bytes:,} bytes)" for t in largest)

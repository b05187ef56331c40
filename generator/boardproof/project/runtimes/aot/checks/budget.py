"""Whether a program fits a board, known before anything is compiled."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from boardproof.model.graph import (
    Conv2D,
    DepthwiseConv2D,
    FullyConnected,
    SequenceLstm,
    Svdf,
    TransposeConv,
)
from boardproof.model.preflight import Finding, Severity
from boardproof.project.runtimes.aot.program import distinct

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from boardproof.model.graph import Graph, Operator
    from boardproof.project.boards import Board
    from boardproof.project.runtimes.aot.memory import Memory
    from boardproof.project.runtimes.aot.passes import Prepared
    from boardproof.project.runtimes.aot.program import Program

BESIDE_ARENA_BYTES = 2_200
"""RAM that boardproof's firmware takes beside the arena and the core, mostly the link's buffers. Measured on nano33ble:
2,312 for keyword spotting, 2,392 for visual wake words."""
_SHOWN = 3
"""How many of the largest tensors a message names."""


def constant_bytes(program: Program, memory: Memory) -> Mapping[int | None, int]:
    """Bytes of flash the tables made from each constant tensor take; None: tables made from no single tensor.

    Of equal tables only the first one is in flash.
    """
    sizes: Counter[int | None] = Counter()
    for table in distinct((*program.tables, *memory.constants.values())):
        sizes[table.tensor] += table.size_bytes
    return sizes


def check_weights(prepared: Prepared, board: Board) -> Iterator[Finding]:
    """Weights that exceed the flash whatever the kernels: known of a prepared graph before any is chosen."""
    sizes = weight_bytes(prepared)
    total = sum(sizes.values())
    flash = board.free_flash_bytes
    if flash is not None and total > flash:
        yield Finding(
            Severity.ERROR,
            "flash-too-small",
            f"The model's weights alone take {total:,} bytes, {total - flash:,} more than the {flash:,} bytes of flash "
            f"that the core leaves on {board.name}; the largest: {_largest(prepared.graph, sizes)}.",
            "Use a smaller model, or a board with more flash (boardproof boards).",
        )


def weight_bytes(prepared: Prepared) -> Mapping[int, int]:
    """Bytes of the constant weights of layers, by tensor, equal ones once: no kernel holds them in less flash."""
    graph, folded = prepared.graph, frozenset(prepared.folded)
    found: dict[bytes | None, int] = {}
    for op in (op for op in graph.operators if op.index not in folded):
        for tensor in (graph.tensors[index] for index in _weights(op)):
            found.setdefault(tensor.data, tensor.index)
    return {index: graph.tensors[index].size_bytes for data, index in found.items() if data is not None}


def _weights(op: Operator) -> tuple[int, ...]:
    """The inputs of a layer that are weights."""
    match op:
        case Conv2D() | DepthwiseConv2D() | FullyConnected() | TransposeConv():
            return op.inputs[1:2]
        case Svdf():
            return op.inputs[1:3]
        case SequenceLstm():
            return (*op.input_weights, *op.recurrent_weights)
        case _:
            return ()


def check_budget(program: Program, memory: Memory, board: Board) -> Iterator[Finding]:
    """Constants that exceed the flash and an arena that exceeds the RAM, by how much, and what is largest.

    Code comes on top: what passes here can still fail to link, with the linker's numbers.
    """
    sizes = constant_bytes(program, memory)
    total = sum(sizes.values())
    flash = board.free_flash_bytes
    if flash is not None and total > flash:
        tensors = {index: size for index, size in sizes.items() if index is not None}
        yield Finding(
            Severity.ERROR,
            "flash-too-small",
            f"The model's constants take {total:,} bytes, {total - flash:,} more than the {flash:,} bytes of flash "
            f"that the core leaves on {board.name}, without any code of ours; the largest: "
            f"{_largest(program.graph, tensors)}.",
            "Use a smaller model, or a board with more flash (boardproof boards).",
        )
    arena, room = memory.plan.size_bytes, arena_room(board)
    if room is not None and arena > room:
        live = _fullest(memory, program)
        yield Finding(
            Severity.ERROR,
            "ram-too-small",
            f"The model's activations take an arena of {arena:,} bytes, {arena - room:,} more than the {room:,} bytes "
            f"of RAM that core, stack and link leave on {board.name}; the largest at the fullest moment: "
            f"{_largest(program.graph, live)}.",
            "Use a smaller input or fewer channels where the largest tensors are, or a board with more RAM.",
        )


def arena_room(board: Board) -> int | None:
    """Bytes of RAM that core, stack and link leave for an arena; None where nobody counts them."""
    return None if board.free_ram_bytes is None else board.free_ram_bytes - BESIDE_ARENA_BYTES


def _fullest(memory: Memory, program: Program) -> Mapping[int, int]:
    """The tensors alive at the step that needs most, by size."""
    by_step = [
        {p.buffer.name: p.buffer.size_bytes for p in memory.plan.live_at(step)}
        for step in range(-1, len(program.steps) + 1)
    ]
    fullest = max(by_step, key=lambda live: sum(live.values()))
    return {int(name.rpartition(" ")[2]): size for name, size in fullest.items() if name.startswith("tensor ")}


def _largest(graph: Graph, sizes: Mapping[int, int]) -> str:
    ranked = sorted(sizes.items(), key=lambda item: -item[1])[:_SHOWN]
    return ", ".join(f"{graph.tensors[index].label} ({size:,} bytes)" for index, size in ranked)

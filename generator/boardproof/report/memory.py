"""What is in memory when, as a value: the plan of a runtime that makes one, or what any runtime must keep."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from boardproof.model.timeline import activation_timeline

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boardproof.model.arena import ArenaPlan
    from boardproof.model.graph import Graph

_TENSOR = "tensor "


class MemoryKind(StrEnum):
    """What a block of memory holds."""

    INPUT = "input"
    OUTPUT = "output"
    ACTIVATION = "activation"
    SCRATCH = "scratch"


@dataclass(frozen=True, slots=True)
class MemoryBlock:
    """A piece of the arena, from one step of the inference to another, both inclusive.

    Attributes:
        name: The tensor's, or of which step it is the scratch memory.
        kind: What it holds.
        first: The step that writes it first; -1 for what is there before the inference.
        last: The step that reads it last; as many as there are steps, for what is read after the inference.
        offset: Its place in the arena, in bytes.
        bytes: Its size.
    """

    name: str
    kind: MemoryKind
    first: int
    last: int
    offset: int
    bytes: int


@dataclass(frozen=True, slots=True)
class MemoryUse:
    """The arena over an inference.

    Attributes:
        planned: Whether the runtime placed the blocks so. Otherwise they are stacked: what must be there, not where.
        steps: How many steps an inference has.
        blocks: What is where, and when.
    """

    planned: bool
    steps: int
    blocks: tuple[MemoryBlock, ...]

    def used_bytes(self, step: int) -> int:
        """The end of the highest block that is live in a step."""
        return max((b.offset + b.bytes for b in self.blocks if b.first <= step <= b.last), default=0)


def memory_use(graph: Graph, plan: ArenaPlan | None) -> MemoryUse:
    """What is in memory when: as planned, or what must be there where the runtime plans for itself."""
    if plan is None:
        return MemoryUse(False, len(graph.operators), tuple(_stacked(graph)))
    blocks = tuple(
        MemoryBlock(
            *_name_and_kind(graph, placement.buffer.name),
            placement.buffer.first,
            placement.buffer.last,
            placement.offset,
            placement.buffer.size_bytes,
        )
        for placement in plan.placements
    )
    return MemoryUse(True, max((block.last for block in blocks), default=0), blocks)


def _name_and_kind(graph: Graph, buffer: str) -> tuple[str, MemoryKind]:
    if not buffer.startswith(_TENSOR):
        return buffer, MemoryKind.SCRATCH
    index = int(buffer.removeprefix(_TENSOR))
    label = graph.tensors[index].label if index < len(graph.tensors) else buffer  # compiling made further tensors
    return label, _kind(graph, index)


def _kind(graph: Graph, index: int) -> MemoryKind:
    if index in graph.inputs:
        return MemoryKind.INPUT
    return MemoryKind.OUTPUT if index in graph.outputs else MemoryKind.ACTIVATION


def _stacked(graph: Graph) -> Iterator[MemoryBlock]:
    """The live activations of each operator, one upon the other."""
    for step, moment in enumerate(activation_timeline(graph)):
        offset = 0
        for tensor in moment.live:
            size = tensor.size_bytes
            yield MemoryBlock(tensor.label, _kind(graph, tensor.index), step, step, offset, size)
            offset += size

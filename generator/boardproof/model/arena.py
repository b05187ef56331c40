"""Where every run-time buffer lives in the one static arena.

The planner sees buffers and lifetimes only; what needs a buffer (activations, scratch) and what may share memory
is decided by the runtime that lowers the graph.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Buffer:
    """Memory needed from step `first` to step `last`, inclusive, both execution positions.

    Attributes:
        name: Unique within a plan: for debugging, the memory timeline and generated comments.
        size_bytes: How much.
        first: The step that writes it first (inputs of the network: 0, or -1 to be live before the first step).
        last: The last step that reads it (outputs of the network: the number of steps).
        alias_of: The name of a buffer whose memory it may take over in place: the same offset, when the other one's
            last use is this one's first step. The planner decides whether it does.
        alias_offset: How many bytes after the start of the other buffer this one must start, when it takes it over;
            may be negative.
    """

    name: str
    size_bytes: int
    first: int
    last: int
    alias_of: str | None = None
    alias_offset: int = 0


@dataclass(frozen=True, slots=True)
class Placement:
    """A buffer and its offset in the arena, in bytes."""

    buffer: Buffer
    offset: int


@dataclass(frozen=True, slots=True)
class ArenaPlan:
    """Offsets for all buffers.

    `lower_bound_bytes` is the largest sum of buffers live at one step, sharing counted: no plan for these buffers can
    be smaller.
    """

    placements: tuple[Placement, ...]
    size_bytes: int
    lower_bound_bytes: int
    alignment: int = 16

    def offset(self, name: str) -> int:
        """The offset of the buffer with this name. Raises KeyError when there is none."""
        return next(p.offset for p in self.placements if p.buffer.name == name)

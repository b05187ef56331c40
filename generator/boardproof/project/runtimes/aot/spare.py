"""Memory of the arena that is free while a step runs: room for kernels that get faster by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.project.runtimes.aot.memory import plan_memory, scratch_buffer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from boardproof.project.runtimes.aot.memory import Memory
    from boardproof.project.runtimes.aot.program import Program

    Lower = Callable[[Mapping[int, int]], Program]
    """Lowers the network again, with so many bytes that each operator may take."""

_ATTEMPTS = 4


def with_spare_memory(program: Program, lower: Lower) -> Program:
    """The network lowered again with what each step leaves free of the arena, so that the arena does not grow.

    What is free is taken for as much as it can be, with outputs over inputs. Where that was too much, the steps in
    question get so much less in the next attempt. The program itself, if none fits, or nothing changes.
    """
    before = plan_memory(program)
    size_bytes = before.plan.size_bytes
    spare = _most(program, before)
    for _ in range(_ATTEMPTS):
        other = lower(spare)
        if [step.kernel for step in other.steps] == [step.kernel for step in program.steps]:
            break
        memory = plan_memory(other)
        larger = memory.plan.size_bytes - size_bytes
        if larger <= 0:
            return other
        beyond = {i: used - size_bytes for i, used in _used(other, memory).items() if used > size_bytes}
        spare = {i: free - (beyond.get(i, 0) if beyond else larger) for i, free in spare.items()}
    return program


def _most(program: Program, memory: Memory) -> dict[int, int]:
    """For each operator, what would be left of the arena at most, besides the tensors that its step needs."""
    spare: dict[int, int] = {}
    for position, step in enumerate(program.steps):
        buffers = [p.buffer for p in memory.plan.live_at(position) if p.buffer.name != scratch_buffer(position)]
        read = sum(b.size_bytes for b in buffers if b.last == position)
        written = sum(b.size_bytes for b in buffers if b.first == position)
        kept = sum(b.size_bytes for b in buffers if b.first < position < b.last)
        spare |= dict.fromkeys(step.implements, memory.plan.size_bytes - kept - max(read, written))
    return spare


def _used(program: Program, memory: Memory) -> dict[int, int]:
    """For each operator, the bytes of the arena that are in use while its step runs."""
    used: dict[int, int] = {}
    for position, step in enumerate(program.steps):
        covered, end = 0, 0
        for placement in memory.plan.live_at(position):
            covered += max(placement.end - max(placement.offset, end), 0)
            end = max(end, placement.end)
        used |= dict.fromkeys(step.implements, covered)
    return used

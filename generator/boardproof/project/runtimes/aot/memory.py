"""Where every tensor of a program is at run time: in the arena, or among the constants in flash."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from boardproof.model.arena import ALIGNMENT, Buffer, plan_arena
from boardproof.project.runtimes.aot.program import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from boardproof.model.arena import ArenaPlan
    from boardproof.project.runtimes.aot.program import Program

BEFORE_FIRST_STEP = -1
"""When the caller writes the network's inputs: all of them together, so all are live then."""


@dataclass(frozen=True, slots=True)
class Memory:
    """A program's memory.

    Attributes:
        plan: Where run-time buffers are in the arena.
        offsets: Arena offset in bytes of each tensor that lives there, views included.
        scratch: Arena offset of each step's scratch memory, by position in the program.
        constants: Tables of constant tensors that kernels take as inputs or the network as outputs, by tensor.
        kept: Tensors that are not in the arena but among the states, where their offsets are; none as a rule.
        kept_bytes: What these states take beside the arena.
    """

    plan: ArenaPlan
    offsets: Mapping[int, int]
    scratch: Mapping[int, int]
    constants: Mapping[int, Table]
    kept: frozenset[int] = frozenset()
    kept_bytes: int = 0


def plan_memory(program: Program, *, states_apart: bool = False) -> Memory:
    """Plans the arena and finds every tensor's place.

    Args:
        program: The network.
        states_apart: Let states have memory of their own, so that nothing in the arena outlives an inference.
    """
    states, kept_bytes = _states_apart(program) if states_apart else ({}, 0)
    apart = set(map(tensor_buffer, states))
    plan = plan_arena(tuple(buffer for buffer in arena_buffers(program) if buffer.name not in apart))
    offsets: dict[int, int] = {}
    constants: dict[int, Table] = {}
    kept: set[int] = set()
    for tensor in _used_tensors(program):
        root, distance = program.root(tensor)
        if program.graph.tensors[root].is_constant:
            constants[tensor] = _constant(program, root)
        elif root in states:
            offsets[tensor] = states[root] + distance
            kept.add(tensor)
        else:
            offsets[tensor] = plan.offset(tensor_buffer(root)) + distance
    scratch = {i: plan.offset(scratch_buffer(i)) for i, step in enumerate(program.steps) if step.scratch_bytes}
    return Memory(plan, offsets, scratch, constants, frozenset(kept), kept_bytes)


def _states_apart(program: Program) -> tuple[dict[int, int], int]:
    """Where the states that some step uses are in memory of their own, and how many bytes that is."""
    lifetimes = _lifetimes(program)
    places: dict[int, int] = {}
    end = 0
    for tensor in dict.fromkeys(state.tensor for state in program.states if state.tensor in lifetimes):
        places[tensor] = end
        end += -(-program.graph.tensors[tensor].size_bytes // ALIGNMENT) * ALIGNMENT
    return places, end


def tensor_buffer(tensor: int) -> str:
    """The name of a tensor's buffer in the arena plan."""
    return f"tensor {tensor}"


def scratch_buffer(position: int) -> str:
    """The name of a step's scratch memory in the arena plan."""
    return f"scratch of step {position}"


def arena_buffers(program: Program) -> Iterator[Buffer]:
    """All run-time buffers with their lifetimes, and what may take over what."""
    lifetimes, reads = _lifetimes(program), _last_reads(program)
    takers = {
        program.root(tensor)[0]: taken
        for position, step in enumerate(program.steps)
        for output, tensor in enumerate(step.outputs)
        if (taken := _taken_over(program, reads, position, output)) is not None
    }
    for root, (first, last) in lifetimes.items():
        source, offset = takers.get(root, (None, 0))
        alias = None if source is None else tensor_buffer(source)
        size = program.graph.tensors[root].size_bytes
        yield Buffer(tensor_buffer(root), size, first, last, alias, offset)
    for position, step in enumerate(program.steps):
        if step.scratch_bytes:
            yield Buffer(scratch_buffer(position), step.scratch_bytes, position, position)


def _used_tensors(program: Program) -> Iterator[int]:
    yield from program.graph.inputs
    for step in program.steps:
        yield from (*step.inputs, *step.outputs)
    yield from program.graph.outputs


def _lifetimes(program: Program) -> dict[int, tuple[int, int]]:
    """First and last step of each tensor that owns arena memory, in order of first use; states live for ever."""
    events: list[tuple[int, int]] = [(tensor, BEFORE_FIRST_STEP) for tensor in program.graph.inputs]
    for position, step in enumerate(program.steps):
        events += [(tensor, position) for tensor in (*step.inputs, *step.outputs)]
    events += [(tensor, len(program.steps)) for tensor in program.graph.outputs]
    lifetimes: dict[int, tuple[int, int]] = {}
    for tensor, when in events:
        root = program.root(tensor)[0]
        if not program.graph.tensors[root].is_constant:
            lifetimes[root] = (lifetimes.get(root, (when, when))[0], when)
    states = {state.tensor for state in program.states} & lifetimes.keys()
    return lifetimes | dict.fromkeys(states, (BEFORE_FIRST_STEP, len(program.steps)))


def _taken_over(program: Program, reads: Mapping[int, int], step_position: int, output: int) -> tuple[int, int] | None:
    """The root tensor whose memory an output may take over, and its distance in bytes; None if there is none.

    Two inputs in one buffer: both must allow it, at the same distance.
    """
    step = program.steps[step_position]
    size = program.graph.tensors[step.outputs[output]].size_bytes
    allowed = {p.input: p.offset_bytes // ALIGNMENT * ALIGNMENT for p in step.in_place if p.output == output}
    candidates: list[tuple[int, int, int]] = []
    for position, offset in allowed.items():
        root, distance = program.root(step.inputs[position])
        same_buffer = [i for i, t in enumerate(step.inputs) if program.root(t)[0] == root]
        distances = {program.root(step.inputs[i])[1] + allowed[i] if i in allowed else None for i in same_buffer}
        tensor = program.graph.tensors[root]
        overlap = min(tensor.size_bytes - distance - offset, size, size + offset + distance)
        safe = not tensor.is_constant and distances == {distance + offset}
        if safe and overlap > 0 and reads.get(root, step_position) <= step_position:
            candidates.append((overlap, root, distance + offset))
    return max(candidates, key=lambda c: c[0])[1:] if candidates else None


def _last_reads(program: Program) -> Mapping[int, int]:
    """The last step that reads each buffer; one past them all where it is needed after the inference."""
    read = {program.root(tensor)[0]: position for position, step in enumerate(program.steps) for tensor in step.inputs}
    kept = (*program.graph.outputs, *(state.tensor for state in program.states))
    return read | {program.root(tensor)[0]: len(program.steps) for tensor in kept}


def _constant(program: Program, tensor: int) -> Table:
    constant = program.graph.tensors[tensor]
    values = constant.array().reshape(-1)
    alignment = max(values.itemsize, 4)
    return Table("constant", values, f"constant, {constant.label}", tensor, alignment)


def position_bytes(program: Program, positions: Iterable[int] | None = None) -> list[int]:
    """For each step, or those named, what its tensors and scratch memory and those beside it take at least."""
    buffers = list(arena_buffers(program))
    found = []
    for position in range(len(program.steps)) if positions is None else positions:
        live = [buffer for buffer in buffers if buffer.first <= position <= buffer.last]
        shared = sum(_overlap(buffer, live) for buffer in live if buffer.first == position)
        found.append(sum(buffer.size_bytes for buffer in live) - shared)
    return found


def _overlap(buffer: Buffer, live: list[Buffer]) -> int:
    """The bytes of a buffer that lie in the one it may take over."""
    taken = next((other for other in live if other.name == buffer.alias_of), None)
    if taken is None:
        return 0
    begin, end = buffer.alias_offset, buffer.alias_offset + buffer.size_bytes
    return max(min(end, taken.size_bytes) - max(begin, 0), 0)

"""Where every run-time buffer lives in the one static arena.

The planner sees buffers and lifetimes only; what needs a buffer (activations, scratch) and what may share memory
is decided by the runtime that lowers the graph.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    _Meetings = Mapping[str, tuple[tuple[str, int], ...]]
    """By a buffer's name, the names and sizes of those that are live with it."""

ALIGNMENT = 8
"""Offsets are multiples of this: enough for int64 and for doubleword loads, and small enough to waste little."""

_SEARCH_ROUNDS = 600
"""Orders tried after the fixed ones; a bound on effort that, unlike a time limit, gives the same plan everywhere."""

_SEARCH_PAIRS = _SEARCH_ROUNDS * 150**2
"""Pairs of buffers that a search may look at: placing n looks at n squared. An unrolled layer has many hundreds."""

_LEADING_TRIED = 5
"""Buffers whose sharing is given up in any combination, the largest that begin before what they take over."""


@dataclass(frozen=True, slots=True)
class Buffer:
    """Memory needed from step `first` to step `last`, inclusive, both execution positions.

    Attributes:
        name: Unique within a plan: for debugging, the memory timeline and generated comments.
        size_bytes: How much.
        first: The step that writes it first (inputs of the network: 0, or -1 to be live before the first step).
        last: The last step that reads it (outputs of the network: the number of steps).
        alias_of: The name of a buffer whose memory it may take over in place: when the other one's last use is this
            one's first step. The planner decides whether it does.
        alias_offset: How many bytes after the start of the other buffer this one must start, when it takes it over;
            may be negative. A multiple of the alignment.
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

    @property
    def end(self) -> int:
        """The offset of the first byte after it."""
        return self.offset + self.buffer.size_bytes


@dataclass(frozen=True, slots=True)
class ArenaPlan:
    """Offsets for all buffers.

    `lower_bound_bytes` is the largest number of bytes live at one step, with every possible sharing counted: no plan
    for these buffers can be smaller.
    """

    placements: tuple[Placement, ...]
    size_bytes: int
    lower_bound_bytes: int
    alignment: int = ALIGNMENT

    def offset(self, name: str) -> int:
        """The offset of the buffer with this name. Raises KeyError when there is none."""
        for placement in self.placements:
            if placement.buffer.name == name:
                return placement.offset
        raise KeyError(name)

    def live_at(self, step: int) -> tuple[Placement, ...]:
        """What occupies the arena while this step runs, in order of offset."""
        live = (p for p in self.placements if p.buffer.first <= step <= p.buffer.last)
        return tuple(sorted(live, key=lambda p: p.offset))


@dataclass(frozen=True, slots=True)
class _Group:
    """Buffers that share memory: they move together, each at a fixed distance from the group's start."""

    members: tuple[Placement, ...]  # offsets relative to the group

    @property
    def size_bytes(self) -> int:
        return max(member.end for member in self.members)

    @property
    def weight(self) -> int:
        """Bytes times steps: how much of the arena's area it covers."""
        return sum(m.buffer.size_bytes * (m.buffer.last - m.buffer.first + 1) for m in self.members)

    @property
    def first(self) -> int:
        return min(member.buffer.first for member in self.members)


def plan_arena(buffers: Sequence[Buffer], alignment: int = ALIGNMENT) -> ArenaPlan:
    """Places buffers so that no two that are live at the same step overlap, in as little memory as it can find.

    Greedy first-fit over several orders, then over seeded random changes of the best order, until the lower bound is
    met or a fixed number of orders was tried. The same buffers give the same plan on every machine.

    Args:
        buffers: All buffers; names are unique.
        alignment: Every offset is a multiple of this many bytes.

    Raises:
        ValueError: Two buffers have one name, a lifetime ends before it begins, or `alias_of` names no buffer.
    """
    _check(buffers)
    return _plan(tuple(buffers), alignment)


@lru_cache(maxsize=64)
def _plan(buffers: tuple[Buffer, ...], alignment: int) -> ArenaPlan:
    """The plan of buffers that were checked: made once, however often whoever chooses between programs asks."""
    sized = [b for b in buffers if b.size_bytes > 0]
    shared = _group(sized, alignment)
    bound = _lower_bound(sized, alignment)
    meetings = _meetings(sized)
    best = _search(shared, alignment, bound, meetings)
    if _extent(best) > bound:
        # Sharing ties buffers to one place; now and then a plan without some of it packs better.
        best = min((best, *_without_one_alias(sized, alignment, meetings)), key=_extent)
    if _extent(best) > bound:
        best = min((best, *_without_leading_aliases(sized, alignment, meetings)), key=_extent)
    empty = [Placement(b, 0) for b in buffers if b.size_bytes == 0]
    return ArenaPlan((*best, *empty), _round_up(_extent(best), alignment), bound, alignment)


def _check(buffers: Sequence[Buffer]) -> None:
    names = {b.name for b in buffers}
    if len(names) != len(buffers):
        raise ValueError("two buffers have the same name")
    for b in buffers:
        if b.last < b.first:
            raise ValueError(f"buffer {b.name} ends at step {b.last}, before it begins at step {b.first}")
        if b.alias_of is not None and b.alias_of not in names:
            raise ValueError(f"buffer {b.name} may take over {b.alias_of}, which does not exist")


def _round_up(value: int, alignment: int) -> int:
    return -(-value // alignment) * alignment


def _group(buffers: Sequence[Buffer], alignment: int, keep_apart: Collection[str] = frozenset()) -> tuple[_Group, ...]:
    """Joins buffers with those they take over. `keep_apart` names some that are placed on their own all the same."""
    by_name = {b.name: b for b in buffers}
    members: dict[str, list[Placement]] = {}  # group leader -> members
    leader_of: dict[str, tuple[str, int]] = {}  # buffer -> (leader, offset relative to the leader)
    taken: set[str] = set()
    for b in sorted(buffers, key=lambda b: (b.first, b.last)):
        source = by_name.get(b.alias_of) if b.alias_of is not None and b.name not in keep_apart else None
        joins = (
            source is not None
            and source.name in leader_of
            and source.name not in taken
            and source.last == b.first
            and b.alias_offset % alignment == 0
        )
        if source is None or not joins:
            leader_of[b.name] = (b.name, 0)
            members[b.name] = [Placement(b, 0)]
            continue
        leader, offset = leader_of[source.name]
        placement = Placement(b, offset + b.alias_offset)
        if any(_collide(placement, m) for m in members[leader] if m.buffer is not source):
            leader_of[b.name] = (b.name, 0)
            members[b.name] = [Placement(b, 0)]
            continue
        taken.add(source.name)
        leader_of[b.name] = (leader, placement.offset)
        members[leader].append(placement)
    return tuple(_normalise(group) for group in members.values())


def _normalise(members: Iterable[Placement]) -> _Group:
    members = tuple(members)
    lowest = min(m.offset for m in members)
    return _Group(tuple(Placement(m.buffer, m.offset - lowest) for m in members))


def _lower_bound(buffers: Sequence[Buffer], alignment: int) -> int:
    """The bytes live at the fullest step, each buffer sharing with the one successor that overlaps it most."""
    peak = 0
    for step in {b.first for b in buffers}:
        shared: dict[str, int] = {}
        for b in buffers:
            if b.first == step and b.alias_of is not None:
                shared[b.alias_of] = max(shared.get(b.alias_of, 0), _overlap_bytes(b, buffers, step))
        live = sum(b.size_bytes for b in buffers if b.first <= step <= b.last)
        peak = max(peak, live - sum(shared.values()))
    return _round_up(peak, alignment)


def _overlap_bytes(taker: Buffer, buffers: Sequence[Buffer], step: int) -> int:
    source = next((b for b in buffers if b.name == taker.alias_of and b.last == step), None)
    if source is None:
        return 0
    start, end = max(0, taker.alias_offset), min(source.size_bytes, taker.alias_offset + taker.size_bytes)
    return max(0, end - start)


def _search(groups: Sequence[_Group], alignment: int, bound: int, meetings: _Meetings) -> list[Placement]:
    best_order: list[_Group] = []
    best: list[Placement] | None = None
    for order in _orders(groups):
        plan = _place(order, alignment, meetings)
        if best is None or _extent(plan) < _extent(best):
            best, best_order = plan, order
    rng = random.Random(0)  # noqa: S311 - a search, not a secret
    for _ in range(min(_SEARCH_ROUNDS, _affordable(sum(len(group.members) for group in groups)))):
        if best is None or _extent(best) <= bound:
            break
        order = list(best_order)
        order.insert(rng.randrange(len(order)), order.pop(rng.randrange(len(order))))
        plan = _place(order, alignment, meetings)
        if _extent(plan) <= _extent(best):
            best, best_order = plan, order
    return best or []


def _affordable(buffers: int) -> int:
    """How often so many buffers may be placed."""
    return _SEARCH_PAIRS // max(1, buffers) ** 2


def _orders(groups: Sequence[_Group]) -> Iterator[list[_Group]]:
    """Orders that usually pack well; the sort is stable, so ties keep execution order."""
    yield sorted(groups, key=lambda g: -g.size_bytes)
    yield sorted(groups, key=lambda g: -g.weight)
    yield sorted(groups, key=lambda g: g.first)
    yield sorted(groups, key=lambda g: -g.first)


def _without_one_alias(buffers: Sequence[Buffer], alignment: int, meetings: _Meetings) -> Iterator[list[Placement]]:
    sharing = [b for b in buffers if b.alias_of is not None]
    affordable = _affordable(len(buffers)) // 4  # there are as many orders
    if len(sharing) > affordable:
        sharing = sorted(sharing, key=lambda b: -b.size_bytes)[:affordable]
    for b in sharing:
        groups = _group(buffers, alignment, keep_apart={b.name})
        yield min((_place(order, alignment, meetings) for order in _orders(groups)), key=_extent)


def _without_leading_aliases(
    buffers: Sequence[Buffer], alignment: int, meetings: _Meetings
) -> Iterator[list[Placement]]:
    """Plans without any of the few buffers that begin before what they take over: one after another, they add up."""
    leading = [b.name for b in buffers if b.alias_of is not None and b.alias_offset < 0]
    apart = sorted(leading, key=lambda name: -next(b.size_bytes for b in buffers if b.name == name))[:_LEADING_TRIED]
    for count in range(2, len(apart) + 1):
        for names in combinations(apart, count):
            groups = _group(buffers, alignment, keep_apart=names)
            yield min((_place(order, alignment, meetings) for order in _orders(groups)), key=_extent)


def _place(order: Sequence[_Group], alignment: int, meetings: _Meetings) -> list[Placement]:
    placed: dict[str, int] = {}
    found: list[Placement] = []
    for group in order:
        base = _lowest_fit(group, placed, alignment, meetings)
        for member in group.members:
            placed[member.buffer.name] = base + member.offset
            found.append(Placement(member.buffer, base + member.offset))
    return found


def _lowest_fit(group: _Group, placed: Mapping[str, int], alignment: int, meetings: _Meetings) -> int:
    """The smallest aligned base at which no member meets a placed buffer that is live with it."""
    forbidden = sorted(
        (placed[name] - m.end, placed[name] + size_bytes - m.offset)  # with bases strictly between, they overlap
        for m in group.members
        for name, size_bytes in meetings[m.buffer.name]
        if name in placed
    )
    base = 0
    for low, high in forbidden:
        if low < base < high:
            base = _round_up(high, alignment)
    return base


def _meetings(buffers: Sequence[Buffer]) -> _Meetings:
    """For each buffer, those that are live with it."""
    return {a.name: tuple((b.name, b.size_bytes) for b in buffers if b is not a and _coexist(a, b)) for a in buffers}


def _coexist(a: Buffer, b: Buffer) -> bool:
    return a.first <= b.last and b.first <= a.last


def _collide(a: Placement, b: Placement) -> bool:
    return _coexist(a.buffer, b.buffer) and a.offset < b.end and b.offset < a.end


def _extent(placements: Sequence[Placement]) -> int:
    return max((p.end for p in placements), default=0)

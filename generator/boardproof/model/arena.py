"""Where every run-time buffer lives in the one static arena.

The planner sees buffers and lifetimes only; what needs a buffer (activations, scratch) and what may share memory
is decided by the runtime that lowers the graph.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from math import inf
from typing import TYPE_CHECKING, overload

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
        best = _best_apart(best, ({name} for name in _sharing(sized)), sized, alignment, meetings)
    if _extent(best) > bound:
        best = _best_apart(best, _leading(sized), sized, alignment, meetings)
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
    packing = _Packing.of(groups, alignment, meetings)
    best = min(map(packing.placed, packing.orders()), key=packing.extent)
    order, extent = list(best), packing.extent(best)
    rng = random.Random(0)  # noqa: S311 - a search, not a secret
    for _ in range(min(_SEARCH_ROUNDS, _affordable(sum(len(group.members) for group in groups)))):
        if extent <= bound:
            break
        changed = list(order)
        to, start = rng.randrange(len(order)), rng.randrange(len(order))
        changed.insert(to, changed.pop(start))
        same = order[: min(to, start)]
        plan = packing.placed(changed, {group: best[group] for group in same}, extent)
        if plan is not None:
            best, order, extent = plan, changed, packing.extent(plan)
    return packing.placements(best)


def _affordable(buffers: int) -> int:
    """How often so many buffers may be placed."""
    return _SEARCH_PAIRS // max(1, buffers) ** 2


@dataclass(frozen=True, slots=True)
class _Packing:
    """Groups to be placed, known by their positions, and what keeps them apart; a plan is the base of each, in order.

    Attributes:
        sizes: Bytes of each group.
        apart: For each group, others with the bases that it cannot have, relative to theirs: those strictly between.
    """

    groups: Sequence[_Group]
    alignment: int
    sizes: Sequence[int]
    apart: Sequence[Sequence[tuple[int, int, int]]]

    @staticmethod
    def of(groups: Sequence[_Group], alignment: int, meetings: _Meetings) -> _Packing:
        where = {m.buffer.name: (position, m.offset) for position, group in enumerate(groups) for m in group.members}
        apart: list[list[tuple[int, int, int]]] = [[] for _ in groups]
        for position, group in enumerate(groups):
            for member in group.members:
                for name, size_bytes in meetings[member.buffer.name]:
                    other, offset = where[name]
                    if other != position:
                        apart[position].append((other, offset - member.end, offset + size_bytes - member.offset))
        return _Packing(groups, alignment, [group.size_bytes for group in groups], apart)

    def orders(self) -> Iterator[list[int]]:
        """Orders that usually pack well; the sort is stable, so ties keep execution order."""
        firsts = [group.first for group in self.groups]
        last_first = [-first for first in firsts]
        for values in ([-size for size in self.sizes], [-group.weight for group in self.groups], firsts, last_first):
            yield sorted(range(len(values)), key=values.__getitem__)

    @overload
    def placed(self, order: Iterable[int]) -> dict[int, int]: ...
    @overload
    def placed(self, order: Iterable[int], bases: dict[int, int], limit: int) -> dict[int, int] | None: ...
    def placed(
        self, order: Iterable[int], bases: dict[int, int] | None = None, limit: float = inf
    ) -> dict[int, int] | None:
        """Each group as low as those placed before it allow.

        `bases`: of groups placed already. None as soon as one ends after the limit.
        """
        bases = {} if bases is None else bases
        for group in order:
            if group in bases:
                continue
            base = self._lowest(group, bases)
            if base + self.sizes[group] > limit:
                return None
            bases[group] = base
        return bases

    def _lowest(self, group: int, bases: Mapping[int, int]) -> int:
        """The smallest aligned base at which no member meets a placed buffer that is live with it."""
        taken = [(bases[other] + low, bases[other] + high) for other, low, high in self.apart[group] if other in bases]
        taken.sort()
        base = 0
        for low, high in taken:
            if low < base < high:
                base = _round_up(high, self.alignment)
        return base

    def extent(self, plan: Mapping[int, int]) -> int:
        return max((base + self.sizes[group] for group, base in plan.items()), default=0)

    def placements(self, plan: Mapping[int, int]) -> list[Placement]:
        members = ((base, member) for group, base in plan.items() for member in self.groups[group].members)
        return [Placement(member.buffer, base + member.offset) for base, member in members]


def _best_apart(
    best: list[Placement],
    apart: Iterable[Collection[str]],
    buffers: Sequence[Buffer],
    alignment: int,
    meetings: _Meetings,
) -> list[Placement]:
    """The plan, or a smaller one where some of these buffers do not share memory."""
    for names in apart:
        packing = _Packing.of(_group(buffers, alignment, keep_apart=names), alignment, meetings)
        for order in packing.orders():
            plan = packing.placed(order, {}, _extent(best) - 1)
            best = best if plan is None else packing.placements(plan)
    return best


def _sharing(buffers: Sequence[Buffer]) -> list[str]:
    """The buffers that may share memory, the largest where there are too many to look at all."""
    sharing = [b for b in buffers if b.alias_of is not None]
    affordable = _affordable(len(buffers)) // 4  # there are as many orders
    if len(sharing) > affordable:
        sharing = sorted(sharing, key=lambda b: -b.size_bytes)[:affordable]
    return [b.name for b in sharing]


def _leading(buffers: Sequence[Buffer]) -> Iterator[Collection[str]]:
    """Any of the few buffers that begin before what they take over: one after another, they add up."""
    leading = sorted((b for b in buffers if b.alias_of is not None and b.alias_offset < 0), key=lambda b: -b.size_bytes)
    names = [b.name for b in leading[:_LEADING_TRIED]]
    return (apart for count in range(2, len(names) + 1) for apart in combinations(names, count))


def _meetings(buffers: Sequence[Buffer]) -> _Meetings:
    """For each buffer, those that are live with it."""
    return {a.name: tuple((b.name, b.size_bytes) for b in buffers if b is not a and _coexist(a, b)) for a in buffers}


def _coexist(a: Buffer, b: Buffer) -> bool:
    return a.first <= b.last and b.first <= a.last


def _collide(a: Placement, b: Placement) -> bool:
    return _coexist(a.buffer, b.buffer) and a.offset < b.end and b.offset < a.end


def _extent(placements: Sequence[Placement]) -> int:
    return max((p.end for p in placements), default=0)

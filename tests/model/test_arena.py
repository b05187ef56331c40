"""The arena planner: nothing live overlaps, sharing happens, and the bound is a bound."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boardproof.model import arena
from boardproof.model.arena import ArenaPlan, Buffer, plan_arena


@st.composite
def buffer_lists(draw: st.DrawFn) -> list[Buffer]:
    """Up to twelve buffers over ten steps, some of which may take over another one in place."""
    buffers: list[Buffer] = []
    for i in range(draw(st.integers(1, 12))):
        first = draw(st.integers(-1, 9))
        size = draw(st.integers(0, 400))
        candidates = [b for b in buffers if b.last == first]
        source = draw(st.sampled_from(candidates)) if candidates and draw(st.booleans()) else None
        buffers.append(
            Buffer(
                name=f"b{i}",
                size_bytes=size,
                first=first,
                last=draw(st.integers(first, 10)),
                alias_of=source.name if source else None,
                alias_offset=8 * draw(st.integers(-4, 4)) if source else 0,
            )
        )
    return buffers


def may_overlap(a: Buffer, b: Buffer) -> bool:
    return (a.alias_of == b.name and b.last == a.first) or (b.alias_of == a.name and a.last == b.first)


def assert_sound(plan: ArenaPlan) -> None:
    for i, p in enumerate(plan.placements):
        assert p.offset >= 0
        assert p.offset % plan.alignment == 0
        assert p.end <= plan.size_bytes
        for q in plan.placements[:i]:
            coexist = p.buffer.first <= q.buffer.last and q.buffer.first <= p.buffer.last
            disjoint = p.end <= q.offset or q.end <= p.offset or not p.buffer.size_bytes or not q.buffer.size_bytes
            if coexist and not disjoint:
                assert may_overlap(p.buffer, q.buffer), (p, q)
                source, taker = (p, q) if q.buffer.alias_of == p.buffer.name else (q, p)
                assert taker.offset - source.offset == taker.buffer.alias_offset


@settings(max_examples=100, deadline=None)
@given(buffer_lists())
def test_every_plan_is_sound_and_not_below_its_bound(buffers: list[Buffer]) -> None:
    plan = plan_arena(buffers)
    assert_sound(plan)
    assert {p.buffer.name for p in plan.placements} == {b.name for b in buffers}
    assert plan.size_bytes >= plan.lower_bound_bytes
    assert plan_arena(buffers) == plan


def test_a_chain_needs_its_two_largest_neighbours() -> None:
    plan = plan_arena([Buffer("a", 64, 0, 1), Buffer("b", 128, 1, 2), Buffer("c", 32, 2, 3)])
    assert plan.size_bytes == plan.lower_bound_bytes == 192


def test_in_place_takes_no_more_memory() -> None:
    plan = plan_arena([Buffer("a", 128, 0, 1), Buffer("b", 128, 1, 2, alias_of="a"), Buffer("c", 8, 2, 3)])
    assert plan.size_bytes == plan.lower_bound_bytes == 136
    assert plan.offset("a") == plan.offset("b")


def test_a_buffer_read_later_is_not_taken_over() -> None:
    plan = plan_arena([Buffer("a", 64, 0, 3), Buffer("b", 64, 1, 2, alias_of="a")])
    assert plan.size_bytes == 128


def test_only_one_buffer_takes_another_over() -> None:
    both = [Buffer("a", 64, 0, 1), Buffer("b", 64, 1, 2, alias_of="a"), Buffer("c", 64, 1, 2, alias_of="a")]
    assert plan_arena(both).size_bytes == 128


def test_shifted_takeover_is_counted() -> None:
    plan = plan_arena([Buffer("a", 64, 0, 1), Buffer("b", 64, 1, 2, alias_of="a", alias_offset=-16)])
    assert plan.size_bytes == plan.lower_bound_bytes == 80
    assert plan.offset("a") - plan.offset("b") == 16


def test_a_residual_block_meets_the_bound() -> None:
    plan = plan_arena(
        [
            Buffer("in", 16384, -1, 0),
            Buffer("x", 16384, 0, 3),
            Buffer("y", 16384, 1, 2),
            Buffer("z", 16384, 2, 3),
            Buffer("sum", 16384, 3, 4, alias_of="z"),
        ]
    )
    assert plan.size_bytes == plan.lower_bound_bytes == 3 * 16384


def test_live_at_lists_what_a_step_sees() -> None:
    plan = plan_arena([Buffer("a", 64, 0, 1), Buffer("b", 128, 1, 2)])
    assert {p.buffer.name for p in plan.live_at(1)} == {"a", "b"}
    assert [p.buffer.name for p in plan.live_at(2)] == ["b"]


@pytest.mark.parametrize(
    ("buffers", "message"),
    [
        ([Buffer("a", 1, 0, 1), Buffer("a", 1, 0, 1)], "same name"),
        ([Buffer("a", 1, 2, 1)], "before it begins"),
        ([Buffer("a", 1, 0, 1, alias_of="b")], "does not exist"),
    ],
)
def test_senseless_buffers_are_refused(buffers: list[Buffer], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plan_arena(buffers)


def test_many_buffers_are_placed_a_bounded_number_of_times(monkeypatch):
    """An unrolled recurrent layer has hundreds, each of which may take over the one before."""
    placed = []
    place = arena._Packing.placed
    monkeypatch.setattr(
        arena._Packing, "placed", lambda packing, *rest: placed.append(len(packing.groups)) or place(packing, *rest)
    )
    monkeypatch.setattr(arena, "_SEARCH_PAIRS", 20 * 300**2)
    buffers = [Buffer(f"b{i}", 8 + i % 5 * 8, i, i + 3, f"b{i - 3}" if i > 2 else None) for i in range(300)]
    plan = plan_arena(buffers)
    assert plan.size_bytes > plan.lower_bound_bytes
    assert len(placed) <= 4 + 20 + 20

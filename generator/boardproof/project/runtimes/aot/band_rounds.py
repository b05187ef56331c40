"""Bands that differ by the same distances from one to the next, as rounds of a loop."""

from __future__ import annotations

from dataclasses import replace

from boardproof.project.runtimes.aot.program import Call, Move, Round


def folded(rounds: list[Round]) -> tuple[Round, ...]:
    """Rounds that differ by the same distances from one to the next become one, repeated."""
    found: list[Round] = []
    for new in rounds:
        joined = _joined(found[-1], new) if found else None
        if joined is None:
            found.append(new)
        else:
            found[-1] = joined
    return tuple(found)


def _joined(before: Round, new: Round) -> Round | None:
    if len(before.actions) != len(new.actions):
        return None
    actions: list[Call | Move] = []
    for a, b in zip(before.actions, new.actions, strict=True):
        if isinstance(a, Move) or isinstance(b, Move):
            if a != b:
                return None
            actions.append(a)
            continue
        if a.part != b.part or [p.tensor for p in a.places] != [p.tensor for p in b.places]:
            return None
        places = []
        for x, y in zip(a.places, b.places, strict=True):
            advance = y.offset_bytes - x.offset_bytes if before.count == 1 else x.advance_bytes
            if y.offset_bytes != x.offset_bytes + before.count * advance:
                return None
            places.append(replace(x, advance_bytes=advance))
        actions.append(Call(a.part, tuple(places)))
    return Round(before.count + 1, tuple(actions))

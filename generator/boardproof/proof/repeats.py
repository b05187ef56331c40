"""What speaks against a board although its outputs may be right: it does not do the same thing twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.project.boards import TickUnit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boardproof.device.types import BoardRun, Repeat

CYCLES_TOLERANCE = 0.01
"""Interrupts (USB, the system's timer) take cycles now and then; an emulator's count has nothing to add."""


def doubts(run: BoardRun) -> tuple[str, ...]:
    """Why not to trust a run, one sentence each; empty when a sample that ran twice did the same both times.

    Other outputs for the same input are always a reason. Other ticks are one where the board counts instructions, and
    where it counts cycles and they differ by more than 1 %; microseconds on a shared host say nothing.
    """
    return tuple(doubt for repeat in run.repeats for doubt in _doubts(run, repeat))


def _doubts(run: BoardRun, repeat: Repeat) -> Iterator[str]:
    unit = run.hello.tick_unit
    where = f"sample {repeat.sample} ran twice on {repeat.board}"
    if not repeat.same_outputs:
        yield (
            f"{where} and gave other outputs the second time: something reads memory that it did not write, "
            f"or the hardware fails."
        )
    first, second = repeat.ticks
    allowed = {TickUnit.INSTRUCTIONS: 0.0, TickUnit.CYCLES: CYCLES_TOLERANCE * first}.get(unit)
    if allowed is not None and abs(second - first) > allowed:
        operators = f" (operators {', '.join(map(str, repeat.ops))})" if repeat.ops else ""
        yield (
            f"{where} and took {first:,} {unit}, then {second:,}{operators}: the same work should take as many. "
            f"Look for what depends on earlier samples, or for what else runs on the board."
        )

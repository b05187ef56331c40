"""Which steps run together, a band of rows at a time, so that what lies between them never is in memory as a whole."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise, product
from typing import TYPE_CHECKING

from boardproof.project.runtimes.aot.band_rows import stage_of
from boardproof.project.runtimes.aot.bands import streamed
from boardproof.project.runtimes.aot.memory import plan_memory, position_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from boardproof.project.runtimes.aot.band_rows import Stage
    from boardproof.project.runtimes.aot.bands import Lower
    from boardproof.project.runtimes.aot.program import Program, Step

LONGEST = 4
"""Steps that run together."""

HEIGHTS = (16, 8, 4, 2, 1)
"""Rows of the last output in a band that are tried."""

_ROUNDS = 6
_TRIED = 4
_LEAST_SAVED = 1024
"""Bytes of the arena that are worth the calls' flash."""

_GAIN = 0.98
"""What is left of the fullest moment where streaming is worth anything."""


@dataclass(frozen=True, slots=True)
class _Variant:
    """A step that runs a chain, the chain's operators, what memory it needs while it runs, and its estimated ticks."""

    step: Step
    need_bytes: int
    ticks: int


def with_streams(
    program: Program, lowers: tuple[Lower, ...], is_worth_it: Callable[[Program], bool] = lambda _: True
) -> Program:
    """The program with steps run together where memory is fullest, as far as that lowers it and is worth it.

    Args:
        program: A lowered network.
        lowers: Give the step of an operator of it, with other shapes: each in another way.
        is_worth_it: Whether a program may be taken for what it saves; fewer steps run together where not.
    """
    chosen: list[tuple[_Variant, ...]] = []
    smaller = [program]
    for _ in range(_ROUNDS if program.steps else 0):  # views alone need no step
        needs = position_bytes(smaller[-1])
        fullest = needs.index(max(needs))
        chains = [tuple(variants) for variants in _variants(smaller[-1], fullest, lowers)]
        best = min(chains, key=_least, default=())
        if not best or _least(best) > _GAIN * needs[fullest]:
            break
        chosen.append(best)
        smaller.append(_with(smaller[-1], min(best, key=lambda variant: (variant.need_bytes, variant.ticks))))
    for rounds in range(len(chosen), 0, -1):
        found = smaller[rounds]
        if plan_memory(program).plan.size_bytes - plan_memory(found).plan.size_bytes < _LEAST_SAVED:
            break
        for variants in chosen[:rounds]:
            found = _faster(found, variants)
        if is_worth_it(found):
            return found
    return program


def _faster(program: Program, variants: tuple[_Variant, ...]) -> Program:
    """The program with the fastest variant that needs no more memory; a few are tried."""
    peak, size = max(position_bytes(program)), plan_memory(program).plan.size_bytes
    fitting = sorted((variant for variant in variants if variant.need_bytes <= peak), key=lambda v: v.ticks)
    programs = (_with(program, variant) for variant in fitting[:_TRIED])
    return next((other for other in programs if plan_memory(other).plan.size_bytes <= size), program)


def _least(variants: tuple[_Variant, ...]) -> int:
    return min(variant.need_bytes for variant in variants)


def _with(program: Program, variant: _Variant) -> Program:
    """The program with a variant's step in place of all that it implements."""
    replaced = set(variant.step.implements)
    at = [i for i, step in enumerate(program.steps) if replaced & set(step.implements)]
    return replace(program, steps=(*program.steps[: at[0]], variant.step, *program.steps[at[-1] + 1 :]))


def _variants(program: Program, fullest: int, lowers: tuple[Lower, ...]) -> Iterator[list[_Variant]]:
    """For each chain that the fullest step is part of, the ways in which it can run, if there are any."""
    for first in range(max(fullest - LONGEST + 1, 0), fullest + 1):
        for last in range(max(first + 1, fullest), min(first + LONGEST, len(program.steps))):
            chain = chain_of(program, program.steps[first : last + 1])
            between = sum(program.graph.tensors[stage.output].size_bytes for stage in (chain or ())[:-1])
            if chain is None or between < _LEAST_SAVED:  # more than that cannot be saved
                continue
            steps = (streamed(chain, program.graph, *how) for how in product(HEIGHTS, lowers))
            found = [_Variant(step, 0, step.ticks or 0) for step in steps if step is not None]
            if found:
                yield [replace(v, need_bytes=position_bytes(_with(program, v), [first])[0]) for v in found]


def chain_of(program: Program, steps: tuple[Step, ...]) -> tuple[Stage, ...] | None:
    """The steps as stages; None unless each makes what only the next one reads, and in rows."""
    stages = [stage_of(step, program.graph) for step in steps if step.stream is None]
    found = tuple(stage for stage in stages if stage is not None)
    if len(found) < len(steps):
        return None
    renamed = {view.tensor for view in program.views} | {view.of for view in program.views}
    for before, after in pairwise(found):
        readers = [step for step in program.steps if before.output in step.inputs]
        alone = readers == [after.step] and before.output not in {*program.graph.outputs, *renamed}
        if after.source != before.output or after.residual == before.output or not alone:
            return None
    return None if renamed & {stage.source for stage in found} else found

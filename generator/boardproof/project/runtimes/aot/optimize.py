"""What `--optimize` means to the choice of kernels. docs/optimize.md says it to users.

`speed` takes the specialised kernels wherever there are any, and lets convolutions unpack more rows at once, for more
scratch memory, and weights more flash. `balanced` and `size` go back to portable kernels where that frees flash, as
long as the whole network does not get slower by more than they allow. `balanced` then lets kernels have memory that is
free anyway. Where an arena does not fit the board, layers run together in bands of rows whatever it costs.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from math import inf
from typing import TYPE_CHECKING

from boardproof.project.runtimes.aot.checks.budget import arena_room
from boardproof.project.runtimes.aot.costs import step_ticks, total_ticks
from boardproof.project.runtimes.aot.kernel_files import kernel_files
from boardproof.project.runtimes.aot.kernelsets import PORTABLE, code_bytes, usable_sets
from boardproof.project.runtimes.aot.kernelsets.types import Tuning
from boardproof.project.runtimes.aot.lowering.convolutions import as_convolution
from boardproof.project.runtimes.aot.lowering.graph import lower_prepared
from boardproof.project.runtimes.aot.memory import plan_memory
from boardproof.project.runtimes.aot.passes import prepare
from boardproof.project.runtimes.aot.program import Program, Step
from boardproof.project.runtimes.aot.spare import with_spare_memory
from boardproof.project.runtimes.aot.streaming import with_streams

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Set

    from boardproof.model.graph import Graph, Operator
    from boardproof.project.boards import Board
    from boardproof.project.runtimes.aot.entry import Lowered
    from boardproof.project.runtimes.aot.kernelsets.types import KernelSet
    from boardproof.project.runtimes.aot.lowering.graph import Chooser
    from boardproof.project.runtimes.aot.passes import Prepared

SPEED = Tuning(rows_scratch_bytes=8192, transformed_weights=True)
"""What kernels may take under `speed`; more for unpacked rows gained nothing on any network measured."""

SLOWDOWN: Mapping[str, float] = {"balanced": 1.01, "size": 1.25}
"""How many times the ticks of the fastest kernels a network may take, as estimated, for less flash."""

SLOWDOWN_FOR_ARENA = 0.03
"""How much more under `balanced` for all of the arena: half as much for half of it."""

SIZE_FLAGS = ("-Os",)
"""Compiler flags of the kernels under `size`, in place of -O2."""


def lower_for(graph: Graph, board: Board, optimize: str) -> Program:
    """Lowers a checked graph as `--optimize` asks.

    Args:
        graph: A graph that `check` has no errors about.
        board: Where it will run.
        optimize: "speed", "balanced" or "size".

    Raises:
        ValueError: The graph holds an operator that has no kernel.
    """
    return choose_kernels(prepare(graph), board, optimize)


def choose_kernels(prepared: Prepared, board: Board, optimize: str, *, bands: bool = True) -> Program:
    """`lower_for` after all passes. A set is asked about an operator once, or once for each try with spare memory.

    `bands`: whether layers may run together in bands of rows.
    """
    special = tuple(kernels for kernels in usable_sets(board.cpu) if kernels is not PORTABLE)
    if not special:
        return lower_prepared(prepared)
    room = arena_room(board) if bands else None
    if optimize == "speed":
        fastest = lower_prepared(prepared, _choosers(special, SPEED))
        tuning = replace(SPEED, transformed_weights=False)
        return fastest if _fits(fastest, room) else _in_bands(fastest, special, frozenset(), tuning)
    smallest, portable = _smallest(prepared, _choosers(special, Tuning()), SLOWDOWN[optimize])
    if optimize == "size":
        return _in_bands(smallest, special, portable, Tuning()) if bands else smallest

    def lower_with(spare: Mapping[int, int]) -> Program:
        choosers = _choosers(special, Tuning(spare_bytes=spare))
        return lower_prepared(prepared, [_without(portable, choose) for choose in choosers])

    faster = with_spare_memory(smallest, lower_with)
    chosen = faster if is_worth_its_flash(faster, smallest) else smallest
    if bands:
        pays = partial(is_worth_its_time, program=chosen) if _fits(chosen, room) else _always
        streaming = _in_bands(smallest, special, portable, Tuning(), pays)
        return chosen if streaming is smallest else streaming
    return chosen


def _always(_: Program) -> bool:
    return True


def _in_bands(
    program: Program,
    special: tuple[KernelSet, ...],
    portable: Set[str],
    tuning: Tuning,
    is_worth_it: Callable[[Program], bool] = _always,
) -> Program:
    """The program with layers that run together in bands of rows, where memory is fullest."""
    tight = replace(tuning, rows_scratch_bytes=0)
    lowers = tuple(_again(special, portable, each) for each in (tuning, tight))
    return with_streams(program, lowers, is_worth_it)


def _fits(program: Program, room: int | None) -> bool:
    return room is None or plan_memory(program).plan.size_bytes <= room


def is_worth_its_time(streaming: Program, program: Program) -> bool:
    """Whether a network may be so much slower for so much less memory, as estimated."""
    sizes = [plan_memory(each).plan.size_bytes for each in (streaming, program)]
    saved = max(1 - sizes[0] / max(sizes[1], 1), 0)
    return total_ticks(streaming) <= (SLOWDOWN["balanced"] + SLOWDOWN_FOR_ARENA * saved) * total_ticks(program)


def tuning_for(optimize: str) -> Tuning:
    """What kernels may take."""
    return SPEED if optimize == "speed" else Tuning()


def kernel_sources(program: Program) -> dict[str, bytes]:
    """The sources of the kernels that a program calls, by file name."""
    parts = [part for step in program.steps for part in step.parts]
    return dict(kernel_files({part.kernel for part in parts}, {"nn_types.h", *(part.header for part in parts)}))


def flash_bytes(program: Program) -> int:
    """What differs from choice to choice: constants, and the kernels' code as compiled for a Cortex-M4 with -Os."""
    constants = {table.values.tobytes(): table.size_bytes for table in program.tables}
    return sum(constants.values()) + code_bytes(kernel_sources(program))


def _choosers(kernel_sets: Iterable[KernelSet], tuning: Tuning) -> tuple[Chooser, ...]:
    """What `lower_prepared` takes: kernels of these sets, in order."""
    return tuple(_offers(kernels, tuning) for kernels in kernel_sets)


def _offers(kernels: KernelSet, tuning: Tuning) -> Chooser:
    """What a set offers for the operators of one network, each asked for once."""
    known: dict[int, Lowered | None] = {}

    def choose(op: Operator, graph: Graph) -> Lowered | None:
        if op.index not in known:
            known[op.index] = kernels.choose(op, graph, tuning)
        return known[op.index]

    return choose


def _again(kernel_sets: Iterable[KernelSet], portable: Set[str], tuning: Tuning) -> Callable[[Operator, Graph], Step]:
    """Lowers an operator of a network once more, with other shapes, and without kernels that were not worth it."""

    def lower(op: Operator, graph: Graph) -> Step:
        op, graph = as_convolution(op, graph)
        offers = (kernels.choose(op, graph, tuning) for kernels in kernel_sets if op.name not in portable)
        found = next((offer for offer in offers if offer is not None), None) or PORTABLE.choose(op, graph, Tuning())
        if not isinstance(found, Step):
            raise TypeError(f"operator {op.index} ({op.name}) has no step")
        return found

    return lower


def is_worth_its_flash(faster: Program, program: Program) -> bool:
    """Whether a network's estimated time falls by a larger share than what its choices take of the flash grows."""
    return flash_bytes(faster) < slowdown(program, faster) * flash_bytes(program)


def _smallest(prepared: Prepared, choosers: tuple[Chooser, ...], limit: float) -> tuple[Program, frozenset[str]]:
    """Leaves the specialised kernels of one kind of operator after the other, where that is worth it: and which."""
    portable: frozenset[str] = frozenset()
    default = _offers(PORTABLE, Tuning())
    best = fastest = lower_prepared(prepared, (*choosers, default))
    for name in sorted({prepared.graph.operators[i].name for step in fastest.steps for i in step.implements}):
        others = (_without(portable | {name}, choose) for choose in choosers)
        other = lower_prepared(prepared, (*others, default))
        if flash_bytes(other) < flash_bytes(best) and slowdown(other, fastest) <= limit:
            portable |= {name}
            best = other
    return best, portable


def slowdown(program: Program, fastest: Program) -> float:
    """How many times the estimated ticks of another program for the same network; steps that both have cancel out.

    Infinite where a kernel that only one of them has is without an estimate.
    """
    common = {_key(step) for step in program.steps} & {_key(step) for step in fastest.steps}
    known = sum(step_ticks(program, step) or 0 for step in program.steps if _key(step) in common)
    ticks = [_ticks_beside(each, common) for each in (program, fastest)]
    return (ticks[0] + known) / max(1, ticks[1] + known) if inf not in ticks else inf


def _key(step: Step) -> tuple[object, ...]:
    """What steps of two programs that are the same have in common."""
    return step.implements, step.kernel, step.stream is not None


def _ticks_beside(program: Program, common: Set[tuple[object, ...]]) -> float:
    found = [step_ticks(program, step) for step in program.steps if _key(step) not in common]
    return inf if None in found else sum(count or 0 for count in found)


def _without(names: Set[str], choose: Chooser) -> Chooser:
    """The chooser, that leaves operators of these names to the portable kernels."""
    return lambda op, graph: None if op.name in names else choose(op, graph)

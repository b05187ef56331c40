"""Finds how large TensorFlow Lite Micro's arena must be: measured and proved on a 32-bit target, or bounded.

The firmware of `TflmRuntime(measure=True)` has a generous arena. Asked to prepare the model, it starts the interpreter
in all of it, reads back the high-water mark, temporaries and scratch memory included, and then starts it anew in
smaller and larger parts, until it has run in N bytes and failed, cleanly, in N - 16. Firmware with N bytes follows.
It runs on zeros, or on ones where a kernel refuses those; a network that runs on neither gets an upper bound.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from boardproof.device.build.compile import build
from boardproof.device.failures import BoardFaultError, ModelFailedError
from boardproof.device.protocol.session import Session
from boardproof.device.reach.links import open_link, require_tools
from boardproof.errors import InputError, ToolError
from boardproof.model.allocations import recorded_allocations
from boardproof.model.preflight import require_runnable
from boardproof.project.boards import BOARDS
from boardproof.project.render import render
from boardproof.project.runtimes.tflm.bound import ALIGNMENT, arena_bound_bytes, recorded_bound_bytes
from boardproof.project.runtimes.tflm.memory import check_arena, room_bytes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from boardproof.model.graph import Graph
    from boardproof.project.boards import Board
    from boardproof.project.runtimes.base import Options
    from boardproof.project.runtimes.tflm import TflmRuntime

STAND_IN = "mps2-an386"
"""Measures for boards that are not emulated: the same core, the same library, the same sizes of everything."""

_UNLIMITED_ARENA_BYTES = 64 * 1024 * 1024
_MODEL_ERROR_ARENA = -1
_MODEL_ERROR_INVOKE = -4
_FAILED_AT = re.compile(r"failed while running: operator (\d{1,5})\b")


class ArenaSource(StrEnum):
    """How an arena's size was obtained."""

    MEASURED = "measured"
    BOUND = "upper bound"
    GIVEN = "given"


@dataclass(frozen=True, slots=True)
class ArenaSize:
    """The size of the tensor arena and how it was obtained.

    Attributes:
        arena_bytes: What the firmware gets.
        source: How it was obtained.
        smallest_bytes: The smallest that works, a multiple of 16, proved by running in it and failing in 16 less; None
            when it was not measured.
        measured_on: The board that measured; None when none did.
        reason: Why none did; "" when one did.
        basis: What an upper bound was computed from; "" for other sizes.
    """

    arena_bytes: int
    source: ArenaSource
    smallest_bytes: int | None = None
    measured_on: str | None = None
    reason: str = ""
    basis: str = ""

    @property
    def is_measured(self) -> bool:
        """Whether a run has shown that it is large enough."""
        return self.measured_on is not None

    def __str__(self) -> str:
        if self.source is ArenaSource.MEASURED:
            return f"measured on {self.measured_on}: runs in it, fails in {ALIGNMENT} bytes less"
        if self.smallest_bytes is not None:
            return f"as given; {self.smallest_bytes:,} bytes would do, measured on {self.measured_on}"
        if self.source is ArenaSource.GIVEN:
            return f"as given, not checked: {self.reason}"
        return f"an upper bound from {self.basis}, not measured: {self.reason}"


@dataclass(frozen=True, slots=True)
class Workload:
    """What the arena is for: a network, the .tflite it was read from, and the runtime with the user's choices.

    `options.arena_bytes` is the size the user gave, if any.
    """

    graph: Graph
    data: bytes
    runtime: TflmRuntime
    options: Options


def find_arena(
    workload: Workload,
    board: Board,
    root: Path,
    *,
    on_line: Callable[[str], None] | None = None,
    on_stage: Callable[[str], None] = lambda _stage: None,
) -> ArenaSize:
    """How large the arena must be. A size the user gave is checked, not trusted.

    Args:
        workload: What it is for.
        board: Where the firmware will run.
        root: Where the measuring project is written and built; see build().
        on_line: Gets what the build says.
        on_stage: Is told what is done, before it is: measuring or bounding.

    Raises:
        InputError: The arena given is too small or too large, or no arena on this board is large enough.
        ToolError, DeviceError: Building or running the measuring firmware failed.
    """
    meter, reason = _meter(board)
    if meter is None:
        on_stage("bounding the tensor arena, which cannot be measured here")
        return _unmeasured(workload, board, reason)
    on_stage(f"measuring the tensor arena on {meter.name} (the first build of the library takes minutes)")
    try:
        smallest = measure_arena(workload, meter, root, on_line=on_line)
    except ModelFailedError as error:
        if error.code != _MODEL_ERROR_INVOKE:
            raise
        return _unmeasured(workload, board, _why_it_stopped(error, workload.graph))
    given = workload.options.arena_bytes
    if given is None:
        return ArenaSize(smallest, ArenaSource.MEASURED, smallest, meter.name)
    if given < smallest:
        raise InputError(
            f"--arena-bytes {given} is too small: the model needs {smallest:,} bytes, measured on {meter.name}.",
            f"Leave --arena-bytes out, or give {smallest} or more.",
        )
    return ArenaSize(_aligned(given), ArenaSource.GIVEN, smallest, meter.name)


def measure_arena(workload: Workload, board: Board, root: Path, *, on_line: Callable[[str], None] | None = None) -> int:
    """The smallest arena, in bytes and a multiple of 16, in which the model runs on this board.

    Raises as find_arena() does.
    """
    room = _room_bytes(board)
    likely = _aligned(2 * arena_bound_bytes(workload.graph, board.cpu.bits))
    runtime = replace(workload.runtime, measure=True)
    for size in sorted({min(room, likely), room}):
        options = replace(workload.options, arena_bytes=size)
        project, _ = render(workload.graph, workload.data, board, runtime, options)
        firmware = build(project, root, on_line=on_line)
        try:
            with open_link(firmware, board) as link:
                session = Session(link, firmware.model_sha256)
                session.connect()
                return session.marks().arena_bytes
        except BoardFaultError as error:
            raise error.naming([operator.name for operator in workload.graph.operators]) from error
        except ModelFailedError as error:
            if error.code != _MODEL_ERROR_ARENA:
                raise
            needed = error.needed_bytes
    raise InputError(
        f"The model's tensor arena takes at least {needed:,} bytes; {board.name} has room for {room:,}.",
        "Make the largest activations smaller (`boardproof inspect` shows them), choose a board with more RAM, or try "
        "--runtime aot, which needs less.",
    )


def bound_arena(graph: Graph, data: bytes, board: Board) -> tuple[int, str]:
    """An upper bound of the arena in bytes, a margin included, and what it was computed from, for people."""
    recorded = recorded_allocations(data)
    if recorded is None:
        return arena_bound_bytes(graph, board.cpu.bits), "the graph alone"
    return recorded_bound_bytes(graph, recorded, board.cpu.bits), "tflite_micro's recorded allocations"


def _meter(board: Board) -> tuple[Board | None, str]:
    """The board to measure on, or why there is none."""
    meter = board if board.reach.is_packaged else BOARDS[STAND_IN]
    try:
        require_tools(meter)
    except ToolError as error:
        return None, error.message
    return meter, ""


def _why_it_stopped(error: ModelFailedError, graph: Graph) -> str:
    """Why an inference on made-up inputs ended, which need not mean that others do: some kernels look at values."""
    where = _FAILED_AT.search(error.message)
    if where is None or int(where[1]) >= len(graph.operators):
        return error.message
    return f"operator {where[1]} ({graph.operators[int(where[1])].name}) fails on inputs of zeros and of ones"


def _unmeasured(workload: Workload, board: Board, reason: str) -> ArenaSize:
    given = workload.options.arena_bytes
    if given is None:
        size, basis = bound_arena(workload.graph, workload.data, board)
        return ArenaSize(size, ArenaSource.BOUND, reason=reason, basis=basis)
    require_runnable(tuple(check_arena(workload.graph, board, given)))
    return ArenaSize(_aligned(given), ArenaSource.GIVEN, reason=reason)


def _room_bytes(board: Board) -> int:
    """What the largest arena that links can have."""
    room = room_bytes(board)
    return _UNLIMITED_ARENA_BYTES if room is None else room // ALIGNMENT * ALIGNMENT


def _aligned(size_bytes: int) -> int:
    return -(-size_bytes // ALIGNMENT) * ALIGNMENT

"""Cycles of a Cortex-M4, estimated from the instructions that an emulator counts: docs/estimates.md."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.project.boards import CORTEX_M4F, TickUnit
from boardproof.report.document import CycleEstimate

if TYPE_CHECKING:
    from boardproof.project.boards import Board
    from boardproof.project.runtimes.base import Choice
    from boardproof.report.document import OpTicks

CLOCK_HZ = 64_000_000
"""Of the Nano 33 BLE, whose memory the emulated boards have."""

FLASH_WAIT_STATES = 3
"""How long a read from flash waits at most, in cycles: sources say 0, 2 or 3, until a board tells."""


def estimate_cycles(board: Board, choices: tuple[Choice, ...], ops: tuple[OpTicks, ...]) -> CycleEstimate | None:
    """Each operator's instructions times what an instruction of its kernel takes on average.

    None for boards that do not count instructions or are no Cortex-M4, and where a kernel is not known.
    """
    if board.cpu is not CORTEX_M4F or board.tick_unit is not TickUnit.INSTRUCTIONS or len(choices) != len(ops):
        return None
    cycles = reads = 0.0
    for choice, op in zip(choices, ops, strict=True):
        if choice.cycles_per_instruction is None or choice.constants_per_instruction is None:
            return None
        cycles += op.ticks * choice.cycles_per_instruction
        reads += op.ticks * choice.constants_per_instruction
    return CycleEstimate(round(cycles), round(cycles + FLASH_WAIT_STATES * reads), CLOCK_HZ) if choices else None

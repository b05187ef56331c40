"""One network for one board, compiled once: what is wrong with it or, if nothing is, its program and its memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from boardproof.model.preflight import is_runnable
from boardproof.project.runtimes.aot.checks.budget import check_budget, check_weights
from boardproof.project.runtimes.aot.checks.graph import check_graph
from boardproof.project.runtimes.aot.memory import plan_memory
from boardproof.project.runtimes.aot.optimize import choose_kernels
from boardproof.project.runtimes.aot.passes import prepare

if TYPE_CHECKING:
    from boardproof.model.graph import Graph
    from boardproof.model.preflight import Finding
    from boardproof.project.boards import Board
    from boardproof.project.runtimes.aot.memory import Memory
    from boardproof.project.runtimes.aot.program import Program


@dataclass(frozen=True, slots=True)
class Lowering:
    """A network as kernel calls, and where its tensors are."""

    program: Program
    memory: Memory


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of compiling a network.

    Attributes:
        findings: Everything that will not compile, or not fit the board.
        lowering: None where errors came before kernels were chosen.
    """

    findings: tuple[Finding, ...]
    lowering: Lowering | None = None


def compile_graph(graph: Graph, board: Board, optimize: str, *, bands: bool = True) -> Outcome:
    """Checks, runs the passes, chooses kernels and plans the memory, in this order.

    Args:
        graph: The network.
        board: Where it will run.
        optimize: "speed", "balanced" or "size".
        bands: Whether layers may run together in bands of rows.

    Raises:
        InputError: A parameter that had to be computed from constants does not fit its operator.
    """
    findings = check_graph(graph)
    if not is_runnable(findings):
        return Outcome(findings)
    prepared = prepare(graph)
    findings += tuple(check_weights(prepared, board))
    if not is_runnable(findings):
        return Outcome(findings)
    program = choose_kernels(prepared, board, optimize, bands=bands)
    memory = plan_memory(program)
    return Outcome((*findings, *check_budget(program, memory, board)), Lowering(program, memory))

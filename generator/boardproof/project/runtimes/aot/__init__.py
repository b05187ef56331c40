"""The `aot` runtime: the graph becomes C that calls our kernels; no interpreter, no flatbuffer, no heap.

Read in this order: program.py (what a lowered network is), lower.py (operators to kernel calls), memory.py (where
tensors live), emit.py (the C files), check.py (what cannot be compiled).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from boardproof.model.preflight import Severity
from boardproof.project.runtimes.aot.budget import check_budget
from boardproof.project.runtimes.aot.check import check_graph
from boardproof.project.runtimes.aot.emit import emit
from boardproof.project.runtimes.aot.kernel_files import kernel_files
from boardproof.project.runtimes.aot.lower import lower
from boardproof.project.runtimes.aot.m4 import choose_m4
from boardproof.project.runtimes.aot.memory import plan_memory
from boardproof.project.runtimes.base import Generated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from boardproof.model.graph import Graph
    from boardproof.model.preflight import Finding
    from boardproof.project.boards import Board
    from boardproof.project.runtimes.aot.lower import Chooser
    from boardproof.project.runtimes.aot.program import Program
    from boardproof.project.runtimes.base import Options


@dataclass(frozen=True, slots=True)
class AotRuntime:
    """Compiles networks ahead of time; satisfies `base.Runtime`."""

    name: str = "aot"

    def check(self, graph: Graph, board: Board, options: Options) -> tuple[Finding, ...]:
        """Everything that will not compile, or not fit the board; empty when all is well."""
        findings = check_graph(graph)
        if any(finding.severity is Severity.ERROR for finding in findings):
            return findings
        program = lower(graph, _choosers(board, options))
        return (*findings, *check_budget(program, plan_memory(program), board))

    def generate(self, graph: Graph, data: bytes, board: Board, options: Options) -> Generated:
        """model.c and its tables, for a graph that `check` has no errors about.

        Raises:
            ValueError: The graph holds an operator that has no kernel.
        """
        program = lower(graph, _choosers(board, options))
        memory = plan_memory(program)
        return Generated(
            files={**emit(program, memory, data), **_kernels(program)},
            arena_bytes=memory.plan.size_bytes,
            arena_lower_bound_bytes=memory.plan.lower_bound_bytes,
            plan=memory.plan,
        )


def _kernels(program: Program) -> dict[str, bytes]:
    """The kernels' sources, at their places in the project."""
    steps = program.steps
    files = kernel_files({step.kernel for step in steps}, {"nn_types.h", *(step.header for step in steps)})
    return {f"lib/boardproof_kernels/{name}": content for name, content in files.items()}


def _choosers(board: Board, options: Options) -> Sequence[Chooser]:  # noqa: ARG001 every choice so far wins both
    """Where specialised kernels for the board come from; the portable ones are the fallback."""
    return (choose_m4,) if board.cpu.dsp else ()

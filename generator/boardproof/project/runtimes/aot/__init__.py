"""The `aot` runtime: the graph becomes C that calls our kernels; no interpreter, no flatbuffer, no heap.

Read in this order: program.py (what a lowered network is), operators/ (what is compiled, by family: types, checks,
calls of portable kernels), kernelsets/ (specialised kernels), lowering/ (a graph to a program), memory.py (where
tensors live), emit.py (the C files), checks/ (what cannot be compiled).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from boardproof.model.preflight import Severity
from boardproof.project.boards import HOST
from boardproof.project.runtimes.aot.checks.budget import check_budget
from boardproof.project.runtimes.aot.checks.graph import check_graph
from boardproof.project.runtimes.aot.choices import choices
from boardproof.project.runtimes.aot.emit import emit
from boardproof.project.runtimes.aot.memory import plan_memory
from boardproof.project.runtimes.aot.optimize import SIZE_FLAGS, kernel_sources, lower_for
from boardproof.project.runtimes.base import Generated

if TYPE_CHECKING:
    from boardproof.model.graph import Graph
    from boardproof.model.preflight import Finding
    from boardproof.project.boards import Board
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
        program = lower_for(graph, board, options.optimize)
        return (*findings, *check_budget(program, plan_memory(program), board))

    def generate(self, graph: Graph, data: bytes, board: Board, options: Options) -> Generated:
        """model.c and its tables, for a graph that `check` has no errors about.

        Raises:
            ValueError: The graph holds an operator that has no kernel.
        """
        program = lower_for(graph, board, options.optimize)
        memory = plan_memory(program)
        sources = emit(program, memory, data, standalone=options.standalone)
        return Generated(
            files={**sources, **_kernels(program, options)},
            build_flags=_build_flags(board, options),
            arena_bytes=memory.plan.size_bytes,
            arena_lower_bound_bytes=memory.plan.lower_bound_bytes,
            plan=memory.plan,
            choices=choices(program),
        )


def _build_flags(board: Board, options: Options) -> tuple[str, ...]:
    """Link-time optimization, where nothing else is linked than our own sources: kernels lose what no call needs.

    Not with the Arduino core, whose interrupt handlers replace others by name alone, nor where somebody will debug.
    """
    return ("-flto",) if board.is_emulated and board.cpu is not HOST and not options.debug else ()


def _kernels(program: Program, options: Options) -> dict[str, bytes]:
    """The kernels' sources, at their places in the project, and how they are compiled where that is not as usual."""
    files = kernel_sources(program)
    if options.optimize == "size":
        build = {"name": "boardproof_kernels", "build": {"flags": " ".join(SIZE_FLAGS)}}
        files["library.json"] = f"{json.dumps(build, indent=2)}\n".encode()
    return {f"lib/boardproof_kernels/{name}": content for name, content in files.items()}

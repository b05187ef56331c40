"""The `aot` runtime: the graph becomes C that calls our kernels; no interpreter, no flatbuffer, no heap.

Read in this order: program.py (what a lowered network is), operators/ (what is compiled, by family: types, checks,
calls of portable kernels), kernelsets/ (specialised kernels), compile.py (all stages in order: checks/, passes/,
lowering/ with the choice of optimize.py, memory.py), emit.py (the C files).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from boardproof.model.preflight import Severity
from boardproof.project.boards import HOST
from boardproof.project.runtimes.aot.choices import choices
from boardproof.project.runtimes.aot.compile import compile_graph
from boardproof.project.runtimes.aot.emit import Naming, emit
from boardproof.project.runtimes.aot.fallbacks import fallbacks
from boardproof.project.runtimes.aot.memory import plan_memory
from boardproof.project.runtimes.aot.optimize import SIZE_FLAGS, kernel_sources, tuning_for
from boardproof.project.runtimes.aot.page import live_states
from boardproof.project.runtimes.aot.passes import prepare
from boardproof.project.runtimes.base import Generated

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boardproof.model.graph import Graph
    from boardproof.model.preflight import Finding
    from boardproof.project.boards import Board
    from boardproof.project.runtimes.aot.compile import Outcome
    from boardproof.project.runtimes.aot.program import Program
from boardproof.project.runtimes.base import Options


@dataclass(frozen=True, slots=True)
class AotNetwork:
    """A network compiled ahead of time; satisfies `base.Compiled`."""

    graph: Graph
    outcome: Outcome
    board: Board
    options: Options

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything that will not compile, or not fit the board."""
        return self.outcome.findings

    def together(self, operator: int) -> tuple[int, ...]:
        """The operators that run together in bands of rows with this one; none where it runs alone."""
        lowering = self.outcome.lowering
        steps = lowering.program.steps if lowering is not None else ()
        return next((s.implements for s in steps if s.stream is not None and operator in s.implements), ())

    def generate(self, data: bytes) -> Generated:
        """The network's C file and its tables. `data` is the .tflite it was read from.

        Raises:
            ValueError: It has not been lowered, because of errors among its findings.
        """
        if self.outcome.lowering is None:
            raise ValueError(f"the network cannot be compiled: {self.findings[0].message}")
        program, memory = self.outcome.lowering.program, self.outcome.lowering.memory
        shared = self.options.share_arena
        if shared and live_states(program, memory):  # states are for one network alone
            memory = plan_memory(program, states_apart=True)
        naming = Naming(self.options.name, standalone=self.options.standalone, shared_arena=shared)
        sources = emit(program, memory, data, naming)
        return Generated(
            files={**sources, **_kernels(program, self.options)},
            build_flags=_build_flags(self.board, self.options),
            arena_bytes=memory.plan.size_bytes,
            arena_lower_bound_bytes=memory.plan.lower_bound_bytes,
            plan=memory.plan,
            shares_arena=shared,
            kept_bytes=memory.kept_bytes,
            remarks=tuple(found.message for found in self.findings if found.severity is Severity.NOTE),
            choices=choices(program, self.graph, fallbacks(program, self.board, tuning_for(self.options.optimize))),
        )


@dataclass(frozen=True, slots=True)
class AotRuntime:
    """Compiles networks ahead of time; satisfies `base.Runtime`.

    Attributes:
        name: The name used on the command line.
        bands: Whether layers may run together in bands of rows, where memory is fullest.
    """

    name: str = "aot"
    bands: bool = True

    def compile(self, graph: Graph, board: Board, options: Options) -> AotNetwork:
        """Checks, lowers and plans the network. Raises InputError as `compile_graph` does."""
        outcome = compile_graph(graph, board, options.optimize, bands=self.bands)
        return AotNetwork(graph, outcome, board, options)

    def check(self, graph: Graph, board: Board, options: Options) -> tuple[Finding, ...]:
        """The findings of `compile` alone."""
        return self.compile(graph, board, options).findings

    def kept_channels(self, graph: Graph) -> Mapping[int, tuple[int, ...]]:
        """What the passes leave of tensors."""
        return prepare(graph).kept

    def generate(self, graph: Graph, data: bytes, board: Board, options: Options) -> Generated:
        """The sources of `compile` alone."""
        return self.compile(graph, board, options).generate(data)


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

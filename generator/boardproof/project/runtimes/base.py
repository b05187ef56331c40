"""What every runtime offers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boardproof.model.arena import ArenaPlan
    from boardproof.model.graph import Graph
    from boardproof.model.preflight import Finding
    from boardproof.project.boards import Board


@dataclass(frozen=True, slots=True)
class Options:
    """What a user may choose about code generation.

    Attributes:
        optimize: "speed", "balanced" or "size" (aot).
        arena_bytes: The tensor arena's size (tflm); None lets boardproof find it.
        tflm_lib: PlatformIO library spec of TensorFlow Lite Micro (tflm).
        debug: Keep error strings, assertions and intermediate tensors.
        standalone: For use without boardproof's firmware, with a header of its own (aot).
        name: What symbols and files of the network begin with; boardproof's firmware calls "model" (aot).
        share_arena: Use one arena for all networks of a program, which then never run at the same time (aot).
    """

    optimize: str = "balanced"
    arena_bytes: int | None = None
    tflm_lib: str | None = None
    debug: bool = False
    standalone: bool = False
    name: str = "model"
    share_arena: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """How one step of a network is computed.

    Attributes:
        index: The operator in the .tflite; the last one if it computes several.
        operators: The names of all it computes.
        kernel: The C function.
        block: What its innermost loop computes at once, such as "4 pixels x 2 channels"; "" where one output at a time.
        scratch_bytes: Working memory in the arena.
        cycles_per_instruction: On a Cortex-M4 without waiting for flash; None where the runtime does not know.
        constants_per_instruction: Reads of constants from flash, likewise.
        channels: The output channels it computes, and how many the network has; None where they are all.
        constant_bytes: Flash of its weights, biases and tables, as the kernel wants them.
        fallback: Why it has a slower kernel than its shape could have, for people; "" as a rule.
        estimated_ticks: Instructions on a Cortex-M4F by a simple model (aot/kernelsets/types.py); None without one.
    """

    index: int
    operators: tuple[str, ...]
    kernel: str
    block: str
    scratch_bytes: int
    constant_bytes: int
    estimated_ticks: int | None
    cycles_per_instruction: float | None = None
    constants_per_instruction: float | None = None
    channels: tuple[int, int] | None = None
    fallback: str = ""


@dataclass(frozen=True, slots=True)
class Generated:
    """A runtime's part of a project.

    Attributes:
        files: Path in the project to content.
        libraries: Folders of firmware/ to copy to lib/boardproof_<folder>/, such as "kernels".
        lib_deps: PlatformIO library specs to depend on.
        build_flags: Compiler flags this runtime needs.
        arena_bytes: The size of the tensor arena.
        arena_lower_bound_bytes: What no plan can go below, when known.
        arena_how: How that size was obtained, for people.
        plan: The arena plan, when the runtime makes one (aot).
        choices: How each step is computed, in order (aot).
        shares_arena: Whether the arena is one that other networks use as well (aot).
        kept_bytes: What the network keeps between inferences beside such an arena (aot); without one it is in its own.
        notes: What explains results, one sentence or more each: where the library rounds otherwise than the oracle.
        remarks: What the report says beside them, and is no reason to worry: what was found to agree.
    """

    files: Mapping[str, bytes] = field(repr=False)
    libraries: tuple[str, ...] = ()
    lib_deps: tuple[str, ...] = ()
    build_flags: tuple[str, ...] = ()
    arena_bytes: int = 0
    arena_lower_bound_bytes: int | None = None
    arena_how: str = "planned ahead of time"
    plan: ArenaPlan | None = None
    choices: tuple[Choice, ...] = ()
    shares_arena: bool = False
    kept_bytes: int = 0
    notes: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


class Compiled(Protocol):
    """A network that a runtime has compiled for a board, once."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything that will not run on the board, and what is worth knowing; empty when all is well."""
        ...

    def generate(self, data: bytes) -> Generated:
        """The sources, for a network without errors among its findings. `data` is the .tflite the graph was read from.

        Deterministic; touches no disk but templates.
        """
        ...


class Runtime(Protocol):
    """Turns a graph into source files that implement firmware/app/model.h."""

    @property
    def name(self) -> str:
        """The name used on the command line."""
        ...

    def compile(self, graph: Graph, board: Board, options: Options) -> Compiled:
        """Finds out what keeps the network from running, and makes of it what can be generated."""
        ...

    def kept_channels(self, graph: Graph) -> Mapping[int, tuple[int, ...]]:
        """The tensors of which not all channels are computed: for each channel there is, its number in the graph.

        A channel is an index along the last axis; -1 stands for one whose values do not matter, and are any.
        """
        ...

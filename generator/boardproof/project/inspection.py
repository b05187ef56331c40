"""What `boardproof inspect` finds out about a network, as one value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from boardproof.model.macs import macs
from boardproof.model.preflight import is_runnable, preflight
from boardproof.model.timeline import activation_timeline
from boardproof.project.own_boards import check_core_sizes

if TYPE_CHECKING:
    from boardproof.model.arena import ArenaPlan
    from boardproof.model.graph import Graph
    from boardproof.model.layer_errors import LayerError
    from boardproof.model.preflight import Finding
    from boardproof.model.timeline import Moment
    from boardproof.project.runtimes.base import Choice, Options
    from boardproof.project.subject import Network, Target


@dataclass(frozen=True, slots=True)
class Inspection:
    """A network, what it costs, and what keeps it from running.

    Attributes:
        sha256: Of the .tflite.
        data_bytes: Size of the .tflite.
        graph: What is in it.
        op_macs: Multiply-accumulates of each operator.
        findings: Errors first, then warnings.
        plan: The arena, where the runtime plans it and the network can run; else None.
        timeline: The activations alive during each operator, whether the network can run or not.
        arena_bytes: The tensor arena's size; None when the network cannot run.
        arena_how: How that size was obtained, for people; None likewise.
        name: Where the network came from, for people.
        errors: What quantization does to each layer, where that was asked for.
        runtime: Name of the runtime it was checked for.
        board: Name of the board it was checked for.
        choices: How each step would be computed, where the runtime says.
    """

    sha256: str
    data_bytes: int
    graph: Graph
    op_macs: tuple[int, ...]
    findings: tuple[Finding, ...]
    plan: ArenaPlan | None
    timeline: tuple[Moment, ...]
    arena_bytes: int | None
    runtime: str
    board: str
    choices: tuple[Choice, ...] = ()
    arena_how: str | None = None
    errors: tuple[LayerError, ...] = ()
    name: str = ""

    @property
    def runnable(self) -> bool:
        """Whether nothing found keeps it from running."""
        return is_runnable(self.findings)


def inspect_network(network: Network, target: Target, options: Options) -> Inspection:
    """Checks a network and plans its memory, without building anything."""
    graph = network.graph
    compiled = target.runtime.compile(graph, target.board, options)
    findings = preflight(graph, (*compiled.findings, *check_core_sizes(target.board)))
    generated = compiled.generate(network.data) if is_runnable(findings) else None
    return Inspection(
        sha256=network.sha256,
        data_bytes=len(network.data),
        graph=graph,
        op_macs=tuple(macs(graph, operator) for operator in graph.operators),
        findings=findings,
        plan=generated.plan if generated else None,
        timeline=activation_timeline(graph),
        arena_bytes=generated.arena_bytes if generated else None,
        runtime=target.runtime.name,
        board=target.board.name,
        choices=generated.choices if generated else (),
        arena_how=generated.arena_how if generated else None,
        name=network.model.source,
    )

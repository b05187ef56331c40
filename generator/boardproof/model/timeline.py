"""Which activations are alive during each operator: what any runtime without a plan of its own keeps in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from boardproof.model.graph import Graph, Tensor


@dataclass(frozen=True, slots=True)
class Moment:
    """One operator at work.

    Attributes:
        index: The operator in the graph.
        op: Its name.
        live: Its inputs and outputs that are computed at run time, and what later operators still need; by index.
    """

    index: int
    op: str
    live: tuple[Tensor, ...]

    @property
    def live_bytes(self) -> int:
        """What they take together."""
        return sum(tensor.size_bytes for tensor in self.live)


def activation_timeline(graph: Graph) -> tuple[Moment, ...]:
    """The activations alive during each operator, in execution order; those of subgraphs are not looked into.

    A tensor lives from the operator that computes it (inputs from the beginning) to the last one that reads it (outputs
    to the end). TensorFlow Lite Micro keeps all of them in the arena at that moment, beside scratch memory and its own
    structures.
    """
    last_use = dict.fromkeys(graph.outputs, len(graph.operators))
    for position, operator in enumerate(graph.operators):
        for index in operator.inputs:
            last_use[index] = max(last_use.get(index, 0), position)
    live = set(graph.inputs)
    moments = []
    for position, operator in enumerate(graph.operators):
        live.update(operator.outputs)
        tensors = (graph.tensors[index] for index in sorted(live) if index >= 0)
        moments.append(Moment(operator.index, operator.name, tuple(t for t in tensors if not t.is_constant)))
        live = {index for index in live if last_use.get(index, -1) > position}
    return tuple(moments)

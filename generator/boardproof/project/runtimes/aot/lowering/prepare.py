"""What happens to a graph before it is lowered: constants are computed, variables become tensors, PADs disappear."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from boardproof.model.folding import fold, is_folded
from boardproof.model.graph import CallOnce, VarHandle
from boardproof.model.variables import resolve
from boardproof.project.runtimes.aot.lowering.padding import absorb_padding
from boardproof.project.runtimes.aot.program import State

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boardproof.model.graph import Graph, Operator


@dataclass(frozen=True, slots=True)
class Prepared:
    """A graph ready to be lowered.

    Attributes:
        graph: Operators at the same places as in the original; tensors too, and those of variables after them.
        states: Its tensors that keep their values.
        folded: The operators that need no lowering.
        absorbed: The PAD that a convolution has taken over, by the convolution.
    """

    graph: Graph
    states: tuple[State, ...]
    folded: tuple[int, ...]
    absorbed: Mapping[int, int]


def prepare(graph: Graph) -> Prepared:
    """Folds and resolves. Raises ValueError when `check_states` has something to say about the folded graph."""
    stateful = resolve(fold(graph))
    states = tuple(State(tensor, initial) for tensor, initial in stateful.initial.items())
    done = tuple(op.index for op in stateful.graph.operators if is_done(op, stateful.graph))
    padless, absorbed = absorb_padding(stateful.graph)
    return Prepared(padless, states, done, absorbed)


def is_done(operator: Operator, graph: Graph) -> bool:
    """Whether an operator of a folded graph has nothing left to do."""
    return isinstance(operator, VarHandle | CallOnce) or is_folded(operator, graph)

"""Passes over a graph, before kernels are chosen: each makes another graph that computes the same, for less.

PASSES is all of them, in order. A pass takes what the one before left, and returns it changed: adding one is a function
and its place in the tuple. `prepare` runs them, or a part of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from boardproof.model.folding import fold, is_folded
from boardproof.model.graph import CallOnce, DType, VarHandle
from boardproof.model.variables import resolve
from boardproof.project.runtimes.aot.passes.canonical import canonical
from boardproof.project.runtimes.aot.passes.channels import without_idle_channels
from boardproof.project.runtimes.aot.passes.functions import ByteFunction, byte_functions
from boardproof.project.runtimes.aot.passes.grouped import depthwise_groups
from boardproof.project.runtimes.aot.passes.intervals import intervals
from boardproof.project.runtimes.aot.passes.padding import absorb_padding
from boardproof.project.runtimes.aot.program import State

if TYPE_CHECKING:
    from boardproof.model.graph import Graph, Operator


@dataclass(frozen=True, slots=True)
class Prepared:
    """A graph on its way to be lowered.

    Attributes:
        graph: Operators at the same places as in the original; tensors too, and those of variables after them.
        states: Its tensors that keep their values.
        absorbed: The PAD that a convolution has taken over, by the convolution.
        kept: Which of its channels in the original a tensor still has, where not all: see `channels.Narrowed`.
        functions: Operators that are looked up, with some before them, by the last one.
    """

    graph: Graph
    states: tuple[State, ...] = ()
    absorbed: Mapping[int, int] = field(default_factory=dict)
    kept: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    functions: Mapping[int, ByteFunction] = field(default_factory=dict)

    @property
    def folded(self) -> tuple[int, ...]:
        """The operators that need no lowering: what they compute is known, or nothing is left of them."""
        return tuple(op.index for op in self.graph.operators if is_done(op, self.graph))


def fold_constants(prepared: Prepared) -> Prepared:
    """Computes what depends on constants only. Raises InputError when a computed parameter does not fit."""
    return replace(prepared, graph=fold(prepared.graph))


def unpack_int4(prepared: Prepared) -> Prepared:
    """Holds weights of int4 in int8, whose kernels are fast: TensorFlow Lite Micro computes with the same values."""
    graph = prepared.graph
    tensors = (
        replace(tensor, dtype=DType.INT8) if tensor.dtype is DType.INT4 and tensor.is_constant else tensor
        for tensor in graph.tensors
    )
    return replace(prepared, graph=replace(graph, tensors=tuple(tensors)))


def name_depthwise(prepared: Prepared) -> Prepared:
    """Makes grouped convolutions of single channels depthwise ones."""
    return replace(prepared, graph=depthwise_groups(prepared.graph))


def use_canonical_forms(prepared: Prepared) -> Prepared:
    """Gives channels whose numbers are an accident of training others that fast kernels take."""
    return replace(prepared, graph=canonical(prepared.graph, intervals(prepared.graph)))


def drop_idle_channels(prepared: Prepared) -> Prepared:
    """Takes out channels that are constants, and those that nothing reads."""
    narrowed = without_idle_channels(prepared.graph, intervals(prepared.graph))
    return replace(prepared, graph=narrowed.graph, kept=narrowed.kept)


def resolve_variables(prepared: Prepared) -> Prepared:
    """Makes variables tensors. Raises ValueError when `check_states` has something to say about the folded graph."""
    stateful = resolve(prepared.graph)
    states = tuple(State(tensor, initial) for tensor, initial in stateful.initial.items())
    return replace(prepared, graph=stateful.graph, states=states)


def absorb_paddings(prepared: Prepared) -> Prepared:
    """Makes PADs the padding of the convolutions behind them."""
    graph, absorbed = absorb_padding(prepared.graph)
    return replace(prepared, graph=graph, absorbed=absorbed)


def join_functions(prepared: Prepared) -> Prepared:
    """Finds operators that together are a function of one byte."""
    return replace(prepared, functions=byte_functions(prepared.graph))


Pass = Callable[[Prepared], Prepared]

RESOLVING: tuple[Pass, ...] = (fold_constants, resolve_variables)
"""What makes clear what there is to compute: checks look at what these leave."""

PASSES: tuple[Pass, ...] = (
    fold_constants,
    unpack_int4,
    name_depthwise,
    use_canonical_forms,
    drop_idle_channels,
    resolve_variables,
    absorb_paddings,
    join_functions,
)
"""All, in order. Those after the first rely on checks that have found no error."""


def prepare(graph: Graph, passes: Sequence[Pass] = PASSES) -> Prepared:
    """Runs passes, one after the other. Raises what they raise."""
    prepared = Prepared(graph)
    for run in passes:
        prepared = run(prepared)
    return prepared


def is_done(operator: Operator, graph: Graph) -> bool:
    """Whether an operator of a folded graph has nothing left to do."""
    return isinstance(operator, VarHandle | CallOnce) or is_folded(operator, graph)

"""Operators that together are a function of one byte: a table in place of all of them.

A swish is a LOGISTIC and a MUL, both of the same tensor; a GELU that was quantized is CAST, ADD and GATHER; where a
network scales, shifts and clamps, these are one operator after the other. What an element is depends on one element of
one tensor of bytes, so there are 256 cases, and each operator's own arithmetic says what comes out.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from boardproof.project.runtimes.aot.operators.elementwise.functions import BYTES, RENAMING, evaluate, variables_of
from boardproof.project.runtimes.aot.operators.elementwise.lookup import inputs_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from boardproof.model.graph import Graph, Operator

    Ints = NDArray[np.int64]
    Covers = dict[int, frozenset[int]]


@dataclass(frozen=True, slots=True)
class ByteFunction:
    """A table for an operator and some before it.

    Attributes:
        root: The tensor of bytes that it is a function of.
        implements: The operators that it stands in for, the last one among them.
        table: 256 bytes, indexed by the bits of the input.
    """

    root: int
    implements: tuple[int, ...]
    table: NDArray[np.uint8] = field(repr=False)


def byte_functions(graph: Graph) -> Mapping[int, ByteFunction]:
    """Which operators are better looked up, by index."""
    tracer = _Tracer(graph)
    found: dict[int, ByteFunction] = {}
    for op in graph.operators:
        chosen = tracer.best(op)
        if chosen is not None:
            root, implements = chosen
            values = tracer.values(op.output, root)
            table = values.astype(graph.tensors[op.output].dtype.numpy).view(np.uint8)
            found[op.index] = ByteFunction(root, tuple(sorted(implements)), table)
    return found


class _Tracer:
    """Which tensors of bytes each tensor is a function of, and the operators between them."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._readers: dict[int, set[int]] = defaultdict(set)
        for op in graph.operators:
            for index in op.inputs:
                self._readers[index].add(op.index)
        self._covers: dict[int, Covers] = {}
        for op in graph.operators:
            covers = self._through(op)
            if covers:
                self._covers[op.output] = covers

    def _through(self, op: Operator) -> Covers:
        """For each tensor that decides all of the operator's inputs, the operators from there on."""
        variables = variables_of(op, self._graph)
        each = [{**self._itself(index), **self._covers.get(index, {})} for index in variables]
        common = set.intersection(*map(set, each)) if each else set[int]()
        return {root: frozenset({op.index}).union(*(covers[root] for covers in each)) for root in common}

    def _itself(self, tensor: int) -> Covers:
        return {tensor: frozenset()} if self._graph.tensors[tensor].dtype in BYTES else {}

    def best(self, op: Operator) -> tuple[int, frozenset[int]] | None:
        """A root, and the operators that a table stands in for; None where it would gain nothing.

        The root from which most operators go. If what comes between is needed elsewhere, too, a table gains only where
        two tensors become one: then the nearest root.
        """
        if len(op.outputs) != 1 or isinstance(op, RENAMING) or self._graph.tensors[op.output].dtype not in BYTES:
            return None
        covers = self._covers.get(op.output, {})
        whole = [root for root, cover in covers.items() if self._droppable(cover, op) == cover]
        root = max(whole, key=lambda root: len(covers[root]), default=None)
        if root is not None and self._work(covers[root]) > 1:
            return root, covers[root]
        if len(variables_of(op, self._graph)) > 1 and covers:
            root = min(covers, key=lambda root: len(covers[root]))
            implements = self._droppable(covers[root], op)
            if root in op.inputs or len(implements) > 1:  # else one more tensor has to live on
                return root, implements
        return None

    def _work(self, cover: frozenset[int]) -> int:
        """How many of the operators do something."""
        return sum(not isinstance(self._graph.operators[index], RENAMING) for index in cover)

    def _droppable(self, cover: frozenset[int], last: Operator) -> frozenset[int]:
        """The operators of which nothing outside reads anything, and the last one."""
        kept = frozenset({last.index})
        for index in sorted(cover - kept, reverse=True):
            output = self._graph.operators[index].output
            if output not in self._graph.outputs and self._readers[output] <= kept:
                kept |= {index}
        return kept

    def values(self, tensor: int, root: int) -> Ints:
        """What a tensor is for each value of its root."""
        known = {root: inputs_of(self._graph.tensors[root].dtype)}
        for index in sorted(self._covers[tensor][root]):
            op = self._graph.operators[index]
            known[op.output] = evaluate(op, self._graph, known)
        return known[tensor]

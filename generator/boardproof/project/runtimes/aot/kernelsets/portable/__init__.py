"""The portable kernels: for any core, for every operator, and what defines the results of all others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.project.runtimes.aot.kernelsets.portable.costs import CODE_BYTES, COSTS
from boardproof.project.runtimes.aot.kernelsets.portable.rates import RATES
from boardproof.project.runtimes.aot.kernelsets.types import KernelSet, Tuning
from boardproof.project.runtimes.aot.operators import OPERATORS

if TYPE_CHECKING:
    from boardproof.model.graph import Graph, Operator
    from boardproof.project.runtimes.aot.entry import Lowered


def choose_portable(op: Operator, graph: Graph, _tuning: Tuning) -> Lowered:
    """What the operator's entry makes of it.

    Raises:
        ValueError: It has no kernel.
    """
    if op.name not in OPERATORS:
        raise ValueError(f"operator {op.index} ({op.name}) has no kernel")
    return OPERATORS[op.name].lower(op, graph)


PORTABLE = KernelSet("portable", frozenset(), choose_portable, costs=COSTS, rates=RATES, code_bytes=CODE_BYTES)

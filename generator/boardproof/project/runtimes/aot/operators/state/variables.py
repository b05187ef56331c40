"""READ_VARIABLE and ASSIGN_VARIABLE. VAR_HANDLE and CALL_ONCE: nothing is left of them once the graph is prepared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.project.runtimes.aot.entry import Entry
from boardproof.project.runtimes.aot.operators.movement.move import copy_step

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boardproof.model.graph import AssignVariable, Graph, ReadVariable
    from boardproof.project.runtimes.aot.program import Step


def lower_variable(op: ReadVariable | AssignVariable, graph: Graph) -> Step:
    """Copies the variable, a tensor since `prepare`, or to it. `show_variables` saves most copies of the first kind."""
    return copy_step(op, graph, op.input, op.output)


_SUBGRAPHS = "CALL_ONCE may only assign constants, before anything reads them"

ENTRIES: Mapping[str, Entry] = {
    "ASSIGN_VARIABLE": Entry(lower_variable, (), needs_scales=False, limits=_SUBGRAPHS),
    "READ_VARIABLE": Entry(lower_variable, (), needs_scales=False, limits=_SUBGRAPHS),
}

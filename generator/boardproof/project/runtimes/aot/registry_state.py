"""The operators that keep something from one inference to the next, one line each.

VAR_HANDLE and CALL_ONCE have no entry: nothing is left of them once the graph is prepared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.project.runtimes.aot.entry import Entry
from boardproof.project.runtimes.aot.lower_state import lower_variable

if TYPE_CHECKING:
    from collections.abc import Mapping

_SUBGRAPHS = "CALL_ONCE may only assign constants, before anything reads them"

STATE: Mapping[str, Entry] = {
    "ASSIGN_VARIABLE": Entry(lower_variable, (), needs_scales=False, limits=_SUBGRAPHS),
    "READ_VARIABLE": Entry(lower_variable, (), needs_scales=False, limits=_SUBGRAPHS),
}
"""By the operator's name."""

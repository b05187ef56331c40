"""The operators that keep something from one inference to the next, one line each.

VAR_HANDLE and CALL_ONCE have no entry: nothing is left of them once the graph is prepared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.model.graph import DType
from boardproof.project.runtimes.aot.checks.recurrent import check_lstm, check_svdf
from boardproof.project.runtimes.aot.entry import Entry, alike
from boardproof.project.runtimes.aot.lowering.recurrent import lower_lstm, lower_svdf
from boardproof.project.runtimes.aot.lowering.state import lower_variable

if TYPE_CHECKING:
    from collections.abc import Mapping

_SUBGRAPHS = "CALL_ONCE may only assign constants, before anything reads them"

STATE: Mapping[str, Entry] = {
    "ASSIGN_VARIABLE": Entry(lower_variable, (), needs_scales=False, limits=_SUBGRAPHS),
    "READ_VARIABLE": Entry(lower_variable, (), needs_scales=False, limits=_SUBGRAPHS),
    "SVDF": Entry(
        lower_svdf,
        alike(DType.INT8, DType.FLOAT32),
        check_svdf,
        limits="int8 has biases",
    ),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": Entry(
        lower_lstm, alike(DType.INT8), check_lstm, limits="no peephole, projection or normalization"
    ),
}
"""By the operator's name."""

"""docs/operators.md says what the registry says. BOARDPROOF_REGENERATE=1 rewrites its table."""

from __future__ import annotations

import re
from pathlib import Path

from boardproof.model.tflite.readers import CUSTOM_READERS, READERS
from boardproof.project.runtimes.aot.operators import OPERATORS
from support.golden import check_golden
from support.operator_table import operator_table

PAGE = Path(__file__).parents[2] / "docs" / "operators.md"
RESOLVED_BEFORE = {"BROADCAST_ARGS", "CALL_ONCE", "SHAPE", "VAR_HANDLE"}
"""Operators that are gone before kernels are chosen."""

BEGIN, END = "<!-- table -->\n", "<!-- end of table -->\n"


def test_the_documented_operators_are_the_compiled_ones():
    page = PAGE.read_text(encoding="utf-8")
    before, after = page.split(BEGIN)[0], page.split(END)[1]
    check_golden(PAGE, f"{before}{BEGIN}{operator_table()}{END}{after}".encode())


def test_every_operator_that_is_read_is_compiled():
    """An operator that has a dataclass but no kernel would be refused with no reason but its name."""
    read = READERS.keys() | CUSTOM_READERS.keys()
    assert read - set(OPERATORS) <= RESOLVED_BEFORE
    assert set(OPERATORS) <= read


def test_what_is_documented_as_missing_is_missing():
    missing = PAGE.read_text(encoding="utf-8").split("has not\n")[1]
    named = set(re.findall(r"`([A-Z0-9_]+)`", missing))
    assert named
    assert not named & set(OPERATORS)

"""docs/api.md says what the docstrings say. BOARDPROOF_REGENERATE=1 rewrites its reference."""

from __future__ import annotations

from pathlib import Path

from support.api_reference import api_reference
from support.golden import check_golden

PAGE = Path(__file__).parents[1] / "docs" / "api.md"
BEGIN = "<!-- reference, from the docstrings -->\n"


def test_the_reference_is_the_docstrings() -> None:
    before = PAGE.read_text(encoding="utf-8").split(BEGIN)[0]
    check_golden(PAGE, f"{before}{BEGIN}{api_reference()}".encode())

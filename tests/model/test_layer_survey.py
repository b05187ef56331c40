"""docs/layers.md knows every public layer of Keras 3; `scripts/survey_layers.py` writes it."""

from __future__ import annotations

import re
from pathlib import Path

from support.keras_layers import CASES, EXCLUDED, activation_cases, layer_names

PAGE = Path(__file__).parents[2] / "docs" / "layers.md"


def test_every_layer_is_surveyed_or_left_out_with_a_reason():
    assert layer_names() <= set(CASES) | set(EXCLUDED)
    assert not set(CASES) & set(EXCLUDED)
    assert all(EXCLUDED.values())


def test_the_page_has_them_all_and_counts_right():
    page = PAGE.read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (exact|no) \|", page, re.MULTILINE)
    assert {name for name, _ in rows} == set(CASES) | set(activation_cases())
    exact = sum(found == "exact" for _, found in rows)
    assert f"**{exact} of {len(rows)} run, exact ({exact / len(rows):.0%}).**" in page
    assert exact / len(rows) >= 0.9
    left_out = page.split("## Left out")[1]
    assert set(re.findall(r"^\| `(\w+)` \|", left_out, re.MULTILINE)) == set(EXCLUDED)

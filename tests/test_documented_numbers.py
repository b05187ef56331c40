"""Counts that the documentation gives for whole networks are those of benchmarks/results: `python -m benchmarks`."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks import documented

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("setting", documented.SETTINGS)
def test_every_network_was_exact(setting: str) -> None:
    rows = documented.results(setting).values()
    assert rows
    assert all(row["exact"] == row["samples"] for row in rows)


@pytest.mark.parametrize("page", ["README.md", "docs/optimize.md", "docs/kernels.md"])
def test_the_documentation_says_what_was_measured(page: str) -> None:
    """If not, `python -m benchmarks.documented` writes it anew."""
    found = {setting: documented.results(setting) for setting in documented.SETTINGS}
    written = {
        "README.md": documented.readme(found["balanced"]),
        "docs/optimize.md": documented.optimize(found),
        "docs/kernels.md": documented.kernels(found["balanced"]),
    }
    assert written[page] in (ROOT / page).read_text()

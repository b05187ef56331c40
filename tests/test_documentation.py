"""Every file that documentation and docstrings name is there, and every link in the documentation leads somewhere."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md")])
SOURCES = sorted(
    path
    for folder in ("generator", "tests", "benchmarks", "scripts", "platforms", "examples")
    for path in (ROOT / folder).rglob("*.py")
    if "__pycache__" not in path.parts
)
SUFFIXES = "py|c|h|cpp|S|j2|toml|ini|ld|md|json"
PATHS = re.compile(rf"(?<![\w/.<>$%{{}}*~-])((?:[\w-]+/)*[\w-]+\.(?:{SUFFIXES}))(?![\w/*<>{{}}.-]|\.\w)")
LINKS = re.compile(r"\]\(([^)#\s]+)(#[^)\s]*)?\)")
NOT_OURS = {
    # of generated projects and libraries, and of what users have
    "boardproof.toml", "library.json", "model.h", "model.c", "model.cpp", "main.cpp", "model_data.h", "boards.txt",
    "requirements.txt", "config.json", "metadata.json", "Arduino.h", "experiment.py", "test_model.py", "conftest.py",
    "baseline.json", "report.json", "report.md", "README.md", "shared_arena.h",
    # of other projects, named as sources
    "fixedpoint.h", "micro_allocation_info.h", "greedy_memory_planner.h", "rfc2217_server.py", "arduino-core-mbed.py",
    "vectors.h",
    # of an operator that a test makes up
    "floor_div.py",
}  # fmt: skip
OTHERS = ("tensorflow/", "tflite_micro/", "flatbuffers/")


@cache
def repository() -> frozenset[str]:
    """Every file's path, and every ending of it that begins at a folder or is the name alone."""
    hidden = (".venv", ".git", ".pio", "__pycache__", "boardproof-out", ".mypy_cache", ".ruff_cache")
    files = (
        path.relative_to(ROOT)
        for folder in ROOT.iterdir()
        if folder.name not in hidden
        for path in ([folder] if folder.is_file() else folder.rglob("*"))
        if not any(part in hidden for part in path.parts)
    )
    return frozenset("/".join(path.parts[i:]) for path in files for i in range(len(path.parts)))


def missing(text: str) -> Iterator[str]:
    for match in PATHS.finditer(text):
        name = match[1]
        is_ours = name.rpartition("/")[2] not in NOT_OURS and not name.startswith(OTHERS)
        if is_ours and name not in repository():
            yield name


def docstrings(path: Path) -> Iterator[tuple[int, str]]:
    """Every docstring and other text that stands alone, and every comment."""
    text = path.read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.lineno, node.value.value
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("# "):
            yield number, line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_files_that_a_page_names_are_there(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    found = [name for code in re.findall(r"`([^`\n]+)`", text) for name in missing(code) if "/" in name]
    assert sorted(set(found)) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    links = [match[1] for match in LINKS.finditer(page.read_text(encoding="utf-8"))]
    gone = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert gone == []


def test_files_that_docstrings_and_comments_name_are_there() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in SOURCES
        for line, text in docstrings(path)
        for name in missing(text)
    ]
    assert found == []

"""The page for notebooks does what it says, and work shows itself below a cell."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import boardproof
from boardproof.host.notebook import NotebookProgress, in_notebook
from boardproof.model.quiet import captured_output
from support.reports import full_report, made_up_report

PAGE = Path(__file__).parents[2] / "docs" / "notebook.md"


@pytest.mark.native
def test_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    cells = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(cells) == 4
    names: dict[str, Any] = {}
    with captured_output():
        exec(cells[0], names)  # noqa: S102 our own page
    for cell in cells[1:]:
        exec(cell, names)  # noqa: S102 our own page
    report = names["report"]
    assert isinstance(report, boardproof.Report)
    assert "exact" in report._repr_html_()
    assert "rewritten as tables of 256 values, which int8 has: GELU" in capsys.readouterr().out
    assert (tmp_path / "model.tflite").read_bytes()[4:8] == b"TFL3"


@pytest.mark.parametrize("report", [made_up_report(), full_report()], ids=["exact", "different"])
def test_a_report_is_an_element_and_no_document(report: boardproof.Report) -> None:
    html = report._repr_html_()
    assert "<html" not in html
    assert "<style" in html
    assert report.model.name in html


class FakeNotebook:
    """Records what is displayed; `kernel` is what tells a notebook from a terminal."""

    def __init__(self, kernel: object) -> None:
        self.shown: list[tuple[str, str]] = []
        self.module = ModuleType("IPython")
        self.module.get_ipython = lambda: SimpleNamespace(kernel=kernel)  # type: ignore[attr-defined]
        self.module.display = SimpleNamespace(  # type: ignore[attr-defined]
            display=lambda data, **_: self.shown.append(("display", data["text/plain"])),
            update_display=lambda data, **_: self.shown.append(("update", data["text/plain"])),
        )


def test_progress_is_one_line_and_warnings_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = FakeNotebook(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", notebook.module)
    assert in_notebook()
    progress = NotebookProgress()
    progress.stage("building")
    progress.line("gcc")
    progress.advance(1, 4)
    progress.warn("few samples")
    assert notebook.shown == [
        ("display", "boardproof: building …"),
        ("update", "boardproof: building: 1 of 4"),
        ("display", "warning: few samples"),
    ]


def test_a_terminal_is_no_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "IPython", FakeNotebook(kernel=None).module)
    assert not in_notebook()
    monkeypatch.delitem(sys.modules, "IPython")
    assert not in_notebook()

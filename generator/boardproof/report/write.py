"""A report as a file, in the form that its name's suffix says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.errors import InputError
from boardproof.host.files import write_atomically
from boardproof.report.forms.html import to_html
from boardproof.report.forms.markdown import to_markdown
from boardproof.report.sections import page_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from boardproof.report.document import Report
    from boardproof.report.page import Page

FORMS: dict[str, Callable[[Report], str]] = {
    ".json": lambda report: report.to_json() + "\n",
    ".md": lambda report: to_markdown(page_of(report)),
    ".html": lambda report: to_html(page_of(report)),
}


def check_report_path(path: Path) -> None:
    """Raises InputError when no report can be written under this name: before the run, not after it."""
    if path.suffix not in FORMS:
        raise InputError(
            f"A report cannot be written as {path.suffix or 'a file without a suffix'}.",
            f"End its name in {', '.join(FORMS)}.",
        )


def write_page(page: Page, json: str, path: Path) -> None:
    """Writes a page, or its JSON, in the format its suffix names. Raises as `write_report` does."""
    check_report_path(path)
    forms = {".json": lambda: json + "\n", ".md": lambda: to_markdown(page), ".html": lambda: to_html(page)}
    write_atomically(path, forms[path.suffix]().encode())


def write_report(report: Report, path: Path) -> None:
    """Writes the report in the format its suffix names.

    Raises:
        InputError: Another suffix, or the file cannot be written.
    """
    check_report_path(path)
    write_atomically(path, FORMS[path.suffix](report).encode())

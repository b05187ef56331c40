"""A report as a file, in the form that its name's suffix says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.errors import InputError
from boardproof.host.files import write_atomically
from boardproof.report.forms.html import to_html
from boardproof.report.forms.markdown import to_markdown

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from boardproof.report.page import Page

FORMS: dict[str, Callable[[Page], str]] = {".md": to_markdown, ".html": to_html}
"""Forms for people, by suffix. With .json goes what the page was made from."""

_SUFFIXES = (".json", *FORMS)


def check_report_path(path: Path) -> None:
    """Raises InputError when no report can be written under this name: before the run, not after it."""
    if path.suffix not in _SUFFIXES:
        raise InputError(
            f"A report cannot be written as {path.suffix or 'a file without a suffix'}.",
            f"End its name in {', '.join(_SUFFIXES)}.",
        )
    if not path.parent.is_dir():
        raise InputError(f"There is no folder {path.parent} for the report.", "Choose a place that exists.")


def write_page(page: Page, json: str, path: Path) -> None:
    """Writes a page, or its JSON, in the form that the suffix names.

    Raises:
        InputError: Another suffix, or the file cannot be written.
    """
    check_report_path(path)
    text = json + "\n" if path.suffix == ".json" else FORMS[path.suffix](page)
    write_atomically(path, text.encode())

"""A page in HTML: one file, light and dark, with nothing from the network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.project.templates import render_template

if TYPE_CHECKING:
    from boardproof.report.page import Page


def to_html(page: Page) -> str:
    """A document of its own."""
    return render_template("report/page.html", page=page)


def to_fragment(page: Page) -> str:
    """The same as an element with its style, to stand within another document, such as a notebook."""
    return render_template("report/fragment.html", page=page)

"""What a command found, as its flags ask for it: on the console or as JSON, and in a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from boardproof.report.page import Page


def show_page(page: Page, json: str, values: dict[str, Any]) -> None:
    """Prints the page, or its JSON alone, and writes --report. Raises InputError when the file cannot be written."""
    from boardproof.cli.console import show_table, show_text
    from boardproof.report.forms.console import page_view
    from boardproof.report.write import write_page

    if values["as_json"]:
        show_text(json)
    else:
        show_table(page_view(page))
    if values["report"] is not None:
        write_page(page, json, values["report"])

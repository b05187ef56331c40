"""A page on the console, as rich shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import table as rich_table
from rich.console import Group
from rich.text import Text

from boardproof.report.page import Facts, Kind, Paragraph, Picture, Table, Tone

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import RenderableType

    from boardproof.report.page import Block, Page, Section

_BAR_WIDTH = 16
_STYLES = {Tone.GOOD: "bold green", Tone.BAD: "bold red"}
_COLOURS = {Tone.ERROR: "red", Tone.WARNING: "yellow", Tone.NOTE: "cyan"}


def page_view(page: Page) -> RenderableType:
    """The sections; those that conclude come last, the page's first one at the very end, where the eye ends."""
    concluding = [section for section in page.sections if section.concludes]
    others = [section for section in page.sections if not section.concludes]
    return Group(*(part for section in (*others, *reversed(concluding)) for part in _section(section)))


def _section(section: Section) -> Iterator[RenderableType]:
    if all(isinstance(block, Picture) for block in section.blocks):
        return  # nothing to show here
    if section.title:
        yield Text(f"\n{section.title}", style="bold")
    for block in section.blocks:
        yield from block_view(block)


def blocks_view(blocks: Iterable[Block]) -> RenderableType:
    """Blocks without a page around them."""
    return Group(*(part for block in blocks for part in block_view(block)))


def block_view(block: Block) -> Iterator[RenderableType]:
    """One block; a picture has no form here."""
    match block:
        case Paragraph():
            word = (f"{block.word}: ", _COLOURS[block.tone]) if block.word else ""
            yield Text.assemble(word, (block.text, _STYLES.get(block.tone, "")))
            if block.hint:
                yield Text(f"  next: {block.hint}")
        case Facts():
            facts = rich_table.Table(box=None, show_header=False, pad_edge=False)
            for row in block.rows:
                facts.add_row(Text(row.name), Text(row.text))
            yield facts
        case Table():
            yield table_view(block)
        case Picture():
            pass


def table_view(table: Table) -> RenderableType:
    """A table without lines, its caption below it."""
    shown = rich_table.Table(box=None, pad_edge=False, header_style="bold", caption_justify="left")
    shown.caption = Text(table.caption) if table.caption else None
    for column in table.columns:
        shown.add_column(column.title, justify="right" if column.kind is Kind.NUMBER else "left", overflow="fold")
    for position, row in enumerate(table.rows):
        shown.add_row(*(Text(_cell(cell)) for cell in row), style="red" if position in table.marked else "")
    return shown


def _cell(cell: str | float) -> str:
    return cell if isinstance(cell, str) else "█" * round(_BAR_WIDTH * cell)

"""A page in Markdown, as GitHub shows it: bars and pictures have no form here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.report.page import Facts, Kind, Paragraph, Picture, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from boardproof.report.page import Block, Page


def to_markdown(page: Page) -> str:
    """The whole page, its title first."""
    return "\n".join([f"# {_safe(page.title)}", *_body(page), ""])


def _body(page: Page) -> Iterator[str]:
    for section in page.sections:
        if section.title:
            yield f"\n## {_safe(section.title)}"
        for block in section.blocks:
            yield from ("", *_block(block)) if not isinstance(block, Picture) else ()


def _block(block: Block) -> Iterator[str]:
    match block:
        case Paragraph():
            word = f"{block.word.capitalize()}: " if block.word else ""
            hint = f" Next: {_safe(block.hint)}" if block.hint else ""
            yield f"{word}{_safe(block.text)}{hint}"
        case Facts():
            yield from ("| | |", "|---|---|")
            yield from (_line((_safe(row.name), _safe(row.text))) for row in block.rows)
        case Table():
            yield from _table(block)
        case Picture():
            pass


def _table(table: Table) -> Iterator[str]:
    shown = [i for i, column in enumerate(table.columns) if column.kind is not Kind.BAR]
    columns = [table.columns[i] for i in shown]
    extra = ("",) if table.marked else ()
    if table.caption:
        yield f"{_safe(table.caption)}\n"
    yield _line((*(_safe(column.title) for column in columns), *extra))
    yield _line((*("---:" if column.kind is Kind.NUMBER else "---" for column in columns), *("---" for _ in extra)), "")
    for position, row in enumerate(table.rows):
        cells = (_cell(str(row[i]), table.columns[i].kind) for i in shown)
        yield _line((*cells, *(("differs" if position in table.marked else "") for _ in extra)))


def _line(cells: Iterable[str], space: str = " ") -> str:
    return f"|{space}" + f"{space}|{space}".join(cells) + f"{space}|"


def _cell(text: str, kind: Kind) -> str:
    if kind is Kind.CODE and text:
        return f"`{_one_line(text).replace('`', '')}`"
    return _safe(text)


def _safe(text: str) -> str:
    """Text that stays in its cell, and is neither markup nor HTML."""
    return _one_line(text.replace("&", "&amp;").replace("<", "&lt;"))


def _one_line(text: str) -> str:
    return " ".join(text.splitlines()).replace("|", "\\|")

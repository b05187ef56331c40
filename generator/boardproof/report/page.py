"""What a page for people is made of, before it has a form: sections of paragraphs, facts, tables and pictures.

Every cell is text as people read it, formatted once. `forms/` shows a page on the console, in Markdown and in HTML.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar


class Tone(StrEnum):
    """What a paragraph means to its reader."""

    PLAIN = "plain"
    GOOD = "good"
    BAD = "bad"
    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One or more sentences; those of an error, a warning or a note come without that word before them.

    `hint`: what to do next, where there is something to do.
    """

    block: ClassVar[str] = "paragraph"
    text: str
    tone: Tone = Tone.PLAIN
    hint: str = ""

    @property
    def word(self) -> str:
        """What stands before the text, such as "warning"; "" as a rule."""
        return str(self.tone) if self.tone in {Tone.ERROR, Tone.WARNING, Tone.NOTE} else ""


@dataclass(frozen=True, slots=True)
class Fact:
    """A name, its value, and what there is to know about the value, if anything."""

    name: str
    value: str
    detail: str = ""

    @property
    def text(self) -> str:
        """Value and detail in one line."""
        return f"{self.value} ({self.detail})" if self.detail else self.value


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts, one below the other. `prominent` ones are what a reader came for: HTML shows them large."""

    block: ClassVar[str] = "facts"
    rows: tuple[Fact, ...]
    prominent: bool = False


class Kind(StrEnum):
    """What a column of a table holds. The cells of bars are numbers from 0 to 1; all others are text."""

    TEXT = "text"
    NUMBER = "number"
    CODE = "code"
    BAR = "bar"


@dataclass(frozen=True, slots=True)
class Column:
    """A column's heading and kind."""

    title: str
    kind: Kind = Kind.TEXT


@dataclass(frozen=True, slots=True)
class Table:
    """Rows below columns; `marked` rows (by position) are where something is wrong. `caption`: what one must know."""

    block: ClassVar[str] = "table"
    columns: tuple[Column, ...]
    rows: tuple[tuple[str | float, ...], ...]
    caption: str = ""
    marked: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture for HTML: an <svg> element of `plots`, and what it shows, in words for who cannot see it."""

    block: ClassVar[str] = "picture"
    svg: str
    alt: str


Block = Paragraph | Facts | Table | Picture


@dataclass(frozen=True, slots=True)
class Section:
    """Part of a page.

    Attributes:
        title: Its heading; "" for none.
        blocks: What is in it, in order.
        concludes: What a reader must not miss. On a page it stands where it is, near the beginning; on a console, which
            is read from its end, it comes after all that does not conclude, the page's first one last.
    """

    title: str
    blocks: tuple[Block, ...]
    concludes: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """A whole page: its title, how good the news is, and its sections in the order of a page."""

    title: str
    sections: tuple[Section, ...]
    tone: Tone = Tone.PLAIN

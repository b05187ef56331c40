"""A page in its three forms: every fact in each, nothing becomes markup, and what concludes ends on a console."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from boardproof.report.forms.console import page_view
from boardproof.report.forms.html import to_fragment, to_html
from boardproof.report.forms.markdown import to_markdown
from boardproof.report.page import Column, Fact, Facts, Kind, Page, Paragraph, Picture, Section, Table, Tone
from boardproof.report.plots import Axis, Box, Series, axis_for, boxes, plot
from boardproof.report.sections import SECTIONS, page_of
from support.reports import made_up_report

NASTY = 'a|b <script>"x"</script> & `c`'
PAGE = Page(
    "A title",
    (
        Section("", (Paragraph("all is well", Tone.GOOD),), concludes=True),
        Section("", (Paragraph("look out", Tone.WARNING), Paragraph("by the way", Tone.NOTE)), concludes=True),
        Section("Sizes", (Facts((Fact("flash", "12 bytes", "all of it"), Fact("name", NASTY))),)),
        Section(
            "Work",
            (
                Table(
                    (Column("what"), Column("kernel", Kind.CODE), Column("ticks", Kind.NUMBER), Column("", Kind.BAR)),
                    (("one", "nn_one", "10", 0.5), (NASTY, "", "20", 1.0)),
                    caption="ticks of a thing",
                    marked=frozenset({1}),
                ),
                Picture("<svg><rect/></svg>", alt="a rectangle"),
            ),
        ),
    ),
)


def on_console(page: Page, width: int = 200) -> str:
    text = io.StringIO()
    Console(file=text, width=width).print(page_view(page))
    return text.getvalue()


def test_the_console_ends_with_what_matters_most() -> None:
    lines = on_console(PAGE).splitlines()
    assert [line.rstrip() for line in lines[-3:]] == ["warning: look out", "note: by the way", "all is well"]
    assert lines.index("Sizes") < lines.index("Work") < len(lines) - 3
    assert f"name   {NASTY}" in on_console(PAGE)
    assert "10  ████████" in on_console(PAGE)


def test_markdown_keeps_text_in_its_cells() -> None:
    lines = to_markdown(PAGE).splitlines()
    assert lines[:4] == ["# A title", "", "all is well", ""]
    assert "Warning: look out" in lines
    assert "| flash | 12 bytes (all of it) |" in lines
    assert '| name | a\\|b &lt;script>"x"&lt;/script> &amp; `c` |' in lines
    assert "| what | kernel | ticks |  |" in lines
    assert "|---|---|---:|---|" in lines
    assert "| one | `nn_one` | 10 |  |" in lines
    assert lines[-1].endswith("|  | 20 | differs |")


def test_html_escapes_what_it_did_not_make() -> None:
    page = to_html(PAGE)
    assert "<script>" not in page
    assert "a|b &lt;script&gt;" in page
    assert '<i style="width:50.0%"></i>' in page
    assert '<figure role="img" aria-label="a rectangle"><svg><rect/></svg></figure>' in page
    assert '<tr class="marked">' in page
    assert "http" not in page  # nothing from the network
    assert "prefers-color-scheme: dark" in page


def test_a_fragment_is_what_the_document_holds() -> None:
    fragment = to_fragment(PAGE)
    assert fragment in to_html(PAGE)
    assert fragment.startswith('<div class="boardproof">')
    assert "<body" not in fragment


@pytest.mark.parametrize("form", [on_console, to_markdown, to_html])
def test_a_new_section_is_in_every_form(form, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SECTIONS, "toy", lambda report: Section("Toys", (Paragraph(f"{report.board} has toys"),)))
    assert "mps2-an386 has toys" in form(page_of(made_up_report()))


def test_points_and_boxes_carry_their_names() -> None:
    x, y = axis_for("flash, bytes", [30_000, 200_000], log=True), axis_for("accuracy", [0.9, 0.96])
    series = [Series("base <b>", ((40_000, 0.9), (80_000, 0.95)), ("int8 & co", "float16")), Series("", (), line=False)]
    picture = plot(series, x, y)
    assert "base &lt;b&gt;" in picture
    assert picture.count("int8 &amp; co</") == 2  # beside the point, and when it is pointed at
    assert ">50,000<" in picture
    drawn = boxes([Box((0, 3), (0, 1000), "tensor 1")], Axis("step", 0, 10), Axis("bytes", 0, 1000))
    assert "<title>tensor 1</title>" in drawn


@pytest.mark.parametrize(
    ("low", "high", "log", "ticks"),
    [
        (0, 10, False, [0, 2, 4, 6, 8, 10]),
        (0, 9000, False, [0, 2000, 4000, 6000, 8000]),
        (0.88, 0.96, False, [0.88, 0.9, 0.92, 0.94, 0.96]),
        (1000, 50_000, True, [1000, 2000, 5000, 10_000, 20_000, 50_000]),
        (5, 5, False, [5]),
    ],
)
def test_ticks_are_round(low: float, high: float, log: bool, ticks: list[float]) -> None:
    assert Axis("", low, high, log=log).ticks() == pytest.approx(ticks)

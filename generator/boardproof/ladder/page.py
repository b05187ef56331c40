"""The ladder's table for people: console, Markdown and HTML are forms of one page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.ladder.limits import judged
from boardproof.report.page import Column, Kind, Page, Paragraph, Picture, Section, Table, Tone
from boardproof.report.plots import Series, axis_for, plot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from boardproof.ladder import table as ladder
    from boardproof.ladder.results import OnBoard, Result, Score

_NUMBERS = ("flash", "arena", "ticks", "ms")

_NOTES = (
    "“to control”: the difference to the same model trained as long without the technique. “±”: half the interval that "
    "holds the score with 95 %, given the number of samples; over several seeds their standard deviation. “front”: no "
    "other variant is as good and as small in flash, time and arena, and better in one of them. Milliseconds are an "
    "estimate for a Cortex-M4 at 64 MHz."
)


def page_of(found: ladder.Table) -> Page:
    """The page."""
    sections = [
        Section("", (_headline(found), _main_table(found), *_pictures(found)), concludes=True),
        *([Section("What does not run, and why", (_reasons(found),))] if _unfinished(found) else []),
        Section("Files and training", (_files_table(found),)),
    ]
    tone = Tone.GOOD if found.agrees and found.is_complete else Tone.BAD
    return Page(f"Ladder of {found.name}", tuple(sections), tone)


def _headline(found: ladder.Table) -> Paragraph:
    runs = [line for line in found.lines if line.is_exact is not None]
    exact = sum(line.is_exact is True for line in runs)
    left = sum(line.missing for line in found.lines)
    text = (
        f"{len(found.lines)} variants on {found.board} with {found.runtime}: {exact} of {len(runs)} that run are exact"
    )
    text += f"; {left} results are missing." if left else "."
    return Paragraph(text, Tone.GOOD if found.agrees and not left else Tone.BAD)


def _main_table(found: ladder.Table) -> Table:
    score = next((line.first.score for line in found.lines if line.first), None)
    metric = score.metric if score else "score"
    unit = next((result.board.unit for line in found.lines for result in line.results if result.board), "ticks")
    titles = [metric, "±", "to control", "parameters", "flash", "arena", unit, "ms"]
    columns = [Column("variant"), Column("scheme"), *(Column(title, Kind.NUMBER) for title in titles)]
    marks = [Column("exact"), Column("front"), *([Column(f"fits {_fitted(found)}")] if _fitted(found) else [])]
    rows = tuple(_main_row(line, with_budget=bool(_fitted(found))) for line in found.lines)
    marked = frozenset(i for i, line in enumerate(found.lines) if line.is_exact is False)
    samples = f"Scores are of {score.samples:,} test samples. " if score else ""
    return Table((*columns, *marks), rows, caption=samples + _NOTES, marked=marked)


def _fitted(found: ladder.Table) -> str:
    """What variants have to fit: a board, limits, or both; "" where nothing says."""
    return " and ".join(filter(None, (found.budget, "limits" if judged(found.limits) else "")))


def _main_row(line: ladder.Line, *, with_budget: bool) -> tuple[str, ...]:
    result, board = line.first, line.first.board if line.first else None
    cells = [line.label, line.scheme, *_score_cells(line), f"{result.parameters:,}" if result else ""]
    cells += _board_cells(board) if board else [""] * len(_NUMBERS)
    exact = {True: "yes", False: "NO", None: "failed" if line.failure else "no run" if result else "missing"}[
        line.is_exact
    ]
    return (*cells, exact, "●" if line.front else "", *(["yes" if line.fits else "no"] if with_budget else []))


def _score_cells(line: ladder.Line) -> list[str]:
    if line.first is None or line.score is None:
        return ["", "", ""]
    score = line.first.score
    half = line.spread
    if half is None and score.low is not None and score.high is not None:
        half = (score.high - score.low) / 2
    return [
        _shown(score, line.score),
        "" if half is None else _shown(score, half),
        "" if line.difference is None else _shown(score, line.difference, sign="+"),
    ]


def _shown(score: Score, value: float, sign: str = "") -> str:
    """Accuracies in percent, other metrics with four digits."""
    return f"{100 * value:{sign}.2f}" if score.metric.startswith("accuracy") else f"{value:{sign}.4g}"


def _board_cells(board: OnBoard) -> list[str]:
    flash = "" if board.flash is None else f"{board.flash:,}"
    milliseconds = "" if board.milliseconds is None else f"{board.milliseconds:,.2f}"
    return [flash, f"{board.arena:,}", f"{board.ticks:,}", milliseconds]


def _unfinished(found: ladder.Table) -> list[tuple[str, str, str]]:
    rows = []
    for line in found.lines:
        reason = next((result.reason for result in line.results if result.reason), "")
        if line.failure is not None:
            reason = f"{line.failure.message} {line.failure.hint}".strip()
        if reason:
            rows.append((line.label, line.scheme, reason))
    return rows


def _reasons(found: ladder.Table) -> Table:
    return Table((Column("variant"), Column("scheme"), Column("reason")), tuple(_unfinished(found)))


def _files_table(found: ladder.Table) -> Table:
    titles: tuple[tuple[str, Callable[[Result], str]], ...] = (
        ("non-zero", lambda r: f"{r.nonzeros:,}"),
        ("MACs", lambda r: f"{r.macs:,}"),
        (".keras", lambda r: f"{r.sizes.keras:,}"),
        ("gzip", lambda r: f"{r.sizes.keras_gzip:,}"),
        ("SavedModel", lambda r: f"{r.sizes.saved_model:,}"),
        ("gzip", lambda r: f"{r.sizes.saved_model_gzip:,}"),
        (".tflite", lambda r: f"{r.sizes.tflite:,}"),
        ("gzip", lambda r: f"{r.sizes.tflite_gzip:,}"),
        ("RAM", lambda r: _optional(r, "ram")),
        ("stack", lambda r: _optional(r, "stack")),
        ("training s", lambda r: f"{r.training_seconds:,.0f}"),
    )
    if any(result.score.rmse is not None for line in found.lines for result in line.results):
        titles = (*titles, ("RMSE", lambda r: "" if r.score.rmse is None else f"{r.score.rmse:.4g}"))
    columns = (Column("variant"), Column("scheme"), *(Column(title, Kind.NUMBER) for title, _ in titles))
    done = [(line, line.first) for line in found.lines if line.first is not None]
    rows = tuple((line.label, line.scheme, *(show(result) for _, show in titles)) for line, result in done)
    notes = [f"{line.label}: {result.note}." for line, result in done if result.note]
    return Table(columns, rows, caption=" ".join(["Sizes in bytes.", *dict.fromkeys(notes)]))


def _optional(result: Result, name: str) -> str:
    value = getattr(result.board, name) if result.board else None
    return "" if value is None else f"{value:,}"


def _pictures(found: ladder.Table) -> Iterable[Picture]:
    unit = next((line.first.board.unit for line in found.lines if line.first and line.first.board), None)
    if unit is None:
        return
    sizes: tuple[tuple[str, Callable[[OnBoard], float]], ...] = (
        ("flash, bytes", lambda board: board.flash or 0),
        (unit, lambda board: board.ticks),
        ("arena, bytes", lambda board: board.arena),
    )
    for title, size in sizes:
        yield Picture(_plot(found, title, size), f"Score against {title}, a dot for each variant.")


def _plot(found: ladder.Table, title: str, size: Callable[[OnBoard], float]) -> str:
    """Score against one size: dots for variants and controls, the front as a line, what does not run at the right."""
    placed = [(line, size(line.first.board), line.score) for line in found.lines if line.first and line.first.board]
    points = [(line, x, y) for line, x, y in placed if y is not None]
    kinds = [
        ("variants", [point for point in points if not point[0].is_control]),
        ("controls", [point for point in points if point[0].is_control]),
    ]
    edge = max(x for _, x, _ in points) * 1.15
    refused = [(line, edge, line.score) for line in found.lines if line.first and line.first.board is None]
    kinds.append(("does not run", [(line, x, y) for line, x, y in refused if y is not None]))
    series = [Series("front", tuple(_front(points)), colour=4)]
    for colour, (name, members) in enumerate(kinds, start=1):
        if not members:
            continue
        tips = tuple(f"{line.label}, {line.scheme}: {y:.4g}" for line, _, y in members)
        series.append(Series(name, tuple((x, y) for _, x, y in members), line=False, colour=colour, tips=tips))
    every = [point for one in series for point in one.points]
    score = points[0][0].first.score if points[0][0].first else None
    return plot(
        series,
        axis_for(title, [x for x, _ in every], log=True),
        axis_for(score.metric if score else "score", [y for _, y in every]),
    )


def _front(points: list[tuple[ladder.Line, float, float]]) -> list[tuple[float, float]]:
    """The best score at each size, growing with it."""
    higher = all(line.first.score.higher_is_better for line, _, _ in points if line.first)
    sign = 1 if higher else -1
    found: list[tuple[float, float]] = []
    for x, y in sorted(((x, y) for _, x, y in points), key=lambda point: (point[0], -sign * point[1])):
        if not found or sign * y > sign * found[-1][1]:
            found.append((x, y))
    return found

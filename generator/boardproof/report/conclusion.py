"""How a verdict reads on the console: what agrees, and where and by how much the rest does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from boardproof.report.document import divergence_rows, histogram_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from boardproof.report.document import Report
    from boardproof.report.verdict import Divergence


def verdict_view(report: Report) -> RenderableType:
    """Boards, differences, warnings and notes; the verdict itself last, where the eye ends."""
    return Group(*_boards(report), *_divergence(report.divergence), *_warnings(report), _conclusion(report))


def _boards(report: Report) -> Iterator[RenderableType]:
    if len(report.boards) > 1:
        for share in report.boards:
            spread = f"{share.median:,} {report.ticks.unit} (from {share.min:,} to {share.max:,})"
            yield Text(f"{share.board}: {share.samples} samples, {spread}")


def _warnings(report: Report) -> Iterator[RenderableType]:
    for warning in report.warnings:
        yield f"[yellow]warning:[/] {escape(warning)}"
    for note in report.notes:
        yield f"[cyan]note:[/] {escape(note)}"


def _divergence(found: Divergence | None) -> Iterator[RenderableType]:
    if found is None:
        return
    yield Text(
        f"the first operator that differs, in sample {found.sample}: {found.index} {found.op}, tensor {found.tensor} "
        f"{found.name}: {found.differing} of {found.elements} elements, by {found.max_lsb} LSB at most",
        style="bold red",
    )
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("element", "oracle", "board"):
        table.add_column(column, justify="right")
    for element, expected, got, differs in divergence_rows(found):
        table.add_row(str(element), str(expected), str(got), style="red" if differs else "")
    yield table


def _conclusion(report: Report) -> RenderableType:
    verdict = report.verdict
    counts = f"{verdict.exact} of {verdict.samples} samples equal {verdict.oracle}"
    if report.agrees:
        return Text(f"exact: {counts}", style="bold green")
    if verdict.agrees:
        return Text(f"different: {counts}, but not when they run again", style="bold red")
    lines = [f"different: {counts}; the largest difference is {verdict.max_lsb} LSB"]
    for tensor in verdict.tensors:
        if tensor.max_lsb:
            lines.append(f"output {tensor.output}, elements by difference: {histogram_text(tensor.histogram)}")
    if (bad := verdict.first_bad) is not None:
        place = f"sample {bad.sample}, output {bad.output}, element {list(bad.element)}"
        lines.append(f"first difference: {place}: {verdict.oracle} {bad.expected}, board {bad.got}")
    return Text("\n".join(lines), style="bold red")

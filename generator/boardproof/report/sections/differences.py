"""What differs: by how much, where first, and which operator went astray."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.report.page import Column, Kind, Paragraph, Section, Table, Tone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boardproof.report.document import Report
    from boardproof.report.page import Block
    from boardproof.report.verdict import Divergence, TensorVerdict


def differences(report: Report) -> Section | None:
    """The histograms of the outputs that differ, the first difference, and the first operator that differs."""
    blocks = tuple(_blocks(report))
    return Section("What differs", blocks, concludes=True) if blocks else None


def _blocks(report: Report) -> Iterator[Block]:
    verdict = report.verdict
    yield from (_histogram(tensor) for tensor in verdict.tensors if tensor.max_lsb)
    if (bad := verdict.first_bad) is not None:
        place = f"sample {bad.sample}, output {bad.output}, element {list(bad.element)}"
        values = f"{verdict.oracle} {bad.expected}, board {bad.got}"
        yield Paragraph(f"first difference: {place}: {values}", Tone.BAD)
    if report.divergence is not None:
        yield from _divergence(report.divergence, verdict.oracle)


def _histogram(tensor: TensorVerdict) -> Table:
    total = max(1, sum(tensor.histogram.values()))
    unit = "ULP" if tensor.is_float else "LSB"  # units in the last place of a float
    columns = (Column(unit, Kind.NUMBER), Column("elements", Kind.NUMBER), Column("", Kind.BAR))
    rows = tuple((lsb, f"{count:,}", count / total) for lsb, count in tensor.histogram.items())
    return Table(columns, rows, f"output {tensor.output}: elements by their difference in {unit}")


def _divergence(found: Divergence, oracle: str) -> Iterator[Block]:
    unit = "LSB" if all(isinstance(value, int) for value in (*found.expected, *found.got)) else "ULP"
    yield Paragraph(
        f"the first operator that differs, in sample {found.sample}: {found.index} {found.op}, tensor {found.tensor} "
        f"{found.name}: {found.differing} of {found.elements} elements, by {found.max_lsb} {unit} at most",
        Tone.BAD,
    )
    pairs = list(zip(found.expected, found.got, strict=True))
    yield Table(
        columns=(Column("element", Kind.NUMBER), Column(oracle, Kind.NUMBER), Column("board", Kind.NUMBER)),
        rows=tuple((str(found.shown_from + i), str(a), str(b)) for i, (a, b) in enumerate(pairs)),
        # Floats are compared as they print: NaN and NaN are the same here, 0.0 and -0.0 are not.
        marked=frozenset(i for i, (a, b) in enumerate(pairs) if repr(a) != repr(b)),
    )

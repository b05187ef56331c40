"""What `inspect` found, as a page and as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import PurePath
from typing import TYPE_CHECKING

from boardproof.model.layer_errors import decibels
from boardproof.model.preflight import Severity
from boardproof.report.memory import memory_use
from boardproof.report.page import Column, Fact, Facts, Kind, Page, Paragraph, Picture, Section, Table, Tone
from boardproof.report.sections.kernels import kernels_section
from boardproof.report.sections.memory import memory_picture
from boardproof.report.wording import number, size

if TYPE_CHECKING:
    from boardproof.model.graph import Tensor
    from boardproof.model.layer_errors import LayerError
    from boardproof.project.inspection import Inspection

_MOST_DB = 60
"""A bar of this many dB is full."""

_TONES = {Severity.ERROR: Tone.ERROR, Severity.WARNING: Tone.WARNING, Severity.NOTE: Tone.NOTE}


def inspection_page(inspection: Inspection) -> Page:
    """Whether it runs and what there is to know, then operators, kernels, memory, and what quantization costs."""
    where = f"with {inspection.runtime} on {inspection.board}"
    runs, tone = (f"runs {where}", Tone.GOOD) if inspection.runnable else (f"does not run {where}", Tone.BAD)
    sections = (
        Section("", (Paragraph(runs, tone),), concludes=True),
        _findings(inspection),
        _figures(inspection),
        _operators(inspection),
        kernels_section(inspection.choices),
        _memory(inspection),
        _errors(inspection),
    )
    return Page(f"{PurePath(inspection.name).name} {runs}", tuple(s for s in sections if s is not None), tone)


def _findings(inspection: Inspection) -> Section | None:
    said = tuple(Paragraph(f.message, _TONES[f.severity], f.hint) for f in inspection.findings)
    return Section("", said, concludes=True) if said else None


def _figures(inspection: Inspection) -> Section:
    rows = [
        Fact("operators", number(len(inspection.graph.operators))),
        Fact("MACs", number(sum(inspection.op_macs))),
        Fact("model", size(inspection.data_bytes)),
    ]
    if inspection.arena_bytes is not None:
        bound = inspection.plan and f"no plan can be below {inspection.plan.lower_bound_bytes:,}"
        rows.append(Fact("arena", size(inspection.arena_bytes), bound or inspection.arena_how or ""))
    return Section("", (Facts(tuple(rows), prominent=True),))


def _operators(inspection: Inspection) -> Section:
    tensors = inspection.graph.tensors
    columns = (Column("#", Kind.NUMBER), Column("operator"), Column("inputs"), Column("output"))
    rows = tuple(
        (
            str(op.index),
            op.name,
            _shapes([tensors[i] for i in op.inputs if i >= 0 and not tensors[i].is_constant]),
            _shapes([tensors[i] for i in op.outputs]),
            number(count) if count else "",
        )
        for op, count in zip(inspection.graph.operators, inspection.op_macs, strict=True)
    )
    return Section("Operators", (Table((*columns, Column("MACs", Kind.NUMBER)), rows),))


def _shapes(tensors: list[Tensor]) -> str:
    return " ".join(f"{t.dtype}{list(t.shape)}" for t in tensors)


def _memory(inspection: Inspection) -> Section | None:
    """The arena as it is planned; else what must be in memory all the same."""
    use = memory_use(inspection.graph, inspection.plan)
    if not use.blocks:
        return None
    most = max(1, *(use.used_bytes(step) for step in range(-1, use.steps + 1)))
    said = "The arena, step by step." if inspection.plan else f"Activations alive at once: {most:,} bytes at most."
    table = _planned(inspection, most) if inspection.plan else _alive(inspection, most)
    return Section("Memory over the inference", (Paragraph(said), Picture(memory_picture(use, most), alt=said), table))


def _planned(inspection: Inspection, most: int) -> Table:
    plan = inspection.plan
    assert plan is not None  # noqa: S101 asked before
    rows = []
    for step in range(max((p.buffer.last for p in plan.placements), default=0) + 1):
        live = plan.live_at(step)
        used = max((p.end for p in live), default=0)
        names = ", ".join(f"{p.buffer.name} {p.buffer.size_bytes:,}@{p.offset:,}" for p in live)
        rows.append((str(step), number(used), used / most, names))
    columns = (Column("step", Kind.NUMBER), Column("bytes", Kind.NUMBER), Column("", Kind.BAR))
    return Table((*columns, Column("what is there, of how many bytes, and where")), tuple(rows))


def _alive(inspection: Inspection, most: int) -> Table:
    rows = []
    for moment in inspection.timeline:
        names = ", ".join(f"t{tensor.index} {tensor.size_bytes:,}" for tensor in moment.live)
        rows.append((str(moment.index), moment.op, number(moment.live_bytes), moment.live_bytes / most, names))
    columns = (Column("#", Kind.NUMBER), Column("operator"), Column("bytes", Kind.NUMBER), Column("", Kind.BAR))
    return Table((*columns, Column("tensors, of how many bytes")), tuple(rows))


def _errors(inspection: Inspection) -> Section | None:
    """What quantization costs, from layer to layer: a shorter bar is a noisier tensor."""
    if not inspection.errors:
        return None
    columns = (
        Column("#", Kind.NUMBER),
        Column("layer"),
        Column("operator"),
        Column("dB", Kind.NUMBER),
        Column("", Kind.BAR),
        Column("rounding", Kind.NUMBER),
    )
    caption = "signal to noise, in dB: as far as a layer, and of its own rounding alone"
    return Section("What quantization costs", (Table(columns, tuple(map(_error, inspection.errors)), caption),))


def _error(error: LayerError) -> tuple[str | float, ...]:
    index = "" if error.operator is None else str(error.operator)
    snr = decibels(error.noise)
    full = 1.0 if snr is None else min(1.0, max(0.0, snr / _MOST_DB))
    return index, error.layer, error.op, _decibels(snr), full, _decibels(decibels(error.rounding))


def _decibels(ratio: float | None) -> str:
    return "exact" if ratio is None else str(round(ratio))


def inspection_json(inspection: Inspection) -> str:
    """The same facts for a script."""
    graph = inspection.graph
    document = {
        "model": {"sha256": inspection.sha256, "bytes": inspection.data_bytes, "macs": sum(inspection.op_macs)},
        "runtime": inspection.runtime,
        "board": inspection.board,
        "arena_bytes": inspection.arena_bytes,
        "arena_how": inspection.arena_how,
        "ops": [
            {"index": op.index, "op": op.name, "version": op.version, "macs": count, "outputs": list(op.outputs)}
            for op, count in zip(graph.operators, inspection.op_macs, strict=True)
        ],
        "tensors": [
            {"index": t.index, "name": t.label, "dtype": t.dtype, "shape": t.shape, "constant": t.is_constant}
            for t in graph.tensors
        ],
        "timeline": [
            {"index": m.index, "op": m.op, "live_bytes": m.live_bytes, "live": [t.index for t in m.live]}
            for m in inspection.timeline
        ],
        "choices": [asdict(choice) for choice in inspection.choices],
        "errors": [
            {**asdict(e), "snr_db": decibels(e.noise), "rounding_db": decibels(e.rounding)} for e in inspection.errors
        ],
        "findings": [asdict(finding) for finding in inspection.findings],
    }
    return json.dumps(document, indent=2)

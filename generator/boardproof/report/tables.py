"""What other commands than run and verify show on the console: rich tables made from values."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from rich.console import Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from boardproof.model.layer_errors import decibels
from boardproof.model.preflight import Severity
from boardproof.project.boards import BOARDS
from boardproof.report.forms.console import table_view
from boardproof.report.sections.kernels import kernels_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from boardproof.device.build.toolchain import Check
    from boardproof.device.types import Firmware
    from boardproof.device.usb.ports import ConnectedBoard
    from boardproof.model.graph import Tensor
    from boardproof.project.boards import Board
    from boardproof.project.inspection import Inspection
    from boardproof.report.acceptance import Assessment
    from boardproof.report.document import Report
    from boardproof.report.limits import Change

_BAR_WIDTH = 32
_MOST_DB = 60
"""A bar of this many dB is full."""

_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}


def comparison_table(reports: tuple[Report, ...]) -> RenderableType:
    """One row per runtime, and below them what the two figures of flash beside something mean."""
    unit = reports[0].ticks.unit
    table = _ruled(
        "runtime", "kernels", "exact", unit, "flash", "runtime flash", "beside constants", "RAM", "arena", "stack"
    )
    for report in reports:
        flash, constants = report.flash_bytes, report.model.constant_bytes
        beside_constants = None if flash is None else flash - constants
        table.add_row(
            escape(report.runtime),
            escape(f"{report.kernels} ({report.library})"),
            f"{report.verdict.exact}/{report.verdict.samples}",
            *(_number(n) for n in (report.ticks.median, flash, report.runtime_flash_bytes, beside_constants)),
            *(_number(n) for n in (report.ram_bytes, report.arena_bytes, report.stack_bytes)),
        )
    model = reports[0].model
    explained = (
        f"runtime flash: beside the .tflite of {model.bytes:,} bytes (tflm), or beside the {model.constant_bytes:,} "
        "bytes of weights, biases and other constants in it (aot)\nbeside constants: beside the latter, for both"
    )
    return Group(table, Text(explained, style="dim"))


def comparison_json(reports: tuple[Report, ...]) -> str:
    """The reports as a JSON list."""
    return json.dumps([report.to_dict() for report in reports], indent=2)


def firmware_table(firmware: Firmware) -> RenderableType:
    """The sections of a built project, and what they add up to."""
    table = _ruled("section", "bytes", "flash", "RAM", "stack")
    for section in firmware.sections:
        marks = ("x" if counts else "" for counts in (section.in_flash, section.in_ram, section.is_stack))
        table.add_row(escape(section.name), f"{section.size_bytes:,}", *marks)
    total = f"{firmware.elf}: {firmware.flash_bytes:,} bytes of flash, {firmware.ram_bytes:,} bytes of RAM"
    if firmware.reserved_stack_bytes:
        total += f", and {firmware.reserved_stack_bytes:,} reserved for stacks"
    return Group(table, Text(total, overflow="fold"))


def inspection_table(inspection: Inspection) -> RenderableType:
    """Operators with their tensors and arithmetic, the arena over time, and the findings last."""
    graph = inspection.graph
    operators = _ruled("#", "operator", "inputs", "output", "MACs")
    for op, count in zip(graph.operators, inspection.op_macs, strict=True):
        inputs = [graph.tensors[i] for i in op.inputs if i >= 0 and not graph.tensors[i].is_constant]
        outputs = [graph.tensors[i] for i in op.outputs]
        operators.add_row(
            str(op.index), escape(op.name), _shapes(inputs), _shapes(outputs), f"{count:,}" if count else ""
        )
    header = f"{len(graph.operators)} operators, {sum(inspection.op_macs):,} MACs, {inspection.data_bytes:,} bytes"
    layers = [table_view(kernels_table(inspection.choices))] if inspection.choices else []
    slow = [Text(f"note: {choice.fallback}") for choice in inspection.choices if choice.fallback]
    return Group(
        Text(header), operators, *layers, *slow, *_timeline(inspection), *_errors(inspection), *_findings(inspection)
    )


def _shapes(tensors: list[Tensor]) -> str:
    return escape(" ".join(f"{t.dtype}{list(t.shape)}" for t in tensors))


def _timeline(inspection: Inspection) -> Iterator[RenderableType]:
    plan = inspection.plan
    if plan is None:
        yield from _live_activations(inspection)
        return
    yield Text(f"\narena: {plan.size_bytes:,} bytes (no plan can be below {plan.lower_bound_bytes:,}), step by step:")
    table = _plain()
    for step in range(max((p.buffer.last for p in plan.placements), default=0) + 1):
        live = plan.live_at(step)
        used = max((p.end for p in live), default=0)
        names = ", ".join(f"{p.buffer.name} {p.buffer.size_bytes:,}@{p.offset:,}" for p in live)
        table.add_row(str(step), f"{used:,}", _bar(used, plan.size_bytes), escape(names))
    yield table


def _live_activations(inspection: Inspection) -> Iterator[RenderableType]:
    """Where the runtime plans for itself, or the network cannot run: what must be in memory all the same."""
    if inspection.arena_bytes:
        yield Text(f"\narena: {inspection.arena_bytes:,} bytes ({inspection.arena_how})")
    most = max((moment.live_bytes for moment in inspection.timeline), default=0)
    yield Text(f"\nactivations alive at once: {most:,} bytes at most, operator by operator:")
    table = _plain()
    for moment in inspection.timeline:
        names = ", ".join(f"t{tensor.index} {tensor.size_bytes:,}" for tensor in moment.live)
        used = moment.live_bytes
        table.add_row(str(moment.index), escape(moment.op), f"{used:,}", _bar(used, most), escape(names))
    yield table


def _errors(inspection: Inspection) -> Iterator[RenderableType]:
    """What quantization costs, from layer to layer: a shorter bar is a noisier tensor."""
    if not inspection.errors:
        return
    yield Text("\nsignal to noise of quantization, in dB, as far as a layer and of its own rounding alone:")
    table = _ruled("#", "layer", "operator", "dB", "", "rounding")
    for error in inspection.errors:
        number = "" if error.operator is None else str(error.operator)
        snr, rounding = decibels(error.noise), decibels(error.rounding)
        table.add_row(
            number,
            escape(error.layer),
            escape(error.op),
            _decibels(snr),
            _bar(_shown_db(snr), _MOST_DB),
            _decibels(rounding),
        )
    yield table


def _shown_db(ratio: float | None) -> int:
    return _MOST_DB if ratio is None else round(min(_MOST_DB, max(0.0, ratio)))


def _decibels(ratio: float | None) -> str:
    return "exact" if ratio is None else str(round(ratio))


def _bar(used: int, most: int) -> str:
    return "█" * round(_BAR_WIDTH * used / max(1, most))


def _findings(inspection: Inspection) -> Iterator[RenderableType]:
    for finding in inspection.findings:
        colour = _COLOURS[finding.severity]
        yield f"[{colour}]{finding.severity}[/]: {escape(finding.message)}\n  next: {escape(finding.hint)}"
    if not any(finding.severity is Severity.ERROR for finding in inspection.findings):
        yield f"[green]runs with {inspection.runtime} on {inspection.board}[/]"


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


def boards_table(own: tuple[Board, ...] = ()) -> RenderableType:
    """All boards, the user's own last, and how they are reached."""
    table = _ruled("board", "what it is", "reached by", "ticks", "flash", "RAM")
    for board in (*BOARDS.values(), *own):
        limits = [f"{n:,}" if n is not None else "" for n in (board.flash_bytes, board.ram_bytes)]
        table.add_row(escape(board.name), escape(board.title), board.reach, board.tick_unit, *limits)
    return table


def connected_table(found: tuple[ConnectedBoard, ...]) -> RenderableType:
    """Boards that are plugged in."""
    if not found:
        return "no board is plugged in that boardproof knows"
    table = _ruled("board", "port", "serial number", "runs")
    for one in found:
        table.add_row(one.board.name, escape(one.port.device), escape(one.port.unit), one.mode)
    return table


def connected_json(found: tuple[ConnectedBoard, ...]) -> str:
    """Boards that are plugged in, for a script."""
    rows = [{"board": c.board.name, "port": c.port.device, "serial": c.port.unit, "mode": c.mode} for c in found]
    return json.dumps(rows, indent=2)


def assessment_table(assessment: Assessment) -> RenderableType:
    """What changed since the baseline, and the limits that do not hold."""
    parts: list[RenderableType] = []
    if assessment.changes:
        table = _ruled("since the baseline", "before", "now", "change")
        for change in (*assessment.changes, *assessment.operators):
            table.add_row(change.name, *(_number(n) for n in (change.before, change.after)), _percent(change))
        parts.append(table)
    parts += [Text(f"over budget: {violation}", style="bold red") for violation in assessment.violations]
    return Group(*parts)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.4g}" if value != int(value) else f"{int(value):,}"


def _percent(change: Change) -> str:
    return "" if change.percent is None else f"{change.percent:+.1f} %"


def boards_json(own: tuple[Board, ...] = ()) -> str:
    """All boards for a script."""
    return json.dumps([asdict(board) for board in (*BOARDS.values(), *own)], indent=2, default=sorted)


def doctor_table(checks: tuple[Check, ...]) -> RenderableType:
    """What is here, and what is missing."""
    table = _ruled("", "tool", "found", "needed for")
    for check in checks:
        mark = "[green]ok[/]" if check.ok else ("[yellow]--[/]" if check.optional else "[red]missing[/]")
        table.add_row(mark, *(escape(s) for s in (check.name, check.found, check.needed_for)))
    return table


def doctor_advice(checks: tuple[Check, ...]) -> str:
    """How to get what is missing: lines that are not broken, so that commands can be copied; "" when all is here."""
    names: dict[str, list[str]] = {}
    for check in checks:
        if check.how_to_get:
            names.setdefault(check.how_to_get, []).append(check.name)
    return "\n".join(f"\nTo get {', '.join(who)}:\n  {how}" for how, who in names.items())


def _plain() -> Table:
    return Table(box=None, show_header=False, pad_edge=False)


def _ruled(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    numeric = {
        "#",
        "share",
        "per MAC",
        "MACs",
        "bytes",
        "cycles",
        "dB",
        "rounding",
        "instructions",
        "microseconds",
        "arena",
        "stack",
    }
    numeric |= {"flash", "runtime flash", "beside constants", "RAM"}
    for column in columns:
        table.add_column(column, justify="right" if column in numeric else "left", overflow="fold")
    return table

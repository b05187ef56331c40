"""What the small commands show: boards, tools, a build's sizes, and what changed since a baseline."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from boardproof.project.boards import BOARDS
from boardproof.report.page import Column, Kind, Paragraph, Table, Tone
from boardproof.report.wording import number, size

if TYPE_CHECKING:
    from boardproof.device.build.toolchain import Check
    from boardproof.device.types import Firmware
    from boardproof.device.usb.ports import ConnectedBoard
    from boardproof.project.boards import Board
    from boardproof.report.acceptance import Assessment
    from boardproof.report.limits import Change
    from boardproof.report.page import Block


def firmware_blocks(firmware: Firmware) -> tuple[Block, ...]:
    """The sections of a built project, and what they add up to."""
    columns = (Column("section"), Column("bytes", Kind.NUMBER), Column("flash"), Column("RAM"), Column("stack"))
    rows = []
    for section in firmware.sections:
        marks = ("x" if counts else "" for counts in (section.in_flash, section.in_ram, section.is_stack))
        rows.append((section.name, number(section.size_bytes), *marks))
    total = f"{firmware.elf}: {size(firmware.flash_bytes)} of flash, {size(firmware.ram_bytes)} of RAM"
    if firmware.reserved_stack_bytes:
        total += f", and {firmware.reserved_stack_bytes:,} reserved for stacks"
    return Table(columns, tuple(rows)), Paragraph(total)


def boards_table(own: tuple[Board, ...] = ()) -> Table:
    """All boards, the user's own last, and how they are reached."""
    columns = (Column("board"), Column("what it is"), Column("reached by"), Column("ticks"))
    rows = (
        (b.name, b.title, str(b.reach), str(b.tick_unit), number(b.flash_bytes), number(b.ram_bytes))
        for b in (*BOARDS.values(), *own)
    )
    return Table((*columns, Column("flash", Kind.NUMBER), Column("RAM", Kind.NUMBER)), tuple(rows))


def boards_json(own: tuple[Board, ...] = ()) -> str:
    """All boards for a script."""
    return json.dumps([asdict(board) for board in (*BOARDS.values(), *own)], indent=2, default=sorted)


def connected_block(found: tuple[ConnectedBoard, ...]) -> Block:
    """Boards that are plugged in."""
    if not found:
        return Paragraph("no board is plugged in that boardproof knows")
    columns = (Column("board"), Column("port"), Column("serial number"), Column("runs"))
    return Table(columns, tuple((one.board.name, one.port.device, one.port.unit, str(one.mode)) for one in found))


def connected_json(found: tuple[ConnectedBoard, ...]) -> str:
    """Boards that are plugged in, for a script."""
    rows = [{"board": c.board.name, "port": c.port.device, "serial": c.port.unit, "mode": c.mode} for c in found]
    return json.dumps(rows, indent=2)


def assessment_blocks(assessment: Assessment) -> tuple[Block, ...]:
    """What changed since the baseline, and the limits that do not hold."""
    over = (Paragraph(f"over budget: {violation}", Tone.BAD) for violation in assessment.violations)
    if not assessment.changes:
        return tuple(over)
    columns = (Column("since the baseline"), *(Column(title, Kind.NUMBER) for title in ("before", "now", "change")))
    changes = (*assessment.changes, *assessment.operators)
    rows = tuple((change.name, number(change.before), number(change.after), _percent(change)) for change in changes)
    return Table(columns, rows), *over


def _percent(change: Change) -> str:
    return "" if change.percent is None else f"{change.percent:+.1f} %"


def doctor_table(checks: tuple[Check, ...]) -> Table:
    """What is here, and what is missing; those that are needed always are marked."""
    rows = tuple(
        ("ok" if check.ok else "--" if check.optional else "missing", check.name, check.found, check.needed_for)
        for check in checks
    )
    missing = frozenset(i for i, check in enumerate(checks) if not check.ok and not check.optional)
    return Table((Column(""), Column("tool"), Column("found"), Column("needed for")), rows, marked=missing)


def doctor_advice(checks: tuple[Check, ...]) -> str:
    """How to get what is missing: lines that are not broken, so that commands can be copied; "" when all is here."""
    names: dict[str, list[str]] = {}
    for check in checks:
        if check.how_to_get:
            names.setdefault(check.how_to_get, []).append(check.name)
    return "\n".join(f"\nTo get {', '.join(who)}:\n  {how}" for how, who in names.items())

"""The arena over the inference, as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.report.memory import MemoryKind
from boardproof.report.page import Paragraph, Picture, Section
from boardproof.report.plots import Axis, Box, boxes

if TYPE_CHECKING:
    from boardproof.report.document import Report
    from boardproof.report.memory import MemoryUse

_COLOURS = {MemoryKind.INPUT: 3, MemoryKind.OUTPUT: 4, MemoryKind.ACTIVATION: 1, MemoryKind.SCRATCH: 2}


def memory(report: Report) -> Section | None:
    """Which tensors live when, scratch memory, and where it is fullest."""
    if report.memory is None or not report.memory.blocks:
        return None
    use = report.memory
    fullest = max(range(use.steps), key=use.used_bytes, default=0)
    most = max(use.used_bytes(step) for step in range(-1, use.steps + 1))
    said = (
        f"Fullest in step {fullest} of {use.steps}: {use.used_bytes(fullest):,} bytes."
        if use.planned
        else f"The runtime places tensors itself; activations alive at once: {most:,} bytes at most, in step {fullest}."
    )
    return Section("Memory over the inference", (Paragraph(said), Picture(memory_picture(use, most), alt=said)))


def memory_picture(use: MemoryUse, most: int) -> str:
    """Steps from left to right, bytes of the arena from below; `most`: the upper end."""
    found = [
        Box(
            (max(block.first, 0), min(block.last + 1, use.steps)),
            (block.offset, block.offset + block.bytes),
            f"{block.name}: {block.bytes:,} bytes",
            _COLOURS[block.kind],
            block.name,
        )
        for block in sorted(use.blocks, key=lambda block: -block.bytes)
    ]
    kinds = [kind for kind in MemoryKind if any(block.kind is kind for block in use.blocks)]
    legend = [(kind.value, _COLOURS[kind]) for kind in kinds]
    return boxes(
        found, Axis("step", 0, max(use.steps, 1), whole=True), Axis("bytes", 0, most, whole=True), legend=legend
    )

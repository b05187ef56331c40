"""A made-up report, for what is made of reports."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from boardproof.report.document import ModelFacts, Report, TickSummary
from boardproof.report.verdict import Verdict


def made_up_report(**changes: Any) -> Report:
    """An exact run of ten samples with tflm on mps2-an386."""
    model = ModelFacts(name="m.tflite", sha256="ab" * 32, bytes=53_936, constant_bytes=24_392, macs=2_656_768)
    report = Report(
        boardproof="0.1.0",
        model=model,
        scheme=None,
        runtime="tflm",
        library="Pretend_TFLM 9.1.2",
        kernels="cmsis-nn",
        board="mps2-an386",
        flash_bytes=106_000,
        ram_bytes=30_000,
        arena_bytes=23_872,
        arena_used_bytes=23_872,
        arena_lower_bound_bytes=16_000,
        arena_how="an upper bound from the graph alone, not measured: qemu-system-arm is not installed",
        stack_bytes=1_080,
        ticks=TickSummary("instructions", 7_900_000, 7_900_000, 7_900_000, 7_900_000, 7_900_000),
        ops=(),
        verdict=Verdict("tflite_micro", "1", 10, 10, 0, None, ()),
        accuracy=None,
        litert=None,
    )
    return replace(report, **changes)

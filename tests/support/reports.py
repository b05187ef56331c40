"""Made-up reports, for what is made of reports."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from boardproof.device.build.parts import Part
from boardproof.device.types import BoardShare, Repeat
from boardproof.project.runtimes.base import Choice
from boardproof.report.document import Accuracy, LiteRtDifference, Mistake, ModelFacts, OpTicks, Report, TickSummary
from boardproof.report.memory import MemoryBlock, MemoryKind, MemoryUse
from boardproof.report.verdict import Divergence, FirstBad, TensorVerdict, Verdict


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


def full_report() -> Report:
    """A disagreement on two boards, with everything that a report can have."""
    ops = tuple(
        OpTicks(i, name, ticks, macs, ticks - 5, ticks + 5, ticks / 1000)
        for i, (name, ticks, macs) in enumerate((("CONV_2D", 600, 500), ("ADD", 300, 0), ("SOFTMAX", 100, 0)))
    )
    blocks = (
        MemoryBlock("serving_default_input:0", MemoryKind.INPUT, -1, 0, 0, 400),
        MemoryBlock("a tensor <with> a long name/conv2d/Relu;model/batch", MemoryKind.ACTIVATION, 0, 1, 400, 900),
        MemoryBlock("scratch of step 0", MemoryKind.SCRATCH, 0, 0, 1300, 132),
        MemoryBlock("out", MemoryKind.OUTPUT, 1, 3, 0, 200),
    )
    histogram = {"0": 90, "1": 8, "2": 0, ">16": 2}
    return made_up_report(
        runtime="aot",
        ticks=TickSummary("instructions", 1_000, 985, 1_015, 990, 1_010),
        ops=ops,
        choices=(Choice(0, ("CONV_2D", "ADD"), "nn_conv2d_s8_dsp", "4 pixels x 2 channels", 132, 4608, None),),
        verdict=Verdict(
            "tflite_micro", "1", 10, 8, 63, FirstBad(3, 0, (0, 7), 91, 127), (TensorVerdict(0, 8, 63, 1.5, histogram),)
        ),
        divergence=Divergence(
            3, 0, "CONV_2D", 4, "t4 <b>", 2, 4, 36, 0, 0, (91, 66, 1.5, "nan"), (127, 66, 1.5, "nan")
        ),
        accuracy=Accuracy(0.9, 0.885, 0.87),
        litert=LiteRtDifference("2.3", 1, 2, 0.885),
        repeats=(Repeat("native", 0, (1_000, 1_001), (1,), same_outputs=True),),
        boards=(BoardShare("/dev/ttyACM0", 6, 1_000, 985, 1_010), BoardShare("/dev/ttyACM1", 4, 1_001, 990, 1_015)),
        warnings=("sample 0 ran twice and took other ticks",),
        notes=("the library rounds otherwise in <ADD>",),
        memory=MemoryUse(True, 3, blocks),
        mistakes=(Mistake(3, "seven", "seven", "one"), Mistake(5, "two <2>", "three", "three")),
        flash_parts=(Part("weights and tables", 80_000), Part("kernels", 20_000), Part("protocol", 6_000)),
    )

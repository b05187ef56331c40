"""What kernels cost, for choosing between them and for `inspect`: estimates from a simple model, not measurements.

A step's ticks are a constant, so many for each unit of work and so many for each output element. Work is
multiply-accumulates, or elements read where there are none (pools, element-wise operators). The factors were fitted to
instructions measured on mps2-an386 with arm-none-eabi-gcc 12.2 -O2: `python -m benchmarks.calibrate` measures and fits
anew, and says how far off the model is. Code sizes are of the same compiler with -Os.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from boardproof.model.macs import macs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from boardproof.project.runtimes.aot.program import Program, Step


@dataclass(frozen=True, slots=True)
class Cost:
    """Instructions of one call: `call + work * per_work + outputs * per_output`."""

    call: int
    per_work: float
    per_output: float


COSTS: dict[str, Cost] = {}

BLOCKS = {
    "nn_conv2d_s8_m4": "4 pixels x 2 channels",
    "nn_conv2d_wide_s8_m4": "4 pixels x 2 channels",
    "nn_conv2d_narrow_s8_m4": "4 pixels x 2 channels",
    "nn_conv2d_rows_s8_m4": "4 pixels x 2 channels",
    "nn_conv2d_rows_add_s8_m4": "4 pixels x 2 channels",
    "nn_pointwise_s8_m4": "4 pixels x 2 channels",
    "nn_pointwise_add_s8_m4": "4 pixels x 2 channels",
    "nn_depthwise3_s8_m4": "2 pixels",
    "nn_fully_connected_s8_m4": "4 outputs",
    "nn_fully_connected_wide_s8_m4": "4 outputs",
    "nn_add_s8_m4": "4 outputs",
    "nn_average_pool2d_s8_m4": "4 channels",
    "nn_max_pool2d_s8_m4": "4 channels",
}
"""What the innermost loop of a kernel computes at once."""

CODE_BYTES: dict[str, int] = {}
"""Code of each file in firmware/kernels, where choices depend on it."""

OTHER_CODE_BYTES = 400
"""What a file that is not in CODE_BYTES is taken for."""


def work(program: Program, step: Step) -> tuple[int, int]:
    """A step's multiply-accumulates, or the elements it reads if there are none, and the elements it writes."""
    graph = program.graph
    multiplied = sum(macs(graph, graph.operators[index]) for index in step.implements)
    read = sum(graph.tensors[tensor].elements for tensor in step.inputs)
    return multiplied or read, sum(graph.tensors[tensor].elements for tensor in step.outputs)


def step_ticks(program: Program, step: Step) -> int | None:
    """A step's estimated instructions; None if its kernel has no model."""
    cost = COSTS.get(step.kernel)
    if cost is None:
        return None
    done, written = work(program, step)
    return round(cost.call + done * cost.per_work + written * cost.per_output)


def ticks(program: Program) -> int:
    """A program's estimated instructions, without steps whose kernels have no model."""
    return sum(step_ticks(program, step) or 0 for step in program.steps)


def code_bytes(files: Iterable[str]) -> int:
    """Code of the kernels in these files."""
    return sum(CODE_BYTES.get(name, OTHER_CODE_BYTES) for name in files if name.endswith(".c"))

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
    from collections.abc import Iterable, Mapping

    from boardproof.project.runtimes.aot.program import Program, Step


@dataclass(frozen=True, slots=True)
class Cost:
    """Instructions of one call: `call + work * per_work + outputs * per_output`."""

    call: int
    per_work: float
    per_output: float


COSTS: Mapping[str, Cost] = {
    "nn_add_s8": Cost(50, 42.9, 0),  # 3 steps, up to 1 % off
    "nn_add_s8_m4": Cost(50, 4.12, 0),  # 2 steps, up to 0 % off
    "nn_average_pool2d_s8": Cost(50, 7.57, 45.4),  # 3 steps, up to 6 % off
    "nn_average_pool2d_s8_m4": Cost(50, 1.01, 28.1),  # 3 steps, up to 0 % off
    "nn_conv2d_narrow_s8_m4": Cost(50, 0, 45.8),  # 3 steps, up to 23 % off
    "nn_conv2d_rows_add_s8_m4": Cost(300, 0.949, 0),  # 2 steps, up to 1 % off
    "nn_conv2d_rows_s8_m4": Cost(300, 0.748, 15.8),  # 10 steps, up to 2 % off
    "nn_conv2d_s8": Cost(50, 6.01, 145),  # 28 steps, up to 64 % off
    "nn_conv2d_s8_m4": Cost(100, 1.23, 0),  # 2 steps, up to 19 % off
    "nn_depthwise3_s8_m4": Cost(300, 2.67, 0),  # 10 steps, up to 63 % off
    "nn_depthwise_conv2d_s8": Cost(50, 0, 214),  # 17 steps, up to 17 % off
    "nn_fully_connected_s8": Cost(50, 5.99, 53),  # 16 steps, up to 9 % off
    "nn_fully_connected_s8_m4": Cost(300, 1.05, 2.17),  # 11 steps, up to 60 % off
    "nn_pointwise_s8_m4": Cost(300, 0.812, 6.39),  # 10 steps, up to 19 % off
    "nn_softmax_s8": Cost(200, 20, 20),  # 5 steps, up to 15 % off
}
"""The model of each kernel that has one."""

BLOCKS: Mapping[str, str] = {
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

CODE_BYTES: Mapping[str, int] = {
    "nn_add_m4.c": 232,
    "nn_add_s8.c": 256,
    "nn_average_pool2d_s8.c": 320,
    "nn_average_pool2d_m4.c": 544,
    "nn_clamp_m4.c": 98,
    "nn_conv2d_m4.c": 492,
    "nn_conv2d_narrow_m4.c": 500,
    "nn_conv2d_rows_m4.c": 646,
    "nn_conv2d_s8.c": 516,
    "nn_depthwise_conv2d_s8.c": 462,
    "nn_depthwise_m4.c": 1554,
    "nn_fully_connected_m4.c": 1084,
    "nn_fully_connected_s8.c": 204,
    "nn_gemm_m4.c": 1486,
    "nn_gemm_wide_m4.c": 298,
    "nn_pointwise_m4.c": 366,
    "nn_softmax_s8.c": 668,
}
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


def code_bytes(files: Iterable[str]) -> int:
    """Code of the kernels in these files."""
    return sum(CODE_BYTES.get(name, OTHER_CODE_BYTES) for name in files if name.endswith(".c"))

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
    "nn_add_s8": Cost(300, 35.7, 0),  # 7 steps, up to 1 % off
    "nn_add_s8_dsp": Cost(50, 4.12, 0),  # 3 steps, up to 0 % off
    "nn_average_pool2d_s8": Cost(50, 6.24, 0),  # 9 steps, up to 67 % off
    "nn_average_pool2d_s8_dsp": Cost(50, 1.67, 22.4),  # 9 steps, up to 26 % off
    "nn_average_pool2x2_s8_dsp": Cost(300, 2.2, 0),  # 3 steps, up to 15 % off
    "nn_concat": Cost(50, 3.6, 0),  # 4 steps, up to 8 % off
    "nn_conv2d_narrow_s8_dsp": Cost(300, 0.876, 12.3),  # 10 steps, up to 27 % off
    "nn_conv2d_rows_add_s8_dsp": Cost(300, 0.961, 0),  # 3 steps, up to 2 % off
    "nn_conv2d_rows_s8_dsp": Cost(50, 0.771, 11),  # 20 steps, up to 12 % off
    "nn_conv2d_s8": Cost(300, 6.5, 114),  # 48 steps, up to 73 % off
    "nn_conv2d_s8_dsp": Cost(50, 0.902, 8.9),  # 3 steps, up to 9 % off
    "nn_depthwise3_s8_dsp": Cost(300, 2.39, 0),  # 7 steps, up to 44 % off
    "nn_depthwise3_stride2_s8_dsp": Cost(300, 0, 30.1),  # 3 steps, up to 18 % off
    "nn_depthwise3_stride2_two_sided_s8_dsp": Cost(300, 3.57, 0),  # 2 steps, up to 7 % off
    "nn_depthwise3_two_sided_s8_dsp": Cost(300, 2.71, 0),  # 4 steps, up to 41 % off
    "nn_depthwise_conv2d_s8": Cost(50, 3.79, 157),  # 30 steps, up to 41 % off
    "nn_depthwise_plane3_s8_dsp": Cost(300, 0, 30.4),  # 10 steps, up to 24 % off
    "nn_depthwise_plane3_two_sided_s8_dsp": Cost(300, 3.96, 0),  # 4 steps, up to 19 % off
    "nn_depthwise_plane_s8_dsp": Cost(300, 1.83, 15.9),  # 6 steps, up to 29 % off
    "nn_depthwise_plane_two_sided_s8_dsp": Cost(300, 1.7, 19.4),  # 3 steps, up to 2 % off
    "nn_fully_connected_s8": Cost(50, 5.88, 48.5),  # 22 steps, up to 23 % off
    "nn_fully_connected_s8_dsp": Cost(200, 1.04, 3.88),  # 14 steps, up to 60 % off
    "nn_fully_connected_wide_s8_dsp": Cost(300, 1.38, 0),  # 3 steps, up to 39 % off
    "nn_lookup_8": Cost(50, 4.21, 0),  # 1 step, up to 0 % off
    "nn_max_pool2d_s8": Cost(50, 6.77, 10.1),  # 14 steps, up to 126 % off
    "nn_max_pool2d_s8_dsp": Cost(50, 3.04, 0.737),  # 14 steps, up to 44 % off
    "nn_pointwise_add_s8_dsp": Cost(100, 2.2, 0),  # 2 steps, up to 0 % off
    "nn_pointwise_s8_dsp": Cost(300, 0.746, 7.8),  # 15 steps, up to 85 % off
    "nn_resize_bilinear_s8": Cost(100, 10.6, 42.3),  # 3 steps, up to 0 % off
    "nn_softmax_s8": Cost(200, 31.6, 0),  # 7 steps, up to 15 % off
    "nn_sum_s8": Cost(50, 5.1, 0),  # 1 step, up to 0 % off
    "nn_sum_s8_dsp": Cost(50, 1.23, 0),  # 1 step, up to 0 % off
    "nn_transpose_conv_s8": Cost(50, 8.22, 0),  # 1 step, up to 0 % off
}
"""The model of each kernel that has one."""

BLOCKS: Mapping[str, str] = {
    "nn_conv2d_s8_dsp": "4 pixels x 2 channels",
    "nn_conv2d_wide_s8_dsp": "4 pixels x 2 channels",
    "nn_conv2d_narrow_s8_dsp": "4 pixels x 2 channels",
    "nn_conv2d_rows_s8_dsp": "4 pixels x 2 channels",
    "nn_conv2d_rows_add_s8_dsp": "4 pixels x 2 channels",
    "nn_pointwise_s8_dsp": "4 pixels x 2 channels",
    "nn_pointwise_add_s8_dsp": "4 pixels x 2 channels",
    "nn_depthwise3_s8_dsp": "2 pixels",
    "nn_depthwise3_two_sided_s8_dsp": "2 pixels",
    "nn_depthwise3_stride2_s8_dsp": "2 pixels",
    "nn_depthwise3_stride2_two_sided_s8_dsp": "2 pixels",
    "nn_depthwise_plane_s8_dsp": "4 channels",
    "nn_depthwise_plane_two_sided_s8_dsp": "4 channels",
    "nn_depthwise_plane3_s8_dsp": "4 channels",
    "nn_depthwise_plane3_two_sided_s8_dsp": "4 channels",
    "nn_fully_connected_s8_dsp": "4 outputs",
    "nn_fully_connected_wide_s8_dsp": "4 outputs",
    "nn_add_s8_dsp": "4 outputs",
    "nn_add_table_s8_dsp": "4 outputs",
    "nn_average_pool2d_s8_dsp": "4 channels",
    "nn_average_pool2x2_s8_dsp": "4 channels",
    "nn_max_pool2d_s8_dsp": "4 channels",
    "nn_sum_s8_dsp": "4 channels",
}
"""What the innermost loop of a kernel computes at once."""

CODE_BYTES: Mapping[str, int] = {
    "nn_add_dsp.c": 310,
    "nn_add_s8.c": 332,
    "nn_average_pool2d_dsp.c": 328,  # as much as the portable one: linked, the two take the same
    "nn_average_pool2d_s8.c": 328,
    "nn_average_pool2x2_dsp.c": 292,
    "nn_clamp_dsp.c": 98,
    "nn_concat.c": 64,
    "nn_conv2d_dsp.c": 492,
    "nn_conv2d_narrow_dsp.c": 544,
    "nn_conv2d_rows_dsp.c": 646,
    "nn_conv2d_s8.c": 516,
    "nn_depthwise_conv2d_s8.c": 484,
    "nn_depthwise_dsp.c": 1492,
    "nn_depthwise_plane_dsp.c": 1060,  # one of its four functions: the others are not linked
    "nn_fully_connected_dsp.c": 1096,
    "nn_fully_connected_s8.c": 204,
    "nn_gemm_dsp.c": 1562,
    "nn_gemm_wide_dsp.c": 298,
    "nn_lookup_8.c": 88,
    "nn_max_pool2d_dsp.c": 336,
    "nn_max_pool2d_s8.c": 298,
    "nn_pointwise_dsp.c": 366,
    "nn_resize_bilinear_s8.c": 300,
    "nn_softmax_s8.c": 668,
    "nn_sum_dsp.c": 366,
    "nn_sum_s8.c": 242,
    "nn_transpose_conv_s8.c": 496,
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

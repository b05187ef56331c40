"""What an instruction of the portable kernels takes on a Cortex-M4.

`python -m benchmarks.rates` measures anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.project.runtimes.aot.kernelsets.types import Rate

if TYPE_CHECKING:
    from collections.abc import Mapping

RATES: Mapping[str, Rate] = {
    "nn_add_s8": Rate(1.43, 0.071),  # 6 steps, 4,328 instructions
    "nn_average_pool2d_s16": Rate(1.41, 0.00058),  # 2 steps, 93,434 instructions
    "nn_average_pool2d_s8": Rate(1.43, 0.025),  # 13 steps, 87,486 instructions
    "nn_conv2d_s8": Rate(1.4, 0.13),  # 18 steps, 32,549,187 instructions
    "nn_depthwise_conv2d_s8": Rate(1.34, 0.13),  # 12 steps, 6,951,864 instructions
    "nn_fully_connected_s8": Rate(1.49, 0.17),  # 18 steps, 1,798,876 instructions
    "nn_max_pool2d_f32": Rate(1.22, 0.04),  # 4 steps, 770,660 instructions
    "nn_max_pool2d_s8": Rate(1.42, 0.15),  # 4 steps, 1,160 instructions
    "nn_pad_s8": Rate(1.66, 0.13),  # 7 steps, 11,293 instructions
    "nn_place": Rate(1.77, 0.0015),  # 4 steps, 358,466 instructions
    "nn_softmax_f32": Rate(1.71, 0.078),  # 2 steps, 858 instructions
    "nn_softmax_s16": Rate(1.23, 0.07),  # 2 steps, 1,396 instructions
    "nn_softmax_s8": Rate(1.29, 0.089),  # 10 steps, 6,320 instructions
    "nn_sum_f32": Rate(1.56, 0.072),  # 1 step, 10,177 instructions
    "nn_sum_s8": Rate(1.3, 0.18),  # 6 steps, 2,160 instructions
}
"""Cycles, and constants read, for each instruction of a kernel: see docs/estimates.md."""

"""What an instruction of the kernels for the DSP extension takes on a Cortex-M4.

`python -m benchmarks.rates` measures anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.project.runtimes.aot.kernelsets.types import Rate

if TYPE_CHECKING:
    from collections.abc import Mapping

RATES: Mapping[str, Rate] = {
    "nn_add_s8_dsp": Rate(1.27, 0.037),  # 16 steps, 6,676 instructions
    "nn_add_table_s8_dsp": Rate(1.32, 0.11),  # 4 steps, 2,968 instructions
    "nn_average_pool2d_s8_dsp": Rate(1.5, 0.019),  # 7 steps, 37,510 instructions
    "nn_average_pool2x2_s8_dsp": Rate(1.34, 0.12),  # 3 steps, 679 instructions
    "nn_conv2d_narrow_s8_dsp": Rate(1.44, 0.071),  # 7 steps, 1,099,897 instructions
    "nn_conv2d_rows_add_s8_dsp": Rate(1.63, 0.095),  # 4 steps, 7,414 instructions
    "nn_conv2d_rows_s8_dsp": Rate(1.47, 0.059),  # 6 steps, 39,506 instructions
    "nn_conv2d_s8_dsp": Rate(1.41, 0.087),  # 10 steps, 109,090 instructions
    "nn_conv2d_wide_s8_dsp": Rate(1.43, 0.097),  # 10 steps, 305,336 instructions
    "nn_depthwise3_s8_dsp": Rate(1.49, 0.0048),  # 10 steps, 1,369,034 instructions
    "nn_depthwise3_two_sided_s8_dsp": Rate(1.57, 0.0048),  # 2 steps, 91,254 instructions
    "nn_depthwise_plane3_s8_dsp": Rate(1.61, 0.065),  # 10 steps, 14,790 instructions
    "nn_depthwise_plane_s8_dsp": Rate(1.58, 0.13),  # 4 steps, 1,564 instructions
    "nn_depthwise_plane_two_sided_s8_dsp": Rate(1.66, 0.008),  # 4 steps, 44,898 instructions
    "nn_fully_connected_s8_dsp": Rate(1.4, 0.15),  # 21 steps, 28,321 instructions
    "nn_fully_connected_wide_s8_dsp": Rate(1.39, 0.2),  # 7 steps, 148,497 instructions
    "nn_max_pool2d_s8_dsp": Rate(1.31, 0.033),  # 6 steps, 23,500 instructions
    "nn_pointwise_s8_dsp": Rate(1.44, 0.085),  # 12 steps, 3,522,972 instructions
    "nn_sum_s8_dsp": Rate(1.28, 0.048),  # 4 steps, 14,964 instructions
}
"""Cycles, and constants read, for each instruction of a kernel: see docs/estimates.md."""

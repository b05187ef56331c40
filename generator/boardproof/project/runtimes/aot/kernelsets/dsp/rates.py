"""What an instruction of the kernels for the DSP extension takes on a Cortex-M4.

`python -m benchmarks.rates` measures anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.project.runtimes.aot.kernelsets.types import Rate

if TYPE_CHECKING:
    from collections.abc import Mapping

RATES: Mapping[str, Rate] = {
    "nn_add_s16_dsp": Rate(1.25, 8.3e-05),  # 3 steps, 695,039 instructions
    "nn_add_s8_dsp": Rate(1.19, 0.0011),  # 22 steps, 311,160 instructions
    "nn_add_table_s8_dsp": Rate(1.32, 0.11),  # 4 steps, 2,968 instructions
    "nn_average_pool2d_s8_dsp": Rate(1.51, 0.016),  # 11 steps, 61,942 instructions
    "nn_average_pool2x2_s8_dsp": Rate(1.34, 0.12),  # 3 steps, 679 instructions
    "nn_conv2d_narrow_s8_dsp": Rate(1.44, 0.071),  # 12 steps, 3,999,969 instructions
    "nn_conv2d_rows_add_s8_dsp": Rate(1.45, 0.076),  # 5 steps, 2,252,333 instructions
    "nn_conv2d_rows_s8_dsp": Rate(1.46, 0.081),  # 13 steps, 7,854,554 instructions
    "nn_conv2d_s16_dsp": Rate(1.47, 0.13),  # 14 steps, 16,130,673 instructions
    "nn_conv2d_s8_dsp": Rate(1.4, 0.08),  # 16 steps, 1,131,876 instructions
    "nn_depthwise3_s8_dsp": Rate(1.5, 0.0035),  # 13 steps, 2,254,804 instructions
    "nn_depthwise3_stride2_s8_dsp": Rate(1.51, 0.0017),  # 2 steps, 386,044 instructions
    "nn_depthwise3_two_sided_s8_dsp": Rate(1.57, 0.0048),  # 2 steps, 91,254 instructions
    "nn_depthwise_conv2d_s16_dsp": Rate(1.25, 0.084),  # 4 steps, 2,133,734 instructions
    "nn_depthwise_plane3_s8_dsp": Rate(1.61, 0.018),  # 16 steps, 302,190 instructions
    "nn_depthwise_plane3_two_sided_s8_dsp": Rate(1.55, 0.035),  # 2 steps, 21,914 instructions
    "nn_depthwise_plane_s8_dsp": Rate(1.58, 0.13),  # 4 steps, 1,564 instructions
    "nn_depthwise_plane_two_sided_s8_dsp": Rate(1.66, 0.008),  # 4 steps, 44,898 instructions
    "nn_fully_connected_any_s8_dsp": Rate(1.15, 0.14),  # 1 step, 20,903 instructions
    "nn_fully_connected_s16_dsp": Rate(1.31, 0.16),  # 12 steps, 454,568 instructions
    "nn_fully_connected_s8_dsp": Rate(1.44, 0.26),  # 44 steps, 549,163 instructions
    "nn_fully_connected_wide_s8_dsp": Rate(1.38, 0.19),  # 8 steps, 178,624 instructions
    "nn_lstm_s8_dsp": Rate(1.44, 0.23),  # 4 steps, 6,682,611 instructions
    "nn_max_pool2d_s8_dsp": Rate(1.31, 0.033),  # 6 steps, 23,500 instructions
    "nn_pointwise_s8_dsp": Rate(1.44, 0.085),  # 25 steps, 6,169,937 instructions
    "nn_sum_s8_dsp": Rate(1.28, 0.048),  # 4 steps, 14,964 instructions
    "nn_winograd_add_s8_dsp": Rate(1.53, 0.095),  # 2 steps, 3,079,380 instructions
    "nn_winograd_s8_dsp": Rate(1.57, 0.1),  # 8 steps, 8,889,642 instructions
}
"""Cycles, and constants read, for each instruction of a kernel: see docs/estimates.md."""

"""What an instruction of the kernels for the DSP extension takes on a Cortex-M4.

`python -m benchmarks.rates` measures anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.project.runtimes.aot.kernelsets.types import Rate

if TYPE_CHECKING:
    from collections.abc import Mapping

RATES: Mapping[str, Rate] = {
    "nn_add_rows_s8_dsp": Rate(1.24, 0.0011),  # 2 steps, 86,198 instructions
    "nn_add_s16_dsp": Rate(1.25, 8.3e-05),  # 3 steps, 695,039 instructions
    "nn_add_s8_dsp": Rate(1.19, 0.0011),  # 22 steps, 311,160 instructions
    "nn_add_table_s8_dsp": Rate(1.32, 0.11),  # 4 steps, 2,968 instructions
    "nn_average_pool2d_s8_dsp": Rate(1.51, 0.016),  # 11 steps, 61,942 instructions
    "nn_average_pool2x2_s8_dsp": Rate(1.34, 0.12),  # 3 steps, 679 instructions
    "nn_batch_matmul_s16_dsp": Rate(1.65, 0.01),  # 1 step, 110,982 instructions
    "nn_batch_matmul_s8_dsp": Rate(1.45, 0.0024),  # 4 steps, 271,496 instructions
    "nn_conv2d_any_s8_dsp": Rate(1.4, 0.091),  # 1 step, 274,619 instructions
    "nn_conv2d_narrow_s8_dsp": Rate(1.44, 0.071),  # 12 steps, 3,999,969 instructions
    "nn_conv2d_rows_add_s8_dsp": Rate(1.45, 0.076),  # 5 steps, 2,252,333 instructions
    "nn_conv2d_rows_s8_dsp": Rate(1.46, 0.081),  # 13 steps, 7,854,554 instructions
    "nn_conv2d_s16_dsp": Rate(1.46, 0.14),  # 5 steps, 2,539,187 instructions
    "nn_conv2d_s8_dsp": Rate(1.4, 0.08),  # 16 steps, 1,131,876 instructions
    "nn_depthwise3_few_s8_dsp": Rate(1.5, 0.0029),  # 1 step, 26,792 instructions
    "nn_depthwise3_few_stride2_s8_dsp": Rate(1.48, 0.0046),  # 1 step, 16,811 instructions
    "nn_depthwise3_few_stride2_two_sided_s8_dsp": Rate(1.43, 0.0052),  # 1 step, 15,107 instructions
    "nn_depthwise3_few_two_sided_s8_dsp": Rate(1.48, 0.0026),  # 1 step, 29,816 instructions
    "nn_depthwise3_s8_dsp": Rate(1.5, 0.0035),  # 13 steps, 2,254,804 instructions
    "nn_depthwise3_stride2_s8_dsp": Rate(1.51, 0.0017),  # 2 steps, 386,044 instructions
    "nn_depthwise3_stride2_two_sided_s8_dsp": Rate(1.48, 0.0013),  # 1 step, 96,286 instructions
    "nn_depthwise3_two_sided_s8_dsp": Rate(1.57, 0.0048),  # 2 steps, 91,254 instructions
    "nn_depthwise_any_s8_dsp": Rate(1.26, 0.11),  # 9 steps, 36,207 instructions
    "nn_depthwise_conv2d_s16_dsp": Rate(1.4, 0.12),  # 4 steps, 1,451,452 instructions
    "nn_depthwise_dilated3_s8_dsp": Rate(1.64, 0.0073),  # 1 step, 63,652 instructions
    "nn_depthwise_dilated3_two_sided_s8_dsp": Rate(1.58, 0.0065),  # 1 step, 71,860 instructions
    "nn_depthwise_dilated_s8_dsp": Rate(1.65, 0.0089),  # 1 step, 27,388 instructions
    "nn_depthwise_dilated_two_sided_s8_dsp": Rate(1.59, 0.0079),  # 1 step, 30,820 instructions
    "nn_depthwise_plane3_mixed_s8_dsp": Rate(1.46, 0.0042),  # 1 step, 81,276 instructions
    "nn_depthwise_plane3_s8_dsp": Rate(1.61, 0.018),  # 16 steps, 302,190 instructions
    "nn_depthwise_plane3_two_sided_s8_dsp": Rate(1.55, 0.035),  # 2 steps, 21,914 instructions
    "nn_depthwise_plane_mixed_s8_dsp": Rate(1.57, 0.0025),  # 1 step, 158,207 instructions
    "nn_depthwise_plane_s8_dsp": Rate(1.58, 0.13),  # 4 steps, 1,564 instructions
    "nn_depthwise_plane_two_sided_s8_dsp": Rate(1.66, 0.008),  # 4 steps, 44,898 instructions
    "nn_depthwise_repeated3_s8_dsp": Rate(1.59, 0.0057),  # 1 step, 59,611 instructions
    "nn_depthwise_repeated3_two_sided_s8_dsp": Rate(1.53, 0.005),  # 1 step, 67,711 instructions
    "nn_depthwise_repeated_s8_dsp": Rate(1.64, 0.0046),  # 1 step, 78,163 instructions
    "nn_depthwise_repeated_two_sided_s8_dsp": Rate(1.61, 0.0043),  # 1 step, 82,799 instructions
    "nn_fully_connected_any_s8_dsp": Rate(1.15, 0.14),  # 1 step, 20,903 instructions
    "nn_fully_connected_s16_dsp": Rate(1.31, 0.16),  # 12 steps, 454,568 instructions
    "nn_fully_connected_s8_dsp": Rate(1.44, 0.26),  # 44 steps, 549,163 instructions
    "nn_fully_connected_wide_s8_dsp": Rate(1.46, 0.22),  # 27 steps, 102,808 instructions
    "nn_lstm_s8_dsp": Rate(1.44, 0.23),  # 4 steps, 6,682,611 instructions
    "nn_max_pool2d_s8_dsp": Rate(1.31, 0.033),  # 6 steps, 23,500 instructions
    "nn_mul_s8_dsp": Rate(1.16, 0.0016),  # 3 steps, 108,312 instructions
    "nn_pointwise_s8_dsp": Rate(1.44, 0.085),  # 25 steps, 6,169,937 instructions
    "nn_prelu_s8_dsp": Rate(1.31, 0.00078),  # 1 step, 65,526 instructions
    "nn_squared_difference_s8_dsp": Rate(1.2, 0.0031),  # 1 step, 15,991 instructions
    "nn_sum_s8_dsp": Rate(1.28, 0.048),  # 4 steps, 14,964 instructions
    "nn_svdf_s8_dsp": Rate(1.32, 0.13),  # 4 steps, 37,204 instructions
    "nn_transpose_conv_s8_dsp": Rate(1.45, 0.082),  # 4 steps, 1,283,233 instructions
    "nn_winograd_add_s8_dsp": Rate(1.53, 0.095),  # 2 steps, 3,079,380 instructions
    "nn_winograd_s8_dsp": Rate(1.57, 0.1),  # 8 steps, 8,889,642 instructions
}
"""Cycles, and constants read, for each instruction of a kernel: see docs/estimates.md."""

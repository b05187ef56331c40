"""Costs of the kernels for the DSP extension, as kernelsets/types.py explains them.

`python -m benchmarks.calibrate` measures and fits anew. Where no steps are told, the factors are rough, and by hand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.project.runtimes.aot.kernelsets.types import Cost

if TYPE_CHECKING:
    from collections.abc import Mapping

COSTS: Mapping[str, Cost] = {
    "nn_add_rows_s8_dsp": Cost(100, 0, 9.6),
    "nn_add_s16_dsp": Cost(50, 12.6, 0),  # 3 steps, up to 1 % off
    "nn_add_s8_dsp": Cost(50, 4.12, 0),  # 3 steps, up to 0 % off
    "nn_add_scaled_s16_dsp": Cost(100, 0, 16),
    "nn_add_scaled_s8_dsp": Cost(100, 0, 15),
    "nn_average_pool2d_s8_dsp": Cost(50, 1.67, 22.4),  # 9 steps, up to 26 % off
    "nn_average_pool2x2_s8_dsp": Cost(300, 2.2, 0),  # 3 steps, up to 15 % off
    "nn_batch_matmul_s16_dsp": Cost(1500, 2, 45),  # 6 steps, up to 18 % off
    "nn_batch_matmul_s8_dsp": Cost(1500, 0.85, 12),  # 14 steps, up to 42 % off; more below 8 rows or columns
    "nn_conv2d_narrow_s8_dsp": Cost(300, 0.876, 12.3),  # 10 steps, up to 27 % off
    "nn_conv2d_rows_add_s8_dsp": Cost(300, 0.961, 0),  # 3 steps, up to 2 % off
    "nn_conv2d_rows_s8_dsp": Cost(50, 0.771, 11),  # 20 steps, up to 12 % off
    "nn_conv2d_any_s8_dsp": Cost(300, 1, 40),
    "nn_conv2d_any_wide_s8_dsp": Cost(300, 1, 90),
    "nn_conv2d_s8_dsp": Cost(50, 0.902, 8.9),  # 3 steps, up to 9 % off
    "nn_depthwise3_s8_dsp": Cost(300, 2.39, 0),  # 7 steps, up to 44 % off
    "nn_depthwise3_stride2_s8_dsp": Cost(300, 0, 30.1),  # 3 steps, up to 18 % off
    "nn_depthwise3_stride2_two_sided_s8_dsp": Cost(300, 3.57, 0),  # 2 steps, up to 7 % off
    "nn_depthwise3_two_sided_s8_dsp": Cost(300, 2.71, 0),  # 4 steps, up to 41 % off
    "nn_depthwise_any_s8_dsp": Cost(100, 3.7, 40),
    "nn_depthwise_plane3_mixed_s8_dsp": Cost(300, 3.8, 0),
    "nn_depthwise_plane3_s8_dsp": Cost(300, 0, 30.4),  # 10 steps, up to 24 % off
    "nn_depthwise_plane3_two_sided_s8_dsp": Cost(300, 3.96, 0),  # 4 steps, up to 19 % off
    "nn_depthwise_plane_mixed_s8_dsp": Cost(300, 1.8, 24),
    "nn_depthwise_plane_s8_dsp": Cost(300, 1.83, 15.9),  # 6 steps, up to 29 % off
    "nn_depthwise_plane_two_sided_s8_dsp": Cost(300, 1.7, 19.4),  # 3 steps, up to 2 % off
    "nn_depthwise_repeated3_s8_dsp": Cost(300, 0, 28),
    "nn_depthwise_repeated3_two_sided_s8_dsp": Cost(300, 3.2, 0),
    "nn_depthwise_repeated_s8_dsp": Cost(300, 1.95, 17),
    "nn_depthwise_repeated_two_sided_s8_dsp": Cost(300, 1.85, 21),
    "nn_fully_connected_any_s8_dsp": Cost(100, 2.1, 90),  # 6 steps, up to 21 % off
    "nn_fully_connected_s16_dsp": Cost(50, 1.48, 34.8),  # 11 steps, up to 8 % off
    "nn_fully_connected_s8_dsp": Cost(200, 1.04, 3.88),  # 14 steps, up to 60 % off
    "nn_fully_connected_wide_s8_dsp": Cost(300, 1.38, 0),  # 3 steps, up to 39 % off
    "nn_lstm_s8_dsp": Cost(300, 0.953, 307),  # 4 steps, up to 1 % off
    "nn_max_pool2d_s8_dsp": Cost(50, 3.04, 0.737),  # 14 steps, up to 44 % off
    "nn_mul_s16_dsp": Cost(100, 0, 12),
    "nn_mul_s8_dsp": Cost(100, 0, 12),
    "nn_pointwise_add_s8_dsp": Cost(100, 2.2, 0),  # 2 steps, up to 0 % off
    "nn_pointwise_s8_dsp": Cost(300, 0.746, 7.8),  # 15 steps, up to 85 % off
    "nn_prelu_s8_dsp": Cost(100, 0, 12.5),
    "nn_squared_difference_s8_dsp": Cost(100, 0, 10.5),
    "nn_sum_runs_s8_dsp": Cost(50, 1.7, 35),
    "nn_sum_s8_dsp": Cost(50, 1.23, 0),  # 1 step, up to 0 % off
    "nn_svdf_s8_dsp": Cost(200, 0.95, 200),  # 2 steps, up to 11 % off
    "nn_svdf_s8_s16_dsp": Cost(200, 0.95, 200),  # 2 steps, up to 12 % off
    "nn_transpose_conv_s16_dsp": Cost(500, 0.95, 18),  # 4 steps, up to 24 % off
    "nn_transpose_conv_s8_dsp": Cost(500, 0.74, 18),  # 19 steps, up to 45 % off
    "nn_transpose_conv_wide_s8_dsp": Cost(500, 0.9, 70),
}
"""The model of each kernel that has one and no estimate of its own."""

BLOCKS: Mapping[str, str] = {
    "nn_conv2d_s8_dsp": "4 pixels x 2 channels",
    "nn_conv2d_narrow_s8_dsp": "4 pixels x 2 channels",
    "nn_conv2d_rows_s8_dsp": "4 pixels x 2 channels",
    "nn_conv2d_rows_add_s8_dsp": "4 pixels x 2 channels",
    "nn_pointwise_s8_dsp": "4 pixels x 2 channels",
    "nn_pointwise_add_s8_dsp": "4 pixels x 2 channels",
    "nn_depthwise3_s8_dsp": "2 pixels",
    "nn_depthwise3_two_sided_s8_dsp": "2 pixels",
    "nn_depthwise3_stride2_s8_dsp": "2 pixels",
    "nn_depthwise3_stride2_two_sided_s8_dsp": "2 pixels",
    "nn_depthwise3_few_s8_dsp": "2 pixels",
    "nn_depthwise3_few_two_sided_s8_dsp": "2 pixels",
    "nn_depthwise3_few_stride2_s8_dsp": "2 pixels",
    "nn_depthwise3_few_stride2_two_sided_s8_dsp": "2 pixels",
    "nn_depthwise_dilated3_s8_dsp": "4 channels",
    "nn_depthwise_dilated3_two_sided_s8_dsp": "4 channels",
    "nn_depthwise_dilated_s8_dsp": "4 channels",
    "nn_depthwise_dilated_two_sided_s8_dsp": "4 channels",
    "nn_depthwise_plane_s8_dsp": "4 channels",
    "nn_depthwise_plane_two_sided_s8_dsp": "4 channels",
    "nn_depthwise_plane3_mixed_s8_dsp": "4 channels",
    "nn_depthwise_plane_mixed_s8_dsp": "4 channels",
    "nn_depthwise_plane3_s8_dsp": "4 channels",
    "nn_depthwise_plane3_two_sided_s8_dsp": "4 channels",
    "nn_fully_connected_any_s8_dsp": "3 outputs",
    "nn_fully_connected_s8_dsp": "4 outputs",
    "nn_fully_connected_wide_s8_dsp": "4 outputs",
    "nn_depthwise_repeated3_s8_dsp": "4 channels",
    "nn_depthwise_repeated3_two_sided_s8_dsp": "4 channels",
    "nn_depthwise_repeated_s8_dsp": "4 channels",
    "nn_depthwise_repeated_two_sided_s8_dsp": "4 channels",
    "nn_add_s8_dsp": "4 outputs",
    "nn_add_rows_s8_dsp": "4 outputs",
    "nn_add_scaled_s16_dsp": "4 outputs",
    "nn_add_scaled_s8_dsp": "4 outputs",
    "nn_add_table_s8_dsp": "4 outputs",
    "nn_mul_s16_dsp": "4 outputs",
    "nn_mul_s8_dsp": "4 outputs",
    "nn_prelu_s8_dsp": "4 outputs",
    "nn_squared_difference_s8_dsp": "4 outputs",
    "nn_average_pool2d_s8_dsp": "4 channels",
    "nn_average_pool2x2_s8_dsp": "4 channels",
    "nn_max_pool2d_s8_dsp": "4 channels",
    "nn_sum_runs_s8_dsp": "8 elements",
    "nn_sum_s8_dsp": "4 channels",
    "nn_conv2d_any_s8_dsp": "4 pixels x 2 channels",
    "nn_conv2d_any_wide_s8_dsp": "4 pixels x 2 channels",
    "nn_depthwise_any_s8_dsp": "4 channels",
    "nn_conv2d_s16_dsp": "4 pixels x 2 channels",
    "nn_depthwise_conv2d_s16_dsp": "4 channels",
    "nn_fully_connected_s16_dsp": "4 outputs",
    "nn_batch_matmul_s16_dsp": "2 rows x 2 columns",
    "nn_batch_matmul_s8_dsp": "4 rows x 2 columns",
    "nn_svdf_s8_dsp": "4 filters",
    "nn_svdf_s8_s16_dsp": "4 filters",
    "nn_transpose_conv_s8_dsp": "4 pixels x 2 channels",
    "nn_transpose_conv_wide_s8_dsp": "4 pixels x 2 channels",
    "nn_transpose_conv_s16_dsp": "4 pixels x 2 channels",
    "nn_winograd_s8_dsp": "16 pixels x 2 channels",
    "nn_winograd_add_s8_dsp": "16 pixels x 2 channels",
}
"""What the innermost loop of a kernel computes at once."""

CODE_BYTES: Mapping[str, int] = {
    "nn_add_dsp.c": 310,
    "nn_add_rows_dsp.c": 588,
    "nn_add_scaled_dsp.c": 624,
    "nn_add_scaled_s16_dsp.c": 624,
    "nn_average_pool2d_dsp.c": 328,  # as much as the portable one: linked, the two take the same
    "nn_average_pool2x2_dsp.c": 292,
    "nn_batch_matmul_s8_dsp.c": 1804,
    "nn_clamp_dsp.c": 98,
    "nn_conv2d_dsp.c": 492,
    "nn_conv2d_narrow_dsp.c": 544,
    "nn_conv2d_rows_dsp.c": 646,
    "nn_conv2d_s16_dsp.c": 720,
    "nn_depthwise_conv2d_s16_dsp.c": 1308,
    "nn_depthwise_dsp.c": 868,  # one of its functions: the others are not linked
    "nn_depthwise_line_dsp.c": 624,
    "nn_depthwise_plane_dsp.c": 640,  # one of its functions
    "nn_depthwise_rows_dsp.c": 420,  # one of its functions
    "nn_fully_connected_any_dsp.c": 684,
    "nn_fully_connected_dsp.c": 1096,
    "nn_gemm_dsp.c": 1562,
    "nn_gemm_wide_dsp.c": 298,
    "nn_max_pool2d_dsp.c": 336,
    "nn_mul_dsp.c": 596,
    "nn_mul_s16_dsp.c": 590,
    "nn_pointwise_dsp.c": 366,
    "nn_prelu_dsp.c": 602,
    "nn_products_dsp.c": 740,
    "nn_squared_difference_dsp.c": 600,
    "nn_sum_dsp.c": 366,
    "nn_sum_runs_dsp.c": 352,
    "nn_transpose_conv_s16_dsp.c": 718,
    "nn_transpose_conv_s8_dsp.c": 800,
    "nn_winograd_dsp.c": 1700,
    "nn_winograd_products_dsp.c": 988,
    "nn_winograd_transform_dsp.c": 584,
}
"""Code of each file in firmware/kernels, where choices depend on it."""

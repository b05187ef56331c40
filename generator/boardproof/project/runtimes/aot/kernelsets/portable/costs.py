"""Costs of the portable kernels, as kernelsets/types.py explains them.

`python -m benchmarks.calibrate` measures and fits anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.project.runtimes.aot.kernelsets.types import Cost

if TYPE_CHECKING:
    from collections.abc import Mapping

COSTS: Mapping[str, Cost] = {
    "nn_add_s16": Cost(100, 0, 45),
    "nn_add_s8": Cost(300, 35.7, 0),  # 7 steps, up to 1 % off
    "nn_average_pool2d_f32": Cost(100, 3.1, 11),  # 2 steps, up to 2 % off
    "nn_average_pool2d_s16": Cost(100, 3.2, 11),  # 2 steps, up to 21 % off
    "nn_average_pool2d_s8": Cost(50, 6.24, 0),  # 9 steps, up to 67 % off
    "nn_concat": Cost(50, 3.6, 0),  # 4 steps, up to 8 % off
    "nn_conv2d_s8": Cost(300, 6.5, 114),  # 48 steps, up to 73 % off
    "nn_depthwise_conv2d_s8": Cost(50, 3.79, 157),  # 30 steps, up to 41 % off
    "nn_div_s8": Cost(100, 0, 131),
    "nn_fully_connected_s8": Cost(50, 5.88, 48.5),  # 22 steps, up to 23 % off
    "nn_lookup_8": Cost(50, 4.21, 0),  # 1 step, up to 0 % off
    "nn_max_pool2d_f32": Cost(100, 6.5, 12),  # 6 steps, up to 26 % off
    "nn_max_pool2d_s16": Cost(100, 5.2, 12),  # 2 steps, up to 2 % off
    "nn_max_pool2d_s8": Cost(50, 6.77, 10.1),  # 14 steps, up to 126 % off
    "nn_mul_s16": Cost(100, 0, 27),
    "nn_mul_s8": Cost(100, 0, 30),
    "nn_prelu_s8": Cost(100, 0, 31),
    "nn_resize_bilinear_s8": Cost(100, 0, 22.6),
    "nn_softmax_s8": Cost(200, 36, 0),
    "nn_squared_difference_s8": Cost(100, 0, 53),
    "nn_sub_s16": Cost(100, 0, 44),
    "nn_sub_s8": Cost(100, 0, 50),
    "nn_sum_s8": Cost(50, 5.1, 0),  # 1 step, up to 0 % off
    "nn_transpose_conv_s8": Cost(50, 8.22, 0),  # 1 step, up to 0 % off
}
"""The model of each kernel that has one."""

CODE_BYTES: Mapping[str, int] = {
    "nn_add_s16.c": 336,
    "nn_add_s8.c": 332,
    "nn_average_pool2d_s8.c": 328,
    "nn_concat.c": 64,
    "nn_conv2d_s8.c": 516,
    "nn_depthwise_conv2d_s8.c": 484,
    "nn_div_s8.c": 480,
    "nn_fully_connected_s8.c": 204,
    "nn_lookup_8.c": 88,
    "nn_max_pool2d_s8.c": 298,
    "nn_mul_s16.c": 288,
    "nn_mul_s8.c": 298,
    "nn_prelu_s8.c": 302,
    "nn_resize_bilinear_s8.c": 300,
    "nn_softmax_s8.c": 668,
    "nn_squared_difference_s8.c": 334,
    "nn_sub_s16.c": 334,
    "nn_sub_s8.c": 330,
    "nn_sum_s8.c": 242,
    "nn_transpose_conv_s8.c": 496,
}
"""Code of each file in firmware/kernels, where choices depend on it."""

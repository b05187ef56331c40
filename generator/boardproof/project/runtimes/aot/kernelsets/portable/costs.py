"""Costs of the portable kernels, as kernelsets/types.py explains them.

`python -m benchmarks.calibrate` measures and fits anew. Where no steps are told, factors are those of single layers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.project.runtimes.aot.kernelsets.types import Cost

if TYPE_CHECKING:
    from collections.abc import Mapping

COSTS: Mapping[str, Cost] = {
    "nn_add_f32": Cost(100, 0, 16),
    "nn_add_s16": Cost(100, 0, 45),
    "nn_add_s8": Cost(300, 35.7, 0),  # 7 steps, up to 1 % off
    "nn_average_pool2d_f32": Cost(100, 3.1, 11),  # 2 steps, up to 2 % off
    "nn_average_pool2d_s16": Cost(100, 3.2, 11),  # 2 steps, up to 21 % off
    "nn_average_pool2d_s8": Cost(50, 6.24, 0),  # 9 steps, up to 67 % off
    "nn_batch_matmul_f32": Cost(100, 9.5, 0),
    "nn_concat": Cost(50, 3.6, 0),  # 4 steps, up to 8 % off
    "nn_conv2d_s8": Cost(300, 6.5, 114),  # 48 steps, up to 73 % off
    "nn_depthwise_conv2d_s8": Cost(50, 3.79, 157),  # 30 steps, up to 41 % off
    "nn_dequantize_s16_f32": Cost(50, 0, 8),
    "nn_dequantize_s8_f32": Cost(50, 0, 8.5),
    "nn_div_s8": Cost(100, 0, 131),
    "nn_fully_connected_s8": Cost(50, 5.88, 48.5),  # 22 steps, up to 23 % off
    "nn_hard_swish_f32": Cost(50, 0, 12.5),
    "nn_leaky_relu_f32": Cost(50, 0, 8),
    "nn_logistic_f32": Cost(50, 0, 73),
    "nn_logistic_s16": Cost(50, 0, 20),
    "nn_lookup_8": Cost(50, 4.21, 0),  # 1 step, up to 0 % off
    "nn_max_pool2d_f32": Cost(100, 6.5, 12),  # 6 steps, up to 26 % off
    "nn_max_pool2d_s16": Cost(100, 5.2, 12),  # 2 steps, up to 2 % off
    "nn_max_pool2d_s8": Cost(50, 6.77, 10.1),  # 14 steps, up to 126 % off
    "nn_mul_f32": Cost(100, 0, 16),
    "nn_mul_s16": Cost(100, 0, 27),
    "nn_mul_s8": Cost(100, 0, 30),
    "nn_prelu_f32": Cost(100, 0, 10.5),
    "nn_prelu_s8": Cost(100, 0, 31),
    "nn_quantize_f32_s16": Cost(50, 0, 18.5),
    "nn_quantize_f32_s8": Cost(50, 0, 20.5),
    "nn_relu6_f32": Cost(50, 0, 10),
    "nn_relu_f32": Cost(50, 0, 8),
    "nn_resize_bilinear_s8": Cost(100, 0, 22.6),
    "nn_softmax_f32": Cost(100, 0, 90),
    "nn_softmax_s16": Cost(100, 0, 55),
    "nn_softmax_s8": Cost(200, 36, 0),
    "nn_squared_difference_s8": Cost(100, 0, 53),
    "nn_sub_f32": Cost(100, 0, 13.5),
    "nn_sub_s16": Cost(100, 0, 44),
    "nn_sub_s8": Cost(100, 0, 50),
    "nn_sum_f32": Cost(100, 6.8, 0),
    "nn_sum_s16": Cost(100, 5.5, 0),
    "nn_sum_s8": Cost(50, 5.1, 0),  # 1 step, up to 0 % off
    "nn_tanh_f32": Cost(50, 0, 32),
    "nn_tanh_s16": Cost(50, 0, 22),
    "nn_transpose_conv_s8": Cost(50, 8.22, 0),  # 1 step, up to 0 % off
    "nn_two_lines_s16": Cost(50, 0, 15),
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

"""What an instruction of the portable kernels takes on a Cortex-M4.

`python -m benchmarks.rates` measures anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.project.runtimes.aot.kernelsets.types import Rate

if TYPE_CHECKING:
    from collections.abc import Mapping

RATES: Mapping[str, Rate] = {
    "nn_add_f32": Rate(1.25, 0.00054),  # 3 steps, 203,598 instructions
    "nn_add_s8": Rate(1.43, 0.071),  # 6 steps, 4,328 instructions
    "nn_average_pool2d_f32": Rate(1.38, 0.00052),  # 1 step, 54,159 instructions
    "nn_average_pool2d_s16": Rate(1.49, 0.001),  # 1 step, 26,061 instructions
    "nn_average_pool2d_s8": Rate(1.43, 0.025),  # 13 steps, 87,486 instructions
    "nn_batch_matmul_f32": Rate(1.33, 0.01),  # 1 step, 310,962 instructions
    "nn_conv2d_f32": Rate(1.47, 0.083),  # 1 step, 25,175 instructions
    "nn_conv2d_s8": Rate(1.4, 0.13),  # 18 steps, 32,549,187 instructions
    "nn_depthwise_conv2d_s8": Rate(1.34, 0.13),  # 12 steps, 6,951,864 instructions
    "nn_dequantize_s16_f32": Rate(1.44, 0.11),  # 1 step, 27,674 instructions
    "nn_dequantize_s8_f32": Rate(1.44, 0.11),  # 1 step, 27,674 instructions
    "nn_fully_connected_f32": Rate(1.66, 0.17),  # 1 step, 1,875 instructions
    "nn_fully_connected_s8": Rate(1.49, 0.17),  # 18 steps, 1,798,876 instructions
    "nn_logistic_f32": Rate(1.51, 0.11),  # 1 step, 230,354 instructions
    "nn_logistic_s16": Rate(1.25, 0.048),  # 1 step, 83,019 instructions
    "nn_max_pool2d_f32": Rate(1.24, 0.0042),  # 8 steps, 126,223 instructions
    "nn_max_pool2d_s16": Rate(1.31, 0.0029),  # 2 steps, 208,783 instructions
    "nn_max_pool2d_s8": Rate(1.42, 0.15),  # 4 steps, 1,160 instructions
    "nn_mul_f32": Rate(1.26, 0.00085),  # 2 steps, 84,609 instructions
    "nn_pad_s8": Rate(1.66, 0.13),  # 7 steps, 11,293 instructions
    "nn_place": Rate(1.77, 0.0015),  # 4 steps, 358,466 instructions
    "nn_quantize_f32_s16": Rate(1.84, 0.00026),  # 1 step, 58,396 instructions
    "nn_quantize_f32_s8": Rate(1.75, 0.13),  # 1 step, 73,752 instructions
    "nn_relu6_f32": Rate(1.45, 0.00032),  # 1 step, 40,981 instructions
    "nn_relu_f32": Rate(1.5, 0.0004),  # 1 step, 32,791 instructions
    "nn_softmax_f32": Rate(1.87, 0.15),  # 3 steps, 947 instructions
    "nn_softmax_s16": Rate(1.23, 0.069),  # 1 step, 751 instructions
    "nn_softmax_s8": Rate(1.29, 0.089),  # 10 steps, 6,320 instructions
    "nn_sub_f32": Rate(1.25, 0.00055),  # 1 step, 65,741 instructions
    "nn_sum_f32": Rate(1.56, 0.072),  # 1 step, 10,177 instructions
    "nn_sum_s16": Rate(1.45, 0.014),  # 1 step, 29,666 instructions
    "nn_sum_s8": Rate(1.3, 0.18),  # 6 steps, 2,160 instructions
    "nn_tanh_s16": Rate(1.15, 0.021),  # 1 step, 89,754 instructions
    "nn_transpose_conv_f32": Rate(1.55, 0.13),  # 1 step, 1,133,667 instructions
    "nn_two_lines_s16": Rate(1.34, 0.075),  # 1 step, 137,294 instructions
}
"""Cycles, and constants read, for each instruction of a kernel: see docs/estimates.md."""

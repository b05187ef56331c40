"""Costs of the float kernels for an FPU, as kernelsets/types.py explains them.

`python -m benchmarks.calibrate` measures and fits anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.project.runtimes.aot.kernelsets.types import Cost

if TYPE_CHECKING:
    from collections.abc import Mapping

COSTS: Mapping[str, Cost] = {
    "nn_fully_connected_f32_fpu": Cost(50, 2.31, 61.3),  # 5 steps, up to 20 % off
}
"""The model of each kernel that has one; those of convolutions are in ticks.py."""

BLOCKS: Mapping[str, str] = {
    "nn_conv2d_f32_fpu": "4 pixels x 4 channels",
    "nn_depthwise_conv2d_f32_fpu": "4 outputs",
    "nn_fully_connected_f32_fpu": "8 outputs",
}
"""What the innermost loop of a kernel computes at once."""

CODE_BYTES: Mapping[str, int] = {
    "nn_conv2d_f32_fpu.c": 712,
    "nn_depthwise_conv2d_f32_fpu.c": 1416,
    "nn_fully_connected_f32_fpu.c": 566,
    "nn_gemm_f32_fpu.c": 1230,
    "nn_limit_f32_fpu.c": 136,
}
"""Code of each file in firmware/kernels, where choices depend on it."""

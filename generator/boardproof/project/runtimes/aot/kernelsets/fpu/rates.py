"""What an instruction of the float kernels takes on a Cortex-M4.

`python -m benchmarks.rates` measures anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.project.runtimes.aot.kernelsets.types import Rate

if TYPE_CHECKING:
    from collections.abc import Mapping

RATES: Mapping[str, Rate] = {
    "nn_conv2d_f32_fpu": Rate(1.34, 0.079),  # 21 steps, 5,095,832 instructions
    "nn_depthwise_conv2d_f32_fpu": Rate(1.6, 0.17),  # 13 steps, 2,155,484 instructions
    "nn_fully_connected_f32_fpu": Rate(1.54, 0.45),  # 5 steps, 159,981 instructions
}
"""Cycles, and constants read, for each instruction of a kernel: see docs/estimates.md."""

"""Float kernels for Cortex-M cores with an FPU: which layer can have which, and constants in the layouts they read."""

from __future__ import annotations

from boardproof.project.boards import Feature
from boardproof.project.runtimes.aot.kernelsets.fpu.choose import choose_fpu
from boardproof.project.runtimes.aot.kernelsets.fpu.costs import BLOCKS, CODE_BYTES, COSTS
from boardproof.project.runtimes.aot.kernelsets.fpu.rates import RATES
from boardproof.project.runtimes.aot.kernelsets.types import KernelSet

FPU = KernelSet(
    "fpu", frozenset({Feature.FPU}), choose_fpu, costs=COSTS, blocks=BLOCKS, rates=RATES, code_bytes=CODE_BYTES
)

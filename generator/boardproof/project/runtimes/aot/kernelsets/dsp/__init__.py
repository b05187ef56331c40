"""Kernels for cores with the DSP extension: which operator can have which, and constants in the layouts they read."""

from __future__ import annotations

from boardproof.project.boards import Feature
from boardproof.project.runtimes.aot.kernelsets.dsp.choose import choose_dsp
from boardproof.project.runtimes.aot.kernelsets.dsp.costs import BLOCKS, CODE_BYTES, COSTS
from boardproof.project.runtimes.aot.kernelsets.dsp.rates import RATES
from boardproof.project.runtimes.aot.kernelsets.types import KernelSet

DSP = KernelSet(
    "dsp", frozenset({Feature.DSP}), choose_dsp, costs=COSTS, rates=RATES, blocks=BLOCKS, code_bytes=CODE_BYTES
)

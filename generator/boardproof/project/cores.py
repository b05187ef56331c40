"""The cores that boards have: what a compiler is told of each, and what kernels may use."""

from __future__ import annotations

from boardproof.project.boards import CORTEX_M4F, Cpu, Feature

_BOTH = frozenset({Feature.DSP, Feature.FPU})
_M33 = ("-mcpu=cortex-m33", "-mthumb", "-mfpu=fpv5-sp-d16", "-mfloat-abi=hard")
_M7 = ("-mcpu=cortex-m7", "-mthumb", "-mfpu=fpv5-sp-d16", "-mfloat-abi=hard")

CORES: dict[str, Cpu] = {
    core.name: core
    for core in (
        Cpu(
            "cortex-m0plus",
            frozenset(),
            flags=("-mcpu=cortex-m0plus", "-mthumb", "-mfloat-abi=soft"),
            counts_cycles=False,
        ),
        Cpu("cortex-m3", frozenset(), flags=("-mcpu=cortex-m3", "-mthumb", "-mfloat-abi=soft")),
        Cpu("cortex-m4", frozenset({Feature.DSP}), flags=("-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=soft")),
        CORTEX_M4F,
        Cpu("cortex-m7", _BOTH, flags=_M7),
        Cpu("cortex-m33", _BOTH, flags=_M33),
        Cpu("other", frozenset(), counts_cycles=False),
    )
}
"""By the name that a board of a user's own gives. "other" is any core with 32-bit pointers and a C11 compiler."""

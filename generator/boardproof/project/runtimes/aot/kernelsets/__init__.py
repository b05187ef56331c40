"""The kernel sets, one package each, and the tuple that lists them.

A set is a value (types.py): what a core must have, who gets which kernel, what kernels cost. Nothing outside of a set's
package knows its kernels by name. Adding one: a package here, its C files with the set's name at their ends, a line in
KERNEL_SETS.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.project.runtimes.aot.kernelsets.dsp import DSP
from boardproof.project.runtimes.aot.kernelsets.fpu import FPU
from boardproof.project.runtimes.aot.kernelsets.portable import PORTABLE
from boardproof.project.runtimes.aot.kernelsets.types import USUAL_RATE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from boardproof.project.boards import Cpu
    from boardproof.project.runtimes.aot.kernelsets.types import Cost, KernelSet, Rate

__all__ = [
    "KERNEL_SETS",
    "PORTABLE",
    "block_of",
    "code_bytes",
    "cost_of",
    "names_of",
    "rate_of",
    "set_of",
    "usable_sets",
]

KERNEL_SETS: tuple[KernelSet, ...] = (DSP, FPU, PORTABLE)
"""All of them; the first that offers a kernel for an operator is taken. The portable one, the last, has all."""

OTHER_CODE_BYTES = 400
"""What a file whose size no set knows is taken for."""


def usable_sets(cpu: Cpu) -> tuple[KernelSet, ...]:
    """Those that a core can run, in order."""
    return tuple(kernels for kernels in KERNEL_SETS if kernels.needs <= cpu.features)


def set_of(kernel: str) -> KernelSet:
    """The set a kernel belongs to, by the end of its name."""
    return next((kernels for kernels in KERNEL_SETS if kernel.endswith(f"_{kernels.name}")), PORTABLE)


def cost_of(kernel: str) -> Cost | None:
    """A kernel's cost; None if it has no model."""
    return set_of(kernel).costs.get(kernel)


def rate_of(kernel: str) -> Rate:
    """What an instruction of a kernel takes in cycles."""
    return set_of(kernel).rates.get(kernel, USUAL_RATE)


def block_of(kernel: str) -> str:
    """What the kernel's innermost loop computes at once; "" where one output at a time."""
    return set_of(kernel).blocks.get(kernel, "")


def code_bytes(files: Iterable[str]) -> int:
    """Code of the kernels in these files."""
    known = {name: size for kernels in KERNEL_SETS for name, size in kernels.code_bytes.items()}
    return sum(known.get(name, OTHER_CODE_BYTES) for name in files if name.endswith(".c"))


def names_of(kernels: Iterable[str]) -> str:
    """The sets that kernels come from beside the portable one, such as "dsp"; "portable" if there are no others."""
    found = {set_of(kernel).name for kernel in kernels}
    return "+".join(s.name for s in KERNEL_SETS if s is not PORTABLE and s.name in found) or PORTABLE.name

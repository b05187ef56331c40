"""What a kernel set is: kernels that need the same of a core, who gets them, and what they cost.

Costs are estimates from a simple model, for choosing between kernels and for `inspect`, not measurements. A step's
ticks are a constant, so many for each unit of work and so many for each output element. Work is multiply-accumulates,
or elements read where there are none (pools, element-wise operators). The factors were fitted to instructions measured
on mps2-an386 with arm-none-eabi-gcc 12.2 -O2: `python -m benchmarks.calibrate` measures and fits anew, and says how far
off the model is. Code sizes are of the same compiler with -Os.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from boardproof.model.graph import Graph, Operator
    from boardproof.project.boards import Feature
    from boardproof.project.runtimes.aot.entry import Lowered

KERNELS_FOLDER = "firmware/kernels"


@dataclass(frozen=True, slots=True)
class Cost:
    """Instructions of one call: `call + work * per_work + outputs * per_output`."""

    call: int
    per_work: float
    per_output: float


@dataclass(frozen=True, slots=True)
class Rate:
    """What an instruction of a kernel takes on a Cortex-M4 on average: docs/estimates.md says how it is counted.

    Attributes:
        cycles: Without waiting for flash.
        constants: Reads of constants from flash.
    """

    cycles: float
    constants: float


USUAL_RATE = Rate(1.45, 0.07)
"""Of kernels that nobody has counted: about that of whole networks."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """What `--optimize` lets kernels take.

    Attributes:
        rows_scratch_bytes: Scratch memory of a convolution for unpacked rows, or what unpacked windows would take if
            that is more.
        transformed_weights: Whether weights may take several times the flash, transformed for a kernel.
        spare_bytes: By operator, scratch memory that is there for the taking while it runs.
    """

    rows_scratch_bytes: int = 3072
    transformed_weights: bool = False
    spare_bytes: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class KernelSet:
    """Kernels that need the same of a core.

    Attributes:
        name: What its kernels and their files end with ("_dsp"), and what model_info.kernels says. The portable ones
            are all that end with no set's name.
        needs: What a core must have.
        choose: The step of an operator, from an operator of a prepared graph, that graph, and what it may take; None
            where the set has no kernel for it, or none that is proved to give the portable kernel's result.
        costs: The model of each kernel that has one, by the kernel's name.
        rates: What an instruction of a kernel takes in cycles, likewise; USUAL_RATE where nobody has counted.
        blocks: What a kernel's innermost loop computes at once, such as "4 pixels x 2 channels", likewise.
        code_bytes: Code of each file of the set, where choices depend on it.
        folder: Where its files are: a resource folder, or any absolute path.
    """

    name: str
    needs: frozenset[Feature]
    choose: Callable[[Operator, Graph, Tuning], Lowered | None]
    costs: Mapping[str, Cost] = field(default_factory=dict, repr=False)
    rates: Mapping[str, Rate] = field(default_factory=dict, repr=False)
    blocks: Mapping[str, str] = field(default_factory=dict, repr=False)
    code_bytes: Mapping[str, int] = field(default_factory=dict, repr=False)
    folder: str = KERNELS_FOLDER

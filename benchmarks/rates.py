"""Measures cycles and constants read for each instruction that a kernel takes; prints rates.py of the kernel sets.

    python -m benchmarks.rates [MODEL.tflite ...]

Every network in ../shared/models or $BOARDPROOF_MODELS, and the ones named, is counted as `benchmarks.cycles` does,
with the specialised kernels under `speed` and `balanced` and with the portable ones. A kernel's rate is that of all its
steps together.
"""

from __future__ import annotations

import sys
import tempfile
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.cycles import build, by_step, disassemble, execute, symbols
from benchmarks.networks import MODELS
from boardproof.errors import BoardproofError
from boardproof.project.boards import BOARDS, CORTEX_M4F

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.cycles import StepCycles

BOARD = BOARDS["mps2-an386"]
PORTABLE = replace(BOARD, cpu=replace(CORTEX_M4F, features=frozenset()))
RUNS = ((BOARD, "speed"), (BOARD, "balanced"), (PORTABLE, "balanced"))


def main() -> None:
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    models = [*sorted(MODELS.glob("*.tflite")), *map(Path, sys.argv[1:])]
    with tempfile.TemporaryDirectory(prefix="boardproof-rates-") as scratch:
        for model in models:
            for kernel, step in measure(model, Path(scratch)):
                for i, count in enumerate((1, step.instructions, step.cycles[0], step.flash_reads)):
                    sums[kernel][i] += count
    for kernel, (steps, instructions, cycles, reads) in sorted(sums.items()):
        rate = f"Rate({cycles / instructions:.3g}, {reads / instructions:.2g})"
        print(f'    "{kernel}": {rate},  # {steps} steps, {instructions:,} instructions')


def measure(model: Path, scratch: Path) -> Iterator[tuple[str, StepCycles]]:
    for number, (board, optimize) in enumerate(RUNS):
        print(f"{model.stem}: {optimize}", file=sys.stderr)
        try:
            elf, generated = build(model, optimize, scratch / f"{model.stem}-{number}", board)
        except BoardproofError as error:
            print(error.message, file=sys.stderr)
            return
        steps = by_step(execute(elf, symbols(elf)), disassemble(elf))
        yield from zip((choice.kernel for choice in generated.choices), steps, strict=True)


if __name__ == "__main__":
    main()

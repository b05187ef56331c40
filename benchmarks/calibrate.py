"""Fits the costs of the kernel sets (costs.py in aot/kernelsets/) to what QEMU counts; prints them as Python.

Every network in ../shared/models or $BOARDPROOF_MODELS runs on mps2-an386 with the specialised kernels under each
setting of --optimize, and with the portable ones. Per kernel, instructions = call + work * per_work + outputs *
per_output, least squares of relative errors with non-negative factors. The comments say how many different steps there
were, and how far off the worst is. Name more .tflite files to measure more. Layers that run together are left out.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections import defaultdict
from dataclasses import replace
from itertools import chain, product
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.networks import MODELS
from boardproof import pipeline
from boardproof.progress import Silent
from boardproof.project.boards import BOARDS, CORTEX_M4F
from boardproof.project.resources import resource
from boardproof.project.runtimes import RUNTIMES
from boardproof.project.runtimes.aot.costs import work
from boardproof.project.runtimes.aot.kernel_files import kernel_files
from boardproof.project.runtimes.aot.optimize import lower_for
from boardproof.project.runtimes.base import Options
from boardproof.project.subject import Target
from boardproof.proof.prove import Case, prove
from boardproof.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

BOARD = BOARDS["mps2-an386"]
PORTABLE = replace(BOARD, cpu=replace(CORTEX_M4F, features=frozenset()))
SAMPLES = 2
CALLS = (50, 100, 200, 300)
MACHINE = ("-mthumb", "-mcpu=cortex-m4", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16")

Row = tuple[int, int, int]
"""Work, outputs and measured instructions of one step."""


def main() -> None:
    rows: dict[str, set[Row]] = defaultdict(set)
    models = [*sorted(MODELS.glob("*.tflite")), *map(Path, sys.argv[1:])]
    with tempfile.TemporaryDirectory(prefix="boardproof-calibrate-") as scratch:
        for kernel, row in chain.from_iterable(measure(model, Path(scratch)) for model in models):
            rows[kernel].add(row)
    print("COSTS = {")
    for kernel, found in sorted(rows.items()):
        (call, per_work, per_output), worst = fit(sorted(found))
        print(f'    "{kernel}": Cost({call:.0f}, {per_work:.3g}, {per_output:.3g}),  # {len(found)}: {worst:.0%} off')
    print("}\nCODE_BYTES = {")
    for name in sorted(kernel_files(rows, ())):
        if name.endswith(".c"):
            print(f'    "{name}": {code_bytes(resource("firmware/kernels") / name)},')
    print("}")


def measure(model: Path, scratch: Path) -> Iterator[tuple[str, Row]]:
    for board, optimize in ((BOARD, "speed"), (BOARD, "balanced"), (PORTABLE, "balanced")):
        print(f"{model.stem}: {optimize}{'' if board is BOARD else ', portable'}", file=sys.stderr)
        out = scratch / f"{model.stem}-{optimize}-{board is BOARD}"
        settings = Settings(model=model, random=SAMPLES, out=out, options=Options(optimize=optimize))
        target = Target(board, RUNTIMES["aot"])
        network = pipeline.prepare(settings, Silent())
        inputs = pipeline.choose_inputs(network, settings, Silent())
        firmware, _ = pipeline.compile_network(network, target, settings, Silent())
        report = prove(Case(network, target, inputs, firmware, None), (), settings, Silent())
        program = lower_for(network.graph, board, optimize)
        for step, op in zip(program.steps, report.ops, strict=True):
            if step.stream is None:
                yield step.kernel, (*work(program, step), op.ticks)


def fit(rows: list[Row]) -> tuple[NDArray[np.float64], float]:
    """The call's own instructions, those for work and for outputs, and the largest relative error."""
    table = np.array(rows, float)
    features, ticks = table[:, :2], table[:, 2]
    best, least = np.zeros(3), np.inf
    # Non-negative least squares is least squares over some of the columns; few measurements allow few columns.
    for call, columns in product(CALLS, [[0], [1], [0, 1]] if len(rows) > 2 else [[0]]):
        factors = np.array([call, 0.0, 0.0])
        some = features[:, columns] / ticks[:, None]
        factors[[1 + column for column in columns]] = np.linalg.lstsq(some, 1 - call / ticks, rcond=None)[0]
        error = float((((features @ factors[1:] + call) / ticks - 1) ** 2).sum())
        if (factors >= 0).all() and error < least:
            best, least = factors, error
    return best, float(np.abs((features @ best[1:] + best[0]) / ticks - 1).max())


def code_bytes(source: Path) -> int:
    with tempfile.TemporaryDirectory() as scratch:
        compiled = Path(scratch) / "kernel.o"
        command = ["arm-none-eabi-gcc", *MACHINE, "-std=gnu11", "-Os", "-ffunction-sections", "-c", str(source)]
        subprocess.run([*command, "-o", str(compiled)], check=True)
        size = subprocess.run(["arm-none-eabi-size", str(compiled)], capture_output=True, text=True, check=True).stdout
    return int(size.splitlines()[1].split()[0])


if __name__ == "__main__":
    main()

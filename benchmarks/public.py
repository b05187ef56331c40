"""Networks of other people: what each takes on mps2-an386, and which of its work no specialised kernel does.

    python -m benchmarks.public FOLDER [--jobs N] [--optimize speed|balanced|size] [--json FILE]

FOLDER holds folders named owner+repository with .tflite files; none of them is part of this repository. Each runs with
random inputs against tflite_micro; files that are the same are measured once. Prints a Markdown table. A layer is fast
if only kernels of specialised sets compute it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.jobs import in_order
from boardproof import pipeline
from boardproof.errors import BoardproofError
from boardproof.model.macs import macs
from boardproof.progress import Silent
from boardproof.project.boards import BOARDS
from boardproof.project.runtimes.aot.kernelsets import PORTABLE, set_of
from boardproof.project.runtimes.aot.optimize import lower_for
from boardproof.project.runtimes.base import Options
from boardproof.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from boardproof.model.graph import Graph
    from boardproof.project.runtimes.aot.program import Program, Step
    from boardproof.report.document import Report

BOARD = BOARDS["mps2-an386"]
SAMPLES = 3
NUMBERS = ("MACs", "exact", "instructions", "per MAC", "flash", "arena", "in fast kernels")
COLUMNS = ("network", "from", *NUMBERS, "portable")
NOTABLE = 0.05
"""A portable step without multiply-accumulates is named from this share of the instructions."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One step: its operators and kernel, what it takes, and why its kernel is the portable one; "" if it is not."""

    operators: str
    shape: str
    kernel: str
    macs: int
    outputs: int
    instructions: int
    portable: str


@dataclass(frozen=True, slots=True)
class Found:
    """What came of a network; `refused` says why nothing else did."""

    network: str
    source: str
    refused: str = ""
    exact: int = 0
    samples: int = 0
    instructions: int = 0
    flash_bytes: int = 0
    arena_bytes: int = 0
    steps: tuple[Operation, ...] = ()

    @property
    def macs(self) -> int:
        return sum(step.macs for step in self.steps)

    @property
    def fast_share(self) -> float:
        """Of the multiply-accumulates, 0 to 1."""
        return sum(step.macs for step in self.steps if not step.portable) / self.macs if self.macs else 1.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.public", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="how many at a time")
    parser.add_argument("--optimize", default="balanced", choices=("speed", "balanced", "size"))
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every step of every network as well")
    arguments = parser.parse_args()
    found: list[Found] = []
    for one in in_order(partial(measured, arguments.optimize), networks(arguments.folder), arguments.jobs):
        print(f"{one.source} {one.network}: {one.refused or f'{one.instructions:,}'}", file=sys.stderr)
        found.append(one)
    print(table(found))
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(one) for one in found], indent=1) + "\n")
    return 0 if all(one.exact == one.samples for one in found) else 1


def networks(folder: Path) -> Iterator[Path]:
    """The folder's models, each content once."""
    seen: set[bytes] = set()
    for path in sorted(folder.glob("*/**/*.tflite")):
        digest = hashlib.sha256(path.read_bytes()).digest()
        if digest not in seen:
            seen.add(digest)
            yield path


def measured(optimize: str, model: Path) -> Found:
    """Runs one network."""
    source = next(part for part in reversed(model.parts[:-1]) if "+" in part).replace("+", "/")
    with tempfile.TemporaryDirectory(prefix="boardproof-public-") as scratch:
        settings = Settings(
            model=model, random=SAMPLES, out=Path(scratch) / "project", options=Options(optimize=optimize)
        )
        try:
            report = pipeline.run(settings, Silent())
        except BoardproofError as error:
            return Found(model.stem, source, error.message)
        graph = pipeline.prepare(settings, Silent()).graph
    return Found(
        network=model.stem,
        source=source,
        exact=report.verdict.exact,
        samples=report.verdict.samples,
        instructions=report.ticks.median,
        flash_bytes=report.flash_bytes or 0,
        arena_bytes=report.arena_bytes,
        steps=tuple(operations(graph, report, optimize)),
    )


def operations(graph: Graph, report: Report, optimize: str) -> Iterator[Operation]:
    """The network's steps, as they were measured."""
    program = lower_for(graph, BOARD, optimize)
    fastest = {step.operator: step for step in lower_for(graph, BOARD, "speed").steps}
    ticks = {op.index: op.ticks for op in report.ops}
    fallbacks = {choice.index: choice.fallback for choice in report.choices}
    for step in program.steps:
        yield Operation(
            operators=" + ".join(program.graph.operators[index].name for index in step.implements),
            shape=step.description,
            kernel=" + ".join(dict.fromkeys(part.kernel for part in step.parts)),
            macs=sum(macs(graph, graph.operators[index]) for index in step.implements),
            outputs=sum(program.graph.tensors[tensor].elements for tensor in step.outputs),
            instructions=ticks[step.operator],
            portable=why_portable(program, step, fastest, fallbacks),
        )


def why_portable(program: Program, step: Step, fastest: Mapping[int, Step], fallbacks: Mapping[int, str]) -> str:
    """Why a step's kernel is the portable one; "" if it is not."""
    if not is_portable(step):
        return ""
    if fallbacks.get(step.operator):
        return fallbacks[step.operator]
    if step.operator in fastest and not is_portable(fastest[step.operator]):
        return "smaller"
    first = program.graph.tensors[step.inputs[0]]
    return f"there is no other for {first.dtype.name.lower()}"


def is_portable(step: Step) -> bool:
    """Whether a portable kernel takes part; a pool in a group of layers that run together does not count."""
    return any(set_of(part.kernel) is PORTABLE for part in step.parts if not (step.stream and "pool" in part.kernel))


def table(found: Iterable[Found]) -> str:
    """Markdown."""
    lines = ["| " + " | ".join(COLUMNS) + " |", "|---|---" + "|---:" * len(NUMBERS) + "|---|"]
    lines += ["| " + " | ".join(row(one)) + " |" for one in found]
    return "\n".join(lines)


def row(one: Found) -> tuple[str, ...]:
    """The cells of a network."""
    if one.refused:
        return (f"`{one.network}`", one.source, *[""] * len(NUMBERS), f"refused: {one.refused}")
    return (
        f"`{one.network}`",
        one.source,
        f"{one.macs:,}",
        f"{one.exact}/{one.samples}",
        f"{one.instructions:,}",
        f"{one.instructions / one.macs:.2f}" if one.macs else "",
        f"{one.flash_bytes:,}",
        f"{one.arena_bytes:,}",
        f"{one.fast_share:.2%}" if one.macs else "",
        "; ".join(portable_parts(one)),
    )


def portable_parts(one: Found) -> Iterator[str]:
    """What portable kernels do of the work, the largest share first, with the reason."""
    parts: dict[tuple[str, str], list[int]] = {}
    for step in one.steps:
        if step.portable:
            sums = parts.setdefault((step.operators, step.portable), [0, 0])
            sums[0] += step.macs
            sums[1] += step.instructions
    for (operators, why), (work, instructions) in sorted(parts.items(), key=lambda part: -part[1][1]):
        if work or instructions >= NOTABLE * one.instructions:
            yield f"{operators}, {instructions / one.instructions:.1%} of the instructions: {why}"


if __name__ == "__main__":
    sys.exit(main())

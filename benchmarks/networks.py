"""`make bench`: instructions, flash, arena and stack of the benchmark networks, in one table from one run.

Networks: those in ../shared/models or $BOARDPROOF_MODELS where they are, and Keras definitions of the MLPerf Tiny
architectures, so that anyone can run it. Runtimes: aot, and tflm where $BOARDPROOF_TFLM_LIB names the library.
Writes benchmarks/results/<board>.json and .md. Counts are repeatable; nothing here is a wall time.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.architectures import ARCHITECTURES, with_statistics
from benchmarks.jobs import in_order
from boardproof import __version__, pipeline
from boardproof.errors import InputError
from boardproof.progress import Silent
from boardproof.project.runtimes.base import Options
from boardproof.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boardproof.report.document import Report

HERE = Path(__file__).parent
MODELS = Path(os.environ.get("BOARDPROOF_MODELS", HERE.parent.parent / "shared" / "models"))
TFLM_LIB = os.environ.get("BOARDPROOF_TFLM_LIB")
COLUMNS = ("network", "runtime", "kernels", "exact", "ticks", "per MAC", "flash", "beside model", "arena", "stack")


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    model: Path
    representative: Path | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """One row of the table."""

    case: Case
    runtime: str
    board: str
    optimize: str
    scratch: Path


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--board", default="mps2-an386")
    parser.add_argument("--optimize", default="balanced", choices=("speed", "balanced", "size"))
    parser.add_argument("--only", metavar="TEXT", default="", help="networks whose name contains this")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="how many are measured at a time")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="boardproof-bench-") as scratch:
        asked = [
            Asked(case, runtime, arguments.board, arguments.optimize, Path(scratch))
            for case in cases(Path(scratch))
            if arguments.only in case.name
            for runtime in (("aot", "tflm") if TFLM_LIB else ("aot",))
        ]
        rows = [found for found in in_order(measured, asked, arguments.jobs) if found is not None]
    versions = tool_versions()
    table = markdown(rows)
    print(table)
    if not arguments.only:
        results = HERE / "results"
        results.mkdir(exist_ok=True)
        stem = f"{arguments.board}-{arguments.optimize}"
        (results / f"{stem}.json").write_text(json.dumps({"versions": versions, "rows": rows}, indent=2) + "\n")
        facts = "\n".join(f"- {name}: {value}" for name, value in versions.items())
        (results / f"{stem}.md").write_text(f"# {arguments.board}, {arguments.optimize}\n\n{table}\n\n{facts}\n")
    return 0 if all(r["exact"] == r["samples"] for r in rows) else 1


def cases(scratch: Path) -> Iterator[Case]:
    if MODELS.is_dir():
        for path in sorted(MODELS.glob("*.tflite")):
            yield Case(path.stem, path)
    else:
        print(f"{MODELS} is not there: only the Keras definitions are measured", file=sys.stderr)
    for name in ARCHITECTURES:
        yield keras_case(name, scratch)


def keras_case(name: str, scratch: Path) -> Case:
    import keras

    keras.utils.set_random_seed(0)
    model = ARCHITECTURES[name]()
    x = np.random.default_rng(0).standard_normal((32, *model.input_shape[1:])).astype(np.float32)
    path, samples = scratch / f"{name}.keras", scratch / f"{name}.npz"
    with_statistics(model, x).save(path)
    np.savez(samples, x=x)
    return Case(f"{name} (Keras)", path, samples)


def measured(asked: Asked) -> dict[str, Any] | None:
    """The row; None where the library of TensorFlow Lite Micro has not what the network needs, which is said."""
    case, runtime = asked.case, asked.runtime
    settings = Settings(
        model=case.model,
        representative=case.representative,
        random=5,
        board=asked.board,
        runtime=runtime,
        out=asked.scratch / f"{case.model.stem}-{runtime}",
        options=Options(optimize=asked.optimize, tflm_lib=TFLM_LIB if runtime == "tflm" else None),
    )
    print(f"{case.name}: {runtime} on {asked.board}", file=sys.stderr)
    try:
        return row(case.name, pipeline.run(settings, Silent()))
    except InputError as error:
        if runtime != "tflm":
            raise
        print(f"{case.name} has no row for tflm: {error.message}", file=sys.stderr)
        return None


def row(name: str, report: Report) -> dict[str, Any]:
    return {
        "network": name,
        "runtime": report.runtime,
        "kernels": report.kernels,
        "exact": report.verdict.exact,
        "samples": report.verdict.samples,
        "ticks": report.ticks.median,
        "macs": report.model.macs,
        "flash_bytes": report.flash_bytes,
        "constant_bytes": report.model.constant_bytes,
        "arena_bytes": report.arena_bytes,
        "arena_lower_bound_bytes": report.arena_lower_bound_bytes,
        "stack_bytes": report.stack_bytes,
        "ops": report.to_dict()["ops"],
    }


def markdown(rows: list[dict[str, Any]]) -> str:
    lines = ["| " + " | ".join(COLUMNS) + " |", "|---" * 3 + "|---:" * (len(COLUMNS) - 3) + "|"]
    for r in rows:
        beside = (r["flash_bytes"] or 0) - r["constant_bytes"]
        cells = (
            r["network"], r["runtime"], r["kernels"], f"{r['exact']}/{r['samples']}", f"{r['ticks']:,}",
            f"{r['ticks'] / r['macs']:.2f}" if r["macs"] else "",
            f"{r['flash_bytes']:,}", f"{beside:,}", f"{r['arena_bytes']:,}",
            f"{r['stack_bytes']:,}" if r["stack_bytes"] is not None else "",
        )  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def tool_versions() -> dict[str, str]:
    return {
        "boardproof": __version__,
        "tensorflow": version("tensorflow"),
        "tflite_micro": version("tflite-micro"),
        "python": platform.python_version(),
        "compiler": first_line("arm-none-eabi-gcc", "--version"),
        "emulator": first_line("qemu-system-arm", "--version"),
    }


def first_line(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[0]

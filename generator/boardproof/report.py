"""The result of a run as one value, and as JSON, Markdown and HTML. The console's tables are in tables.py."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from boardproof.errors import InputError
from boardproof.files import write_atomically
from boardproof.project.templates import render_template

if TYPE_CHECKING:
    from pathlib import Path

    from boardproof.device.verify import Verdict

SCHEMA_VERSION = 1
"""Grows when a key of the JSON report changes its meaning or goes away."""


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """The .tflite that was verified.

    Attributes:
        name: The file it came from.
        sha256: Of the .tflite.
        bytes: Size of the .tflite.
        constant_bytes: Size of the weights, biases and other constants in it.
        macs: Multiply-accumulates of one inference.
    """

    name: str
    sha256: str
    bytes: int
    constant_bytes: int
    macs: int


@dataclass(frozen=True, slots=True)
class TickSummary:
    """Ticks of one inference over all samples."""

    unit: str
    median: int
    min: int
    max: int


@dataclass(frozen=True, slots=True)
class OpTicks:
    """Median ticks of one operator; `index` and `op` are those of the .tflite graph, `macs` its arithmetic."""

    index: int
    op: str
    ticks: int
    macs: int


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Share of labels predicted right, 0 to 1: by the float model (None without one), the host, and the board."""

    float_model: float | None
    host: float
    board: float


@dataclass(frozen=True, slots=True)
class LiteRtDifference:
    """How LiteRT's outputs differ from the board's; `accuracy` where there are labels."""

    version: str
    max_lsb: int
    samples_differing: int
    accuracy: float | None


@dataclass(frozen=True, slots=True)
class Report:
    """Everything one run found out. Sizes are in bytes."""

    boardproof: str
    model: ModelFacts
    scheme: str | None
    runtime: str
    library: str
    kernels: str
    board: str
    flash_bytes: int | None
    ram_bytes: int | None
    arena_bytes: int
    arena_used_bytes: int
    arena_lower_bound_bytes: int | None
    stack_bytes: int | None
    ticks: TickSummary
    ops: tuple[OpTicks, ...]
    verdict: Verdict
    accuracy: Accuracy | None
    litert: LiteRtDifference | None

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as in the JSON report."""
        document = {"schema": SCHEMA_VERSION, **asdict(self)}
        if self.accuracy is not None:
            document["accuracy"] = {
                "float": self.accuracy.float_model,
                "host": self.accuracy.host,
                "board": self.accuracy.board,
            }
        return document

    def to_json(self) -> str:
        """The JSON report, indented."""
        return json.dumps(self.to_dict(), indent=2, ensure_ascii=True)


SUFFIXES = (".json", ".md", ".html")


def check_report_path(path: Path) -> None:
    """Raises InputError when no report can be written under this name: before the run, not after it."""
    if path.suffix not in SUFFIXES:
        raise InputError(
            f"A report cannot be written as {path.suffix or 'a file without a suffix'}.",
            f"End its name in {', '.join(SUFFIXES)}.",
        )


def write_report(report: Report, path: Path) -> None:
    """Writes the report in the format its suffix names.

    Raises:
        InputError: Another suffix, or the file cannot be written.
    """
    check_report_path(path)
    text = report.to_json() + "\n"
    if path.suffix != ".json":
        text = render_template(f"report/report{path.suffix}", report=report, **_shares(report))
    write_atomically(path, text.encode())


def _shares(report: Report) -> dict[str, Any]:
    total = max(1, sum(op.ticks for op in report.ops))
    return {"ops": [{**asdict(op), "share": f"{op.ticks / total:.1%}"} for op in report.ops]}

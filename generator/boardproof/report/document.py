"""The result of a run as one value, and as JSON. What a person reads of it is in sections/."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from boardproof.project.footprint import on_nano33ble
from boardproof.report.wording import distance

if TYPE_CHECKING:
    from boardproof.device.build.parts import Part
    from boardproof.device.types import BoardShare, Repeat
    from boardproof.project.footprint import Footprint
    from boardproof.project.runtimes.base import Choice
    from boardproof.report.memory import MemoryUse
    from boardproof.report.quality import Quality
    from boardproof.report.verdict import Divergence, Verdict

SCHEMA_VERSION = 1
"""Grows when a key of the JSON report changes its meaning or goes away."""

_LITERT = "LiteRT's own kernels (without XNNPACK, which an interpreter in a notebook uses by default)"
_NO_FAULT = "so it can differ from a board that is exact"
WHY_LITERT_DIFFERS = (
    f"{_LITERT} round once when they requantize, where TensorFlow Lite Micro's round twice, {_NO_FAULT}"
)
WHY_LITERT_DIFFERS_IN_FLOAT = (
    f"{_LITERT} add float32 products in another order than TensorFlow Lite Micro's, {_NO_FAULT}"
)


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
    """Ticks of one inference over all samples; half of them are from `p25` to `p75`."""

    unit: str
    median: int
    min: int
    max: int
    p25: int
    p75: int


@dataclass(frozen=True, slots=True)
class OpTicks:
    """One operator.

    Attributes:
        index: In the .tflite graph.
        op: Its name there.
        ticks: Median over the samples.
        macs: Its arithmetic.
        min: Fewest ticks of all samples.
        max: Most ticks.
        share: Of the ticks of all operators, 0 to 1.
    """

    index: int
    op: str
    ticks: int
    macs: int
    min: int
    max: int
    share: float


@dataclass(frozen=True, slots=True)
class CycleEstimate:
    """What an inference's instructions would take on a Cortex-M4, estimated: docs/estimates.md.

    Attributes:
        cycles: Where reads of constants from flash do not wait.
        most: Where each waits FLASH_WAIT_STATES cycles.
        clock_hz: The clock that milliseconds are told for.
    """

    cycles: int
    most: int
    clock_hz: int


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Share of labels predicted right, 0 to 1: by the float model (None without one), the host, and the board."""

    float_model: float | None
    host: float
    board: float


@dataclass(frozen=True, slots=True)
class Mistake:
    """A sample that the board takes for another class than its label says; classes by name, or else by number."""

    sample: int
    label: str
    host: str
    board: str


@dataclass(frozen=True, slots=True)
class LiteRtDifference:
    """How LiteRT's outputs differ from the board's; `accuracy` where there are labels.

    `in_float`: the network computes in float32 and requantizes nothing. `max_abs`: the largest difference of the values
    themselves, where outputs are floats.
    """

    version: str
    max_lsb: int
    samples_differing: int
    accuracy: float | None
    in_float: bool = False
    max_abs: float | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """Everything one run found out. Sizes are in bytes; those of firmware that was on the board already are None.

    `divergence` is the first operator that went astray, where the verdict is not exact and it could be found; `repeats`
    are the samples that ran twice, `boards` what each board did, `warnings` what else a reader should know, `notes` why
    the board's library may differ from the oracle.
    `quality` is how good the answers are, where there are labels; `preparation` says how model and samples were read
    and rewritten.
    `cycles` is what the instructions would take on a Cortex-M4, where the board counts instructions and is one.
    `choices` are how each of `ops` is computed, where code was generated for it and the runtime says; `memory` is what
    the arena holds when, and `flash_parts` what the flash holds, where it was built here and that can be told.
    """

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
    arena_how: str | None
    stack_bytes: int | None
    ticks: TickSummary
    ops: tuple[OpTicks, ...]
    verdict: Verdict
    accuracy: Accuracy | None
    litert: LiteRtDifference | None
    divergence: Divergence | None = None
    repeats: tuple[Repeat, ...] = ()
    boards: tuple[BoardShare, ...] = ()
    warnings: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()
    cycles: CycleEstimate | None = None
    notes: tuple[str, ...] = ()
    quality: Quality | None = None
    preparation: tuple[str, ...] = ()
    memory: MemoryUse | None = None
    flash_parts: tuple[Part, ...] = ()
    mistakes: tuple[Mistake, ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether every sample is exact, those that ran twice both times."""
        return self.verdict.agrees and all(repeat.same_outputs for repeat in self.repeats)

    @property
    def litert_text(self) -> str:
        """How LiteRT's outputs differ from the board's, and why."""
        if self.litert is None:
            return "cannot run this model"
        task = f", accuracy {self.litert.accuracy:.1%}" if self.litert.accuracy is not None else ""
        if self.litert.samples_differing == 0:
            return f"agrees as well{task}"
        why = WHY_LITERT_DIFFERS_IN_FLOAT if self.litert.in_float else WHY_LITERT_DIFFERS
        counts = f"{self.litert.samples_differing} of {self.verdict.samples} samples"
        return f"differs in {counts}, by {distance(self.litert.max_lsb, self.litert.max_abs)} at most{task}: {why}"

    @property
    def runtime_flash_bytes(self) -> int | None:
        """Flash beside the model: the .tflite with tflm; the weights, biases and other constants in it with aot.

        None for firmware that was on the board already.
        """
        carried = self.model.bytes if self.runtime == "tflm" else self.model.constant_bytes
        return None if self.flash_bytes is None else self.flash_bytes - carried

    @property
    def nano33ble(self) -> Footprint | None:
        """What the same network takes on the Nano 33 BLE; None where it did not run on an emulated board."""
        return on_nano33ble(self.board, self.flash_bytes, self.ram_bytes)

    def _repr_html_(self) -> str:
        """The report as a notebook shows it: the HTML report, as an element."""
        from boardproof.report.forms.html import to_fragment
        from boardproof.report.sections import page_of

        return to_fragment(page_of(self))

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as in the JSON report."""
        document = {"schema": SCHEMA_VERSION, **asdict(self), "runtime_flash_bytes": self.runtime_flash_bytes}
        there = self.nano33ble
        document["nano33ble"] = None if there is None else {**asdict(there), "fits": there.fits}
        if self.litert is not None:
            document["litert"]["text"] = self.litert_text
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

"""What a replay found, as one value and as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field

SCHEMA_VERSION = 1
"""Grows when a key of the JSON report changes its meaning or goes away."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A decision, an event or a fault: when, what, and how strong or long."""

    at_s: float
    what: str
    value: float
    end_s: float | None = None


@dataclass(frozen=True, slots=True)
class LabelCounts:
    """Decisions against labels; latencies from onset, in seconds."""

    hits: int
    misses: int
    false_accepts: int
    false_per_hour: float
    median_latency_s: float | None
    missed: tuple[Moment, ...] = ()
    false: tuple[Moment, ...] = ()


Curve = tuple[str, tuple[tuple[float, float], ...]]
"""A label, and (seconds, average score) each."""


@dataclass(frozen=True, slots=True)
class Curves:
    """For pictures: the loudest sample of each stretch of time, and the average score of each label over time.

    The latter of each network. A label has a curve for each time that its sums began anew, as after a gap, or when the
    second network was woken.
    """

    envelope: tuple[tuple[float, float], ...] = ()
    scores: tuple[Curve, ...] = ()
    second: tuple[Curve, ...] = ()


@dataclass(frozen=True, slots=True)
class Resampling:
    """The board's resampler: samples a second that come and that are made, a filter's length, what it delays."""

    given: int
    wanted: int
    taps: int
    delay_ms: float


@dataclass(frozen=True, slots=True)
class ReplayedRecording:
    """One recording.

    Attributes:
        name: Of the file.
        seconds: How long it is.
        hops: Windows.
        runs: Runs of the network.
        second_runs: Runs of the second network.
        last_scores: Of the last run, quantized.
        decisions: What was decided; the value is the average score. A resampler's delay is in the times.
        faults: What went wrong with the stream; the value is how many samples.
        differences: What is not as on the host, and when; empty where all agrees.
        labels: Against labels, if there were some.
        curves: For the picture.
        resampled_from: The file's samples a second, where the host resampled them to the sensor's rate.
    """

    name: str
    seconds: float
    hops: int
    runs: int
    last_scores: tuple[int, ...]
    decisions: tuple[Moment, ...]
    faults: tuple[Moment, ...]
    differences: tuple[str, ...]
    second_runs: int = 0
    labels: LabelCounts | None = None
    events: tuple[Moment, ...] = ()
    curves: Curves = field(default_factory=Curves, repr=False)
    resampled_from: int | None = None


@dataclass(frozen=True, slots=True)
class HopTicks:
    """What a hop takes: of the front end and of each network alone, and of the most laborious hop.

    `share`: the most laborious hop's part of the time between two hops, of which `limit_percent` is a limit; it may be
    above 1 where the network does not run after every hop, as long as the ring holds what comes meanwhile. `load`: all
    hops' part of all the time. `how`: how time was worked out.
    """

    unit: str
    front_end: int
    network: int
    most: int
    hop_ms: float
    share: float | None
    load: float | None
    how: str
    limit_percent: float | None = None
    second: int | None = None

    @property
    def exceeded(self) -> bool:
        """Whether the most laborious hop takes more than the limit."""
        return self.limit_percent is not None and self.share is not None and 100 * self.share > self.limit_percent


@dataclass(frozen=True, slots=True)
class TunePoint:
    """A setting that was tried on the recordings. `release`: None for the threshold."""

    average: int
    threshold: float
    release: float | None
    misses: int
    false_accepts: int
    miss_rate: float
    false_per_hour: float


@dataclass(frozen=True, slots=True)
class Tuning:
    """What `--tune` found of a network: the proposed setting, and all that no other one beats."""

    proposed: TunePoint
    frontier: tuple[TunePoint, ...]


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """The whole replay.

    Attributes:
        application: Its name.
        version: Its version.
        board: Where it ran.
        recordings: What was played.
        labels: What there is to decide.
        ticks: What a hop takes.
        flash_bytes: Of the image; None if it was on the board already.
        ram_bytes: Static, without the stack.
        stack_bytes: The deepest; None where unknown.
        capacity: Samples that the ring buffer holds.
        high_water: The most that waited in it in real time, or that would by the time that steps take: more than the
            capacity would be lost then. None where no board's time is known.
        overall: All labelled recordings together.
        tuning: What other settings of the network would have done; None if that was not asked, or nothing that it
            decides was labelled.
        tuning_then: The same of the second network.
        resampling: On the board; None where the sensor has the front end's rate.
    """

    application: str
    version: str
    board: str
    recordings: tuple[ReplayedRecording, ...]
    labels: tuple[str, ...]
    ticks: HopTicks
    flash_bytes: int | None
    ram_bytes: int | None
    stack_bytes: int | None
    capacity: int
    high_water: int | None = None
    overall: LabelCounts | None = None
    tuning: Tuning | None = None
    tuning_then: Tuning | None = None
    resampling: Resampling | None = None

    @property
    def agrees(self) -> bool:
        """Whether every feature, score and decision is the host's."""
        return not any(recording.differences for recording in self.recordings)

    @property
    def passes(self) -> bool:
        """Whether it agrees, and no limit is exceeded."""
        return self.agrees and not self.ticks.exceeded

    def to_json(self) -> str:
        """Everything but what is only for pictures."""
        found = {"schema_version": SCHEMA_VERSION, **asdict(self), "agrees": self.agrees, "passes": self.passes}
        for recording in found["recordings"]:
            del recording["curves"]
        return json.dumps(found, indent=2)

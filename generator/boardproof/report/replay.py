"""What a replay found, as one value, as JSON and as a page."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from boardproof.report.page import Column, Fact, Facts, Kind, Page, Paragraph, Picture, Section, Table, Tone
from boardproof.report.plots import Axis, Box, Series, axis_for, boxes, plot
from boardproof.report.wording import percent, size

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMA_VERSION = 1
"""Grows when a key of the JSON report changes its meaning or goes away."""

SHOWN_DIFFERENCES = 10


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


@dataclass(frozen=True, slots=True)
class Curves:
    """For pictures: the loudest sample of each stretch of time, and the average score of each label over time."""

    envelope: tuple[tuple[float, float], ...] = ()
    scores: tuple[tuple[str, tuple[tuple[float, float], ...]], ...] = ()


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
    """A setting that was tried on the recordings."""

    average: int
    threshold: float
    misses: int
    false_accepts: int
    miss_rate: float
    false_per_hour: float


@dataclass(frozen=True, slots=True)
class Tuning:
    """What `--tune` found: the proposed setting, and all that no other one beats."""

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
        tuning: What other settings would have done.
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


def replay_page(report: ReplayReport) -> Page:
    """The report as a page."""
    sections = (
        Section("", tuple(_verdict(report)), concludes=True),
        Section("", (Facts(tuple(_facts(report)), prominent=True),)),
        Section("Recordings", (_recordings(report),)),
        *([Section("Labels", tuple(_labels(report)))] if report.overall else []),
        *([Section("Settings that were tried", tuple(_tuning(report.tuning)))] if report.tuning else []),
        *(Section(r.name, tuple(_pictures(r))) for r in report.recordings),
    )
    title = f"{report.application} {report.version} on {report.board}: {'exact' if report.agrees else 'different'}"
    return Page(title, sections, Tone.GOOD if report.passes else Tone.BAD)


def _verdict(report: ReplayReport) -> Iterator[Paragraph]:
    hops, runs = (sum(getattr(r, name) for r in report.recordings) for name in ("hops", "runs"))
    decisions = sum(len(r.decisions) for r in report.recordings)
    if report.agrees:
        second = sum(r.second_runs for r in report.recordings)
        of_both = f"{runs:,} runs" if report.ticks.second is None else f"{runs:,} and {second:,} runs of two networks"
        text = f"exact: all features of {hops:,} hops, all scores of {of_both} and all {decisions:,} decisions are "
        yield Paragraph(text + "the host's", Tone.GOOD)
    for recording in report.recordings:
        for difference in recording.differences[:SHOWN_DIFFERENCES]:
            yield Paragraph(f"different: {recording.name}: {difference}", Tone.BAD)
        if (more := len(recording.differences) - SHOWN_DIFFERENCES) > 0:
            yield Paragraph(f"different: {recording.name}: and {more:,} more", Tone.BAD)
        for fault in recording.faults:
            what = f"{recording.name} at {fault.at_s:.3f} s: {fault.what}, {fault.value:,.0f} samples"
            yield Paragraph(what, Tone.WARNING)
        if recording.resampled_from is not None:
            what = f"{recording.name} has {recording.resampled_from:,} samples a second: the host resampled it"
            yield Paragraph(what + " to the sensor's rate, as a board would")
    yield from _too_slow(report)


def _too_slow(report: ReplayReport) -> Iterator[Paragraph]:
    ticks = report.ticks
    if ticks.exceeded and ticks.share is not None:
        text = f"the most laborious hop takes {percent(ticks.share)} of the time between two hops; hop-percent allows "
        yield Paragraph(f"{text}{ticks.limit_percent:g} %", Tone.BAD)
    if report.high_water is not None and report.high_water > report.capacity:
        text = f"too slow: {report.high_water:,} samples would wait, and the ring buffer holds {report.capacity:,}; "
        yield Paragraph(text + "--real-time shows what is lost", Tone.WARNING)


def _facts(report: ReplayReport) -> Iterator[Fact]:
    ticks = report.ticks
    with_it = "" if report.resampling is None else ", with the resampler"
    yield Fact("front end", f"{ticks.front_end:,} {ticks.unit} a hop", f"median{with_it}")
    if (found := report.resampling) is not None:
        delay = f"{found.taps} taps; every window is {found.delay_ms:.2f} ms late, which is in all times"
        yield Fact("resampler", f"{found.given:,} to {found.wanted:,} samples a second", delay)
    yield Fact("network", f"{ticks.network:,} {ticks.unit} a run", "median")
    if ticks.second is not None:
        yield Fact("second network", f"{ticks.second:,} {ticks.unit} a run", "median")
    share = "" if ticks.share is None else f"{percent(ticks.share)} of {ticks.hop_ms:g} ms"
    yield Fact("most laborious hop", f"{ticks.most:,} {ticks.unit}", share)
    if ticks.load is not None:
        yield Fact("all hops", f"{percent(ticks.load)} of the time on average", ticks.how)
    yield Fact("flash", size(report.flash_bytes))
    yield Fact("RAM", size(report.ram_bytes), "without the stack")
    yield Fact("stack", size(report.stack_bytes))
    most = "" if report.high_water is None else f"at most {report.high_water:,} wait, if samples come in time"
    yield Fact("ring buffer", f"{report.capacity:,} samples", most)


def _recordings(report: ReplayReport) -> Table:
    columns = (
        Column("recording"),
        Column("seconds", Kind.NUMBER),
        Column("hops", Kind.NUMBER),
        Column("runs", Kind.NUMBER),
        Column("decisions"),
        Column("last scores"),
    )
    rows = tuple(
        (
            r.name,
            f"{r.seconds:.2f}",
            f"{r.hops:,}",
            f"{r.runs:,}",
            ", ".join(f"{d.what} at {d.at_s:.2f} s ({d.value:.2f})" for d in r.decisions[:8])
            + (f" and {len(r.decisions) - 8} more" if len(r.decisions) > 8 else "")  # noqa: PLR2004 as many as fit
            or "none",
            ", ".join(map(str, r.last_scores[:8])),
        )
        for r in report.recordings
    )
    return Table(columns, rows, marked=frozenset(i for i, r in enumerate(report.recordings) if r.differences))


def _labels(report: ReplayReport) -> Iterator[Facts | Table]:
    overall = report.overall
    if overall is None:
        return
    latency = "" if overall.median_latency_s is None else f"{overall.median_latency_s:.2f} s after onset, median"
    yield Facts(
        (
            Fact("hits", f"{overall.hits} of {overall.hits + overall.misses}", latency),
            Fact("false accepts", f"{overall.false_accepts}", f"{overall.false_per_hour:.1f} an hour"),
        )
    )
    moments = [("missed", r.name, m) for r in report.recordings if r.labels for m in r.labels.missed]
    moments += [("false accept", r.name, m) for r in report.recordings if r.labels for m in r.labels.false]
    if moments:
        rows = tuple((kind, name, m.what, f"{m.at_s:.2f}") for kind, name, m in moments[:50])
        yield Table((Column(""), Column("recording"), Column("label"), Column("at, s", Kind.NUMBER)), rows)


def _tuning(tuning: Tuning) -> Iterator[Paragraph | Table | Picture]:
    best = tuning.proposed
    yield Paragraph(
        f"Proposed: average = {best.average}, threshold = {best.threshold:g}, with {best.misses} misses and "
        f"{best.false_accepts} false accepts on these recordings. Others will do worse: they chose it."
    )
    columns = ("average", "threshold", "misses", "false accepts", "false accepts an hour")
    rows = tuple(
        (str(t.average), f"{t.threshold:g}", str(t.misses), str(t.false_accepts), f"{t.false_per_hour:.1f}")
        for t in tuning.frontier
    )
    yield Table(tuple(Column(name, Kind.NUMBER) for name in columns), rows)
    points = tuple((t.false_per_hour, 100 * t.miss_rate) for t in tuning.frontier)
    labels = tuple(f"{t.threshold:g}, {t.average}" for t in tuning.frontier)
    x = axis_for("false accepts an hour", [p[0] for p in points], from_zero=True)
    y = axis_for("events missed, %", [p[1] for p in points], from_zero=True)
    alt = "Misses against false accepts of the settings that no other one beats; labels are threshold and average."
    yield Picture(plot((Series("", points, labels),), x, y), alt)


def _pictures(recording: ReplayedRecording) -> Iterator[Picture]:
    time = Axis("seconds", 0.0, max(recording.seconds, 0.001))
    if recording.curves.envelope:
        highest = max(value for _, value in recording.curves.envelope) or 1.0
        line = Series("largest sample", recording.curves.envelope)
        alt = f"The samples of {recording.name} over time"
        yield Picture(plot((line,), time, Axis("sample", 0.0, highest * 1.05), height=160), alt)
    if recording.curves.scores:
        scores = [Series(n, points, colour=i) for i, (n, points) in enumerate(recording.curves.scores, 1)]
        decisions = tuple((d.at_s, d.value) for d in recording.decisions)
        scores.append(Series("decided", decisions, tuple(d.what for d in recording.decisions), line=False, colour=6))
        alt = f"The averaged scores of {recording.name} over time, and what was decided"
        yield Picture(plot(tuple(scores), time, Axis("score", -0.05, 1.1), height=240), alt)
    if recording.events:
        found = [Box((e.at_s, e.end_s or e.at_s), (0.0, 1.0), e.what) for e in recording.events]
        found += [Box((d.at_s, d.at_s), (1.0, 2.0), d.what, 2) for d in recording.decisions]
        alt = f"What there was to hear in {recording.name}, and what was decided"
        legend = (("labelled", 1), ("decided", 2))
        yield Picture(boxes(found, time, Axis("", 0.0, 2.0), legend=legend, height=120), alt)

"""What a replay found, as a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.report.page import Column, Fact, Facts, Kind, Page, Paragraph, Picture, Section, Table, Tone
from boardproof.report.plots import Axis, Box, Series, axis_for, boxes, plot
from boardproof.report.wording import percent, size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boardproof.report.replay import Curve, ReplayedRecording, ReplayReport, TunePoint, Tuning

SHOWN_DIFFERENCES = 10


def replay_page(report: ReplayReport) -> Page:
    """The report as a page."""
    sections = (
        Section("", tuple(_verdict(report)), concludes=True),
        Section("", (Facts(tuple(_facts(report)), prominent=True),)),
        Section("Recordings", (_recordings(report),)),
        *([Section("Labels", tuple(_labels(report)))] if report.overall else []),
        *_settings_tried("[app.decision]", report.tuning),
        *_settings_tried("[app.then.decision]", report.tuning_then),
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


def _settings_tried(table: str, tuning: Tuning | None) -> tuple[Section, ...]:
    """Of the decision that stands in that table; none where nothing was tried."""
    return () if tuning is None else (Section(f"Settings of {table} that were tried", tuple(_tuning(tuning))),)


def _tuning(tuning: Tuning) -> Iterator[Paragraph | Table | Picture]:
    best = tuning.proposed
    yield Paragraph(
        f"Proposed: average = {best.average}, threshold = {best.threshold:g}"
        f"{'' if best.release is None else f', release = {best.release:g}'}, with {best.misses} misses and "
        f"{best.false_accepts} false accepts on these recordings. Others will do worse: they chose it."
    )
    columns = ("average", "threshold", "release", "misses", "false accepts", "false accepts an hour")
    rows = tuple(
        (
            str(t.average),
            f"{t.threshold:g}",
            _release(t),
            str(t.misses),
            str(t.false_accepts),
            f"{t.false_per_hour:.1f}",
        )
        for t in tuning.frontier
    )
    yield Table(tuple(Column(name, Kind.NUMBER) for name in columns), rows)
    points = tuple((t.false_per_hour, 100 * t.miss_rate) for t in tuning.frontier)
    labels = tuple(f"{t.threshold:g}, {t.average}" for t in tuning.frontier)
    tips = tuple(f"average {t.average}, threshold {t.threshold:g}, release {_release(t)}" for t in tuning.frontier)
    x = axis_for("false accepts an hour", [p[0] for p in points], from_zero=True)
    y = axis_for("events missed, %", [p[1] for p in points], from_zero=True)
    alt = "Misses against false accepts of the settings that no other one beats; labels are threshold and average."
    yield Picture(plot((Series("", points, labels, tips=tips),), x, y), alt)


def _release(point: TunePoint) -> str:
    return f"{point.threshold if point.release is None else point.release:g}"


def _pictures(recording: ReplayedRecording) -> Iterator[Picture]:
    time = Axis("seconds", 0.0, max(recording.seconds, 0.001))
    if recording.curves.envelope:
        highest = max(value for _, value in recording.curves.envelope) or 1.0
        line = Series("largest sample", recording.curves.envelope)
        alt = f"The samples of {recording.name} over time"
        yield Picture(plot((line,), time, Axis("sample", 0.0, highest * 1.05), height=160), alt)
    for which, curves in (("", recording.curves.scores), ("second network's ", recording.curves.second)):
        if curves:
            alt = f"The {which}averaged scores of {recording.name} over time, and what was decided"
            series = _scores(curves, recording)
            values = [value for one in series for _, value in one.points]  # logits leave the range of probabilities
            scores = Axis("score", min([-0.05, *values]), max([1.1, *values]))
            yield Picture(plot(series, time, scores, height=240), alt)
    if recording.events:
        found = [Box((e.at_s, e.end_s or e.at_s), (0.0, 1.0), e.what) for e in recording.events]
        found += [Box((d.at_s, d.at_s), (1.0, 2.0), d.what, 2) for d in recording.decisions]
        alt = f"What there was to hear in {recording.name}, and what was decided"
        legend = (("labelled", 1), ("decided", 2))
        yield Picture(boxes(found, time, Axis("", 0.0, 2.0), legend=legend, height=120), alt)


def _scores(curves: tuple[Curve, ...], recording: ReplayedRecording) -> tuple[Series, ...]:
    """The curves of a network, each label's in its colour and once in the legend, and its own decisions."""
    labels = list(dict.fromkeys(label for label, _ in curves))
    first = {label: curves.index(next(curve for curve in curves if curve[0] == label)) for label in labels}
    lines = [
        Series(label if first[label] == i else "", points, colour=1 + labels.index(label))
        for i, (label, points) in enumerate(curves)
    ]
    own = [d for d in recording.decisions if d.what in labels]
    dots = tuple((d.at_s, d.value) for d in own)
    return (*lines, Series("decided", dots, tuple(d.what for d in own), line=False, colour=6))

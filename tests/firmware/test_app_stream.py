"""An application's windows, decisions and faults in C against their definition on the host, on random streams."""

from __future__ import annotations

import ctypes
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from boardproof.model.resampling import resampler_between
from boardproof.project.apps.application import NEVER
from boardproof.project.apps.stream import Windows, begun_anew, decide, network_runs, second_runs
from support import app_lab
from support.app_lab import DECIDED, HOP, RESTARTED, SCORED, SECOND, Lab, Sizes

pytestmark = pytest.mark.native

RESAMPLERS = (None, None, *(resampler_between(*rates) for rates in ((3, 2), (2, 3), (48, 16), (119, 50))))
FILLED, GAP, LATE, OVERRUN = 1, 2, 3, 4


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return app_lab.build_lab(tmp_path_factory.mktemp("lab"))


def stage(draw):
    labels = draw(st.integers(1, 5))
    average = draw(st.integers(1, 4))
    limits = st.integers(-60 * average, 80 * average)
    on = tuple(NEVER if draw(st.integers(0, 4)) == 0 else draw(limits) for _ in range(labels))
    return {
        "rows": draw(st.integers(1, 5)),
        "every": draw(st.integers(1, 3)),
        "average": average,
        "repeat": draw(st.sampled_from((0, 0, 5, 40))),
        "on": on,
        "off": tuple(min(limit, draw(limits)) for limit in on),
    }


@st.composite
def sizes(draw):
    channels, window = draw(st.integers(1, 3)), draw(st.integers(1, 12))
    hop = draw(st.integers(1, window))
    with_front_end = draw(st.booleans())
    resampler = draw(st.sampled_from(RESAMPLERS))
    held = window if resampler is None else resampler.taps
    capacity = held + draw(st.integers(0, 20))
    first = Sizes(
        channels=channels,
        window=window,
        hop=hop,
        capacity=capacity,
        fill=draw(st.integers(0, min(window, capacity - held))),
        row_bytes=draw(st.integers(1, 5)) if with_front_end else 2 * channels * window,
        with_front_end=with_front_end,
        resampler=resampler,
        **stage(draw),
    )
    if draw(st.booleans()):
        return first
    return replace(
        first,
        second=replace(first, **stage(draw)),
        wakes=tuple(draw(st.booleans()) for _ in first.on),
        wait=draw(st.sampled_from((0, 1, 10))),
        span=draw(st.sampled_from((1, 7, 50))),
    )


def moves(draw, rng, window):
    """How the next samples come: (distance from where they are due, how many, steps after them)."""
    kind = draw(st.integers(0, 9))
    ahead = 0
    if kind == 0:
        ahead = int(rng.integers(1, window + 1))
    elif kind == 1:
        ahead = int(rng.integers(window + 1, 3 * window + 30))
    elif kind == 2:
        ahead = -int(rng.integers(1, 12))
    return ahead, int(rng.integers(0, 25)), int(rng.integers(0, 4))


def scored(chosen, rows, runs, positions, anew, more=0):
    """By hop: scores and the decision or None."""
    windows = [rows[run - chosen.rows + 1 : run + 1] for run in runs]
    scores = np.array([app_lab.network(chosen, each, more * i) for i, each in enumerate(windows)])
    scores = scores.reshape(len(runs), len(chosen.on))
    decisions = decide(chosen, scores, [positions[run] for run in runs], anew)
    return dict(zip(runs, zip(scores, decisions, strict=True), strict=True))


def expected_steps(chosen, hops):
    """Of every hop: position, restarted, row, scores and decision, and those of the second network; None: no run."""
    rows = app_lab.front_end(chosen, [hop.samples for hop in hops])
    positions = [hop.position for hop in hops]
    runs = network_runs(chosen, hops)
    restarts = {index for index, hop in enumerate(hops) if hop.restarted}
    first, second = scored(chosen, rows, runs, positions, begun_anew(restarts, runs)), {}
    if chosen.second is not None:
        decided = {run: decision for run, (_, decision) in first.items() if decision is not None}
        runs, anew = second_runs(chosen, hops, decided)
        second = scored(chosen.second, rows, runs, positions, anew, more=11)
    return [(hop.position, hop.restarted, rows[i], first.get(i), second.get(i)) for i, hop in enumerate(hops)]


def assert_run(result, scores, expected, first_label):
    """A network's scores and decision, where it ran."""
    ran = result is not None and bool(result.flags & SCORED)
    assert ran == (expected is not None)
    if not ran:
        return
    expected_scores, decision = expected
    np.testing.assert_array_equal(scores, expected_scores)
    assert bool(result.flags & DECIDED) == (decision is not None)
    if decision is not None:
        assert (result.label, result.sum) == (first_label + decision.label, decision.sum)


def scores_of(result):
    return result.scores and np.frombuffer(ctypes.string_at(result.scores, result.score_bytes), np.int8)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(sizes(), st.data(), st.integers(0, 2**32))
def test_every_hop_is_the_hosts(library, chosen, data, seed):
    rng = np.random.default_rng(seed)
    lab, windows = Lab(library, chosen), Windows(chosen.window, chosen.hop, chosen.fill, chosen.resampler)
    hops, steps, restarted = [], [], False

    def step():
        nonlocal restarted
        result = lab.step()
        if result.flags & SECOND:
            steps[-1][-1] = (result, scores_of(result))
            return True
        restarted |= bool(result.flags & RESTARTED)
        if not result.flags & HOP:
            return False
        row = np.frombuffer(ctypes.string_at(result.features, chosen.row_bytes), np.uint8)
        steps.append([result, row, scores_of(result), restarted, (None, None)])
        restarted = False
        return True

    for _ in range(data.draw(st.integers(1, 12))):
        ahead, count, after = moves(data.draw, rng, chosen.window)
        position = max(windows.taken + ahead, 0)
        samples = rng.integers(-(2**15), 2**15, (count, chosen.channels)).astype(np.int16)
        lossy = data.draw(st.booleans())
        taken = lab.push(position, samples, lossy=lossy)
        hops += windows.push(position, samples[:taken])
        assert lab.status().next == windows.taken & 0xFFFFFFFF
        for _ in range(after):
            step()
        while not lossy and taken < count:
            step()
            more = lab.push(position + taken, samples[taken:])
            hops += windows.push(position + taken, samples[taken : taken + more])
            taken += more
    while step():
        pass
    assert len(steps) == len(hops)
    for (result, row, scores, began_anew, second), expected in zip(steps, expected_steps(chosen, hops), strict=True):
        position, expected_anew, expected_row, expected_run, expected_second = expected
        assert (result.position, began_anew) == (position & 0xFFFFFFFF, expected_anew)
        np.testing.assert_array_equal(row, expected_row)
        assert_run(result, scores, expected_run, 0)
        assert_run(*second, expected_second, len(chosen.on))
        assert second[0] is None or second[0].position == result.position


def plain(**changes):
    values = {
        "channels": 1, "window": 4, "hop": 2, "capacity": 12, "fill": 4, "row_bytes": 2, "rows": 2, "every": 1,
        "average": 1, "repeat": 0, "on": (NEVER,), "off": (0,), "with_front_end": True,
    }  # fmt: skip
    return Sizes(**values | changes)


def ramp(begin, count):
    return np.arange(begin, begin + count, dtype=np.int16)[:, None]


def test_faults_are_noted_with_their_places(library):
    lab = Lab(library, plain())
    assert lab.push(0, ramp(0, 5)) == 5
    assert lab.push(7, ramp(7, 2)) == 2  # two samples are missing
    assert lab.push(8, ramp(8, 2)) == 2  # one is there already
    assert lab.push(100, ramp(100, 5), lossy=True) == 2  # far ahead, and only two have room
    assert lab.notes() == [(FILLED, 5, 2), (LATE, 8, 1), (GAP, 10, 90), (OVERRUN, 102, 3)]
    assert lab.status().high_water == 12


def test_notes_that_have_no_room_are_counted(library):
    lab = Lab(library, plain())
    lab.push(0, ramp(0, 4))
    for _ in range(11):
        lab.push(0, ramp(0, 1))
    assert len(lab.notes()) == 8
    assert lab.status().lost_notes == 3


def test_what_came_before_a_gap_is_not_lost(library):
    lab = Lab(library, plain())
    lab.push(0, ramp(0, 6))
    lab.push(1000, ramp(1000, 4))
    positions = []
    for _ in range(4):
        result = lab.step()
        positions += [(result.position, bool(result.flags & RESTARTED))] if result.flags & HOP else []
    assert positions == [(4, False), (6, False), (1004, True)]


def test_what_an_interrupt_brings_in_the_middle_of_a_step_is_not_lost(library):
    """A window's last samples and a gap behind them, after the step found too few."""
    sizes = plain(resampler=resampler_between(3, 2), capacity=40)
    few = sizes.resampler.taps // 2 + 2
    lab, windows = Lab(library, sizes), Windows(sizes.window, sizes.hop, sizes.fill, sizes.resampler)
    pushes = [(0, ramp(0, few)), (few, ramp(few, 4)), (500, ramp(500, 3))]
    hops = [windows.push(*push) for push in pushes]
    assert [len(each) for each in hops] == [0, 1, 0], "the samples before the gap fill a window"
    looks, taken = 0, []

    @ctypes.CFUNCTYPE(None)
    def interrupt():
        nonlocal looks
        looks += 1
        if looks == 2:
            taken.extend(lab.push(*push) for push in pushes[1:])

    lab.push(*pushes[0])
    library.lab_interrupt(interrupt)
    try:
        results = [lab.step() for _ in range(4)]
    finally:
        library.lab_interrupt(None)
    assert taken == [4, 3]
    assert [result.position for result in results if result.flags & HOP] == [hops[1][0].position]


def test_draining_stops_at_a_gap(library):
    lab = Lab(library, plain())
    lab.push(0, ramp(0, 3))
    lab.push(50, ramp(50, 3))
    drained = [lab.drain(10) for _ in range(3)]
    assert [(position, values.ravel().tolist()) for position, values in drained] == [
        (0, [0, 1, 2]),
        (50, [50, 51, 52]),
        (53, []),
    ]


def test_large_samples_come_in_parts(library):
    lab = Lab(library, plain(channels=3))
    sample = np.arange(3, dtype=np.int16).tobytes()
    push_part = lab.library.app_push_part
    assert push_part(0, 0, sample[:4], 4) == 1
    assert lab.status().next == 0
    assert push_part(1, 4, sample[4:], 2) == 0, "another sample is due"
    assert push_part(0, 4, sample[4:], 3) == 0, "more than the sample has"
    assert push_part(0, 4, sample[4:], 2) == 1
    assert lab.status().next == 1
    position, values = lab.drain(1)
    assert (position, values.tolist()) == (0, [[0, 1, 2]])


def test_positions_go_on_beyond_32_bits(library):
    lab = Lab(library, plain())
    begin = 2**32 - 6
    for leap in (2**30, 2**31, 3 * 2**30, begin):  # each of less than 2^31
        assert lab.push(leap, ramp(0, 1)) == 1
        lab.step()
    assert lab.push(begin + 1, ramp(1, 11)) == 11
    ends = [lab.step().position for _ in range(5)]
    assert ends == [2**32 - 2, 0, 2, 4, 6]


RATES = ((44100, 16000), (48000, 16000), (16000, 8000), (119, 50), (104, 50), (100, 119), (8000, 16000), (22050, 16000))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(RATES), st.sampled_from((1, 2, 3, 6, 9)), st.integers(0, 2**32))
def test_every_resampled_sample_is_the_hosts(library, rates, channels, seed):
    """One output sample a hop, out of pieces of any size; the ends of int16 among the samples."""
    rng = np.random.default_rng(seed)
    resampler = resampler_between(*rates)
    one = {"window": 1, "hop": 1, "fill": 0, "rows": 1, "row_bytes": 2 * channels, "with_front_end": False}
    chosen = plain(**one, channels=channels, capacity=resampler.taps + int(rng.integers(0, 40)), resampler=resampler)
    samples = rng.choice(np.array([-32768, -20000, -1, 0, 1, 12345, 32767]), (resampler.taps + 260, channels))
    samples = np.where(rng.random(samples.shape) < 0.5, samples, rng.integers(-(2**15), 2**15, samples.shape))
    samples = samples.astype(np.int16)
    lab, found, positions, done = Lab(library, chosen), [], [], 0
    while done < len(samples):
        done += lab.push(done, samples[done : done + int(rng.integers(1, 60))])
        for _ in range(int(rng.integers(0, 90))):
            result = lab.step()
            if result.flags & HOP:
                found.append(np.frombuffer(ctypes.string_at(result.features, 2 * channels), np.int16))
                positions.append(result.position)
    while (result := lab.step()).flags & HOP:
        found.append(np.frombuffer(ctypes.string_at(result.features, 2 * channels), np.int16))
        positions.append(result.position)
    np.testing.assert_array_equal(np.array(found), resampler.resample(samples))
    assert positions == [resampler.place(count) for count in range(1, len(found) + 1)]


def test_what_was_decided_long_ago_does_not_keep_from_deciding(library):
    """After 2^32 samples, in which it must have been forgotten, positions are those of then."""
    lab = Lab(library, plain(rows=1, repeat=100, on=(-1000,), off=(-1000,)))
    position, decided = 0, []
    for leap in (2**31 - 10, 2**31 - 10, 24, 2**31):  # behind a gap everything may be decided anew
        lab.push(position, ramp(0, 4))
        result = lab.step()
        result = result if result.flags & HOP else lab.step()
        decided.append(bool(result.flags & DECIDED))
        position += leap
    assert position - 2**31 - 4 == 2**32
    assert decided == [True, True, True, False]


def test_what_is_exactly_2_to_the_31_ahead_is_late(library):
    lab = Lab(library, plain())
    assert lab.push(2**31, ramp(0, 3)) == 3
    assert lab.notes() == [(LATE, 2**31, 3)]

"""What an application computes, for the host: windows out of a stream, and decisions out of scores.

This is firmware/application once more, in parts, because windows do not depend on what networks compute: first
all windows of a stream, then all features and scores at once, then the decisions; and from these the same of a second
network, which they start.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.resampling import ResampledStream

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from boardproof.model.resampling import Resampler
    from boardproof.project.apps.application import Application

    Samples = NDArray[np.generic]
    """[samples, channels], in the type of the tensor they go to."""


@dataclass(frozen=True, slots=True)
class Hop:
    """One window.

    Attributes:
        position: Of the first sample behind it, counted in the sensor's samples.
        samples: [window, channels].
        restarted: Whether everything began anew before it.
    """

    position: int
    samples: Samples = field(repr=False)
    restarted: bool = False


@dataclass(frozen=True, slots=True)
class Heard:
    """A decision.

    Attributes:
        position: The first sample behind the window.
        label: Which label, by its place.
        sum: The sum of its scores.
    """

    position: int
    label: int
    sum: int


class Windows:
    """Windows out of a stream.

    `fill`: the longest gap for which zeros stand in. `taken`: the position to come. Windows are of the resampler's
    outputs, if there is one; positions and gaps are those of the samples that are pushed.
    """

    def __init__(self, window: int, hop: int, fill: int, resampler: Resampler | None = None) -> None:
        self._window = window
        self._hop = hop
        self._fill = fill
        self._resampler = resampler
        self._restarted = False
        self.taken = 0
        self._begin_anew(0)

    def push(self, position: int, samples: Samples) -> list[Hop]:
        """Takes samples and gives the windows that they complete. What came before is ignored, gaps are bridged."""
        late = max(self.taken - position, 0)
        samples, position = samples[late:], position + late
        if not len(samples):
            return []
        missing = position - self.taken
        self.taken = position + len(samples)
        if missing > self._fill:
            self._begin_anew(position)
            self._restarted = True
        elif missing:
            samples = np.concatenate([np.zeros((missing, *samples.shape[1:]), samples.dtype), samples])
        return self._add(samples if self._resampled is None else self._resampled.feed(samples))

    def _begin_anew(self, position: int) -> None:
        self._origin = position
        self._waiting: Samples | None = None
        self._begin = 0
        self._resampled = None if self._resampler is None else ResampledStream(self._resampler)

    def _add(self, samples: Samples) -> list[Hop]:
        whole = samples if self._waiting is None else np.concatenate([self._waiting, samples])
        starts = range(0, len(whole) - self._window + 1, self._hop)
        hops = [
            Hop(
                self._position(self._begin + start + self._window),
                whole[start : start + self._window],
                self._restarted and start == 0,
            )
            for start in starts
        ]
        done = len(starts) * self._hop
        self._waiting, self._begin = whole[done:], self._begin + done
        self._restarted &= not hops
        return hops

    def _position(self, count: int) -> int:
        """Of the sample that so many of the windows' samples are before."""
        return self._origin + (count if self._resampler is None else self._resampler.place(count))


def network_runs(application: Application, hops: Sequence[Hop]) -> list[int]:
    """After which hops the network runs."""
    runs = []
    rows = until_run = 0
    for index, hop in enumerate(hops):
        if hop.restarted:
            rows = until_run = 0
        rows = min(rows + 1, application.rows)
        if rows == application.rows:
            if until_run == 0:
                runs.append(index)
                until_run = application.every
            until_run -= 1
    return runs


def second_runs(
    application: Application, hops: Sequence[Hop], decided: Mapping[int, Heard]
) -> tuple[list[int], list[bool]]:
    """After which hops the second network runs, and for each run whether its sums begin anew with it.

    Args:
        application: Which decisions start it, when and for how long; its `second` is what runs.
        hops: All windows of the stream.
        decided: The first network's decisions, by the hop after which they were made.
    """
    second = application.second
    if second is None:
        return [], []
    wakes, wait, end = application.wakes, application.wait, application.wait + application.span
    needed, every, kept = second.rows, second.every, application.kept_rows
    runs: list[int] = []
    anew: list[bool] = []
    rows = until_run = 0
    begins = True
    woken_at: int | None = None
    for index, hop in enumerate(hops):
        if hop.restarted:
            rows, until_run, begins = 0, 0, True
        rows = min(rows + 1, kept)
        if index in decided and wakes[decided[index].label]:
            woken_at, until_run, begins = hop.position, 0, True
        if woken_at is None or rows < needed:
            continue
        if wait <= hop.position - woken_at < end:
            if until_run == 0:
                runs.append(index)
                anew.append(begins)
                until_run, begins = every, False
            until_run -= 1
    return runs, anew


def begun_anew(restarts: Collection[int], runs: Sequence[int]) -> list[bool]:
    """For each run whether everything began anew between the run before and this one; true of the first one.

    Args:
        restarts: The hops before which everything began anew.
        runs: The hops after which the network ran.
    """
    firsts = [0, *(run + 1 for run in runs)]
    return [
        number == 0 or any(hop in restarts for hop in range(first, run + 1))
        for number, (first, run) in enumerate(zip(firsts, runs, strict=False))
    ]


def decide(
    application: Application, scores: NDArray[np.generic], positions: Sequence[int], anew: Sequence[bool]
) -> list[Heard | None]:
    """The decision, or none, after every run.

    Args:
        application: Its labels and when they are decided.
        scores: [runs, labels], quantized.
        positions: Of the first sample behind each run's window.
        anew: Whether everything began anew between the run before and this one.
    """
    average, repeat = application.decision.average, application.repeat
    on, off = np.array(application.on), np.array(application.off)
    decided_at: dict[int, int] = {}
    found: list[Heard | None] = [None] * len(positions)
    for first, end in stretches(anew):
        sums = sums_of(scores[first:end], average)
        best = sums.argmax(axis=1) if len(sums) else np.zeros(0, np.int64)
        fell = np.cumsum(sums < off, axis=0)  # in how many runs each label's sum has been low enough to arm it
        fell_before: dict[int, int] = {}
        for place in np.flatnonzero(sums[np.arange(len(sums)), best] >= on[best]).tolist():
            run, label = first + average - 1 + place, int(best[place])
            armed = label not in fell_before or fell[place, label] > fell_before[label]
            waits = label in decided_at and positions[run] - decided_at[label] < repeat
            if armed and not waits:
                fell_before[label], decided_at[label] = int(fell[place, label]), positions[run]
                found[run] = Heard(positions[run], label, int(sums[place, label]))
    return found


def stretches(anew: Sequence[bool]) -> list[tuple[int, int]]:
    """From which run to before which one sums go on, for each time that they begin anew."""
    begins = [run for run, begun in enumerate(anew) if begun or run == 0]
    return list(pairwise([*begins, len(anew)]))


def sums_of(scores: NDArray[np.generic], average: int) -> NDArray[np.int64]:
    """Of each so many runs in a row, from the first that there are on: [runs, labels]; none of fewer runs."""
    totals = np.cumsum(np.concatenate([np.zeros((1, scores.shape[1]), np.int64), scores]), axis=0, dtype=np.int64)
    return totals[average:] - totals[:-average]

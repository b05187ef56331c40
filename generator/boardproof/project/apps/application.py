"""An application as a value: its networks, its windows, its decisions, and the numbers that follow from them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING

from boardproof.model.graph import DType
from boardproof.model.recordings import Form
from boardproof.model.resampling import resampler_between
from boardproof.project.apps.sensors import SENSORS

if TYPE_CHECKING:
    from boardproof.model.graph import Graph, Tensor
    from boardproof.model.resampling import Resampler

NEVER = 2**31 - 1
"""A sum that no label reaches: INT32_MAX in C."""

_LEAST_SUM = -(2**31)
"""A sum that no label falls below."""

SCORE_TYPES = (DType.INT8, DType.UINT8, DType.INT16)
"""Types of scores, which decisions add up as integers."""

_PICTURE_RANK = 4


@dataclass(frozen=True, slots=True)
class Part:
    """A network of the application: its .tflite, and what is in it."""

    data: bytes = field(repr=False)
    graph: Graph = field(repr=False)

    @property
    def input(self) -> Tensor:
        """What it takes."""
        return self.graph.input_tensors[0]

    @property
    def output(self) -> Tensor:
        """What it gives."""
        return self.graph.output_tensors[0]

    @property
    def sha256(self) -> str:
        """Of the .tflite, in hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True, slots=True)
class Decision:
    """When scores become a decision.

    Attributes:
        average: Runs of the network whose scores are averaged.
        threshold: The average score at which a label is decided, as a real number.
        release: The average below which it must fall before it is decided again; the threshold as a rule.
        repeat_ms: How long after a decision the same label is not decided again.
        silent: Labels that are never decided: silence, unknown, background.
    """

    average: int = 1
    threshold: float = 0.8
    release: float | None = None
    repeat_ms: int = 0
    silent: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Then:
    """A second network, which takes the same rows for a while after a decision of the first one.

    Attributes:
        network: Rows of features to scores.
        every: Hops from one run of it to the next.
        labels: What its scores are of.
        decision: When they become a decision.
        after: The first network's labels whose decision starts it; empty for all that are decided.
        wait_ms: From such a decision until it may run.
        for_ms: How long it then runs.
    """

    network: Part
    every: int
    labels: tuple[str, ...]
    decision: Decision
    after: tuple[str, ...]
    wait_ms: int
    for_ms: int


@dataclass(frozen=True, slots=True)
class Application:
    """What is generated and proven: everything that decides what is computed.

    Attributes:
        name: What it is called.
        version: Its version, as its author counts.
        sensor: The kind of sensor.
        rate: Samples a second that windows are made of.
        sensor_rate: Samples a second that the sensor gives; where they are others, the board resamples them.
        channels: Numbers in one sample: 1 for sound, axes of a motion sensor, all pixels of a picture.
        front_end: Samples to a row of features; None where the network takes samples.
        network: Rows of features to scores.
        hop: Samples from one window to the next.
        every: Hops from one run of the network to the next.
        labels: What the scores are of.
        decision: When scores become a decision.
        actions: What a decision does.
        columns: What a recording of numbers names its channels.
        scale: The sensor's units that stand for 1 in recordings of real numbers.
        hop_percent: The most of the time that the work may take, averaged over hops, in percent; None for no limit.
        then: A second network; None where there is none.
    """

    name: str
    version: str
    sensor: str
    rate: int
    sensor_rate: int
    channels: int
    front_end: Part | None
    network: Part
    hop: int
    every: int
    labels: tuple[str, ...]
    decision: Decision
    actions: tuple[str, ...] = ("serial",)
    columns: tuple[str, ...] = ()
    scale: float = 1.0
    hop_percent: float | None = None
    then: Then | None = None

    @property
    def second(self) -> Application | None:
        """The second network on the same rows, as an application of its own; None where there is none."""
        if self.then is None:
            return None
        network, labels = self.then.network, self.then.labels
        return replace(
            self, network=network, every=self.then.every, labels=labels, decision=self.then.decision, then=None
        )

    @property
    def all_labels(self) -> tuple[str, ...]:
        """Labels of the first network, then of the second."""
        return self.labels + (() if self.then is None else self.then.labels)

    @property
    def decided_labels(self) -> tuple[str, ...]:
        """Labels that the first network decides: all but the silent ones."""
        return tuple(label for label in self.labels if label not in self.decision.silent)

    @property
    def networks(self) -> tuple[Part, ...]:
        """All networks, in the order in which they run."""
        second = None if self.then is None else self.then.network
        return tuple(part for part in (self.front_end, self.network, second) if part is not None)

    @property
    def form(self) -> Form:
        """What recordings are read as."""
        shape = self.source.shape
        picture = shape[1:] if self.sensor == "camera" and len(shape) == _PICTURE_RANK else (self.channels,)
        return Form(self.sensor_rate, self.source.dtype, picture, self.columns, self.scale)

    @property
    def source(self) -> Tensor:
        """The tensor that samples go to."""
        return (self.front_end or self.network).input

    @property
    def window(self) -> int:
        """Samples in a window."""
        return self.source.elements // self.channels

    @property
    def sample_bytes(self) -> int:
        """Bytes of one sample, all channels."""
        return self.channels * self.source.dtype.size_bytes

    @property
    def row_bytes(self) -> int:
        """Bytes of a row of features."""
        return self.source.size_bytes if self.front_end is None else self.front_end.output.size_bytes

    @property
    def rows(self) -> int:
        """Rows that the network takes."""
        return self.network.input.size_bytes // self.row_bytes

    @property
    def kept_rows(self) -> int:
        """Rows that are kept: as many as the network takes that takes the most."""
        return max(self.rows, 0 if self.second is None else self.second.rows)

    @property
    def resampler(self) -> Resampler | None:
        """From the sensor's rate to that of windows; None where they are the same."""
        return None if self.sensor_rate == self.rate else resampler_between(self.sensor_rate, self.rate)

    @property
    def capacity(self) -> int:
        """The sensor's samples that the ring holds."""
        return self._held + self._of_the_sensor(SENSORS[self.sensor].hops_in_ring * self.hop)

    @property
    def fill(self) -> int:
        """The longest gap that zeros stand in for: there is always room for so many, once all hops are done."""
        return min(self._of_the_sensor(self.window), self.capacity - self._held)

    @property
    def _held(self) -> int:
        """Samples that may have to wait in the ring before a step can be done."""
        return self.window if self.resampler is None else self.resampler.taps

    def _of_the_sensor(self, samples: int) -> int:
        """As many of the sensor's samples, or a part of one more."""
        return ceil(Fraction(samples * self.sensor_rate, self.rate))

    @property
    def repeat(self) -> int:
        """The sensor's samples after a decision in which the same label is not decided again."""
        return self._samples(self.decision.repeat_ms)

    def seconds(self, position: int) -> float:
        """The time of a position in the stream, which is counted in the sensor's samples."""
        return position / self.sensor_rate

    @property
    def delay_s(self) -> float:
        """How much later a window can be computed than its last sample comes: what the resampler waits for."""
        return 0.0 if self.resampler is None else self.resampler.delay_s

    @property
    def wakes(self) -> tuple[bool, ...]:
        """For each label whether its decision starts the second network: all that are decided, where none is named."""
        if self.then is None:
            return (False,) * len(self.labels)
        after = self.then.after or self.decided_labels
        return tuple(label in after for label in self.labels)

    @property
    def wait(self) -> int:
        """The sensor's samples from such a decision until the second network may run."""
        return 0 if self.then is None else self._samples(self.then.wait_ms)

    @property
    def span(self) -> int:
        """The sensor's samples for which it then runs."""
        return 0 if self.then is None else self._samples(self.then.for_ms)

    def _samples(self, ms: int) -> int:
        return ceil(Fraction(ms * self.sensor_rate, 1000))

    @property
    def on(self) -> tuple[int, ...]:
        """For each label, the sum of scores at which it is decided."""
        silent = self.decision.silent
        return tuple(NEVER if label in silent else self._sum(self.decision.threshold) for label in self.labels)

    @property
    def off(self) -> tuple[int, ...]:
        """For each label, the sum below which it may be decided again."""
        release = self.decision.threshold if self.decision.release is None else self.decision.release
        return (max(self._sum(release), _LEAST_SUM),) * len(self.labels)

    def _sum(self, score: float) -> int:
        """The least sum of quantized scores whose average is the real score or more, exactly."""
        quantization = self.network.output.quantization
        scale, zero_point = (quantization.scale, quantization.zero_point) if quantization else (1.0, 0)
        return ceil(self.decision.average * (Fraction(str(score)) / Fraction(scale) + zero_point))

    @property
    def hop_s(self) -> float:
        """Seconds from one window to the next."""
        return self.hop / self.rate

    @property
    def digest(self) -> str:
        """SHA-256, in hexadecimal, of everything that decides what is computed."""
        facts: dict[str, object] = {
            "networks": [part.sha256 if part else None for part in (self.front_end, self.network)],
            "samples": [self.sensor_rate, self.channels, self.window, self.hop, self.every, self.fill],
            "resampler": None if self.resampler is None else self.resampler.digest,
            "decision": [self.decision.average, self.repeat, self.on, self.off],
            "labels": self.labels,
        }
        if (second := self.second) is not None:
            computed = [second.network.sha256, second.every, second.decision.average, second.repeat]
            decided = [second.on, second.off, second.labels]
            facts["then"] = [*computed, *decided, self.wakes, self.wait, self.span]
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()

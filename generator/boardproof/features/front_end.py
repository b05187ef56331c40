"""A front end: a network from samples to a row of features, and what it does with a recording."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from boardproof.errors import InputError
from boardproof.host.files import write_atomically
from boardproof.model.oracle import run_oracle
from boardproof.model.resampling import resampler_between
from boardproof.model.samples import Vectors
from boardproof.model.tflite.reader import read_tflite

if TYPE_CHECKING:
    from os import PathLike

    from numpy.typing import NDArray

    from boardproof.model.graph import Graph


def resample(samples: NDArray[np.generic], given: int, wanted: int) -> NDArray[np.generic]:
    """Samples of one rate out of those of another, as a board does it whose sensor-rate is not its rate.

    Args:
        samples: [samples] or [samples, channels] int16.
        given: How many of them are a second.
        wanted: How many the result is to have.

    Returns:
        In the same form. Sample n stands at n * given / wanted of those given; the last ones, of which a filter's
        samples are not all there, are left out. docs/applications.md says what the filter lets through.

    Raises:
        InputError: They are not int16, or one rate cannot be made of the other.
    """
    if samples.dtype != np.int16:
        raise InputError(f"Samples of {samples.dtype} are not resampled.", "Give int16, as sensors do.")
    if given == wanted:
        return samples
    rows = _rows(samples)
    found = resampler_between(given, wanted).resample(rows)
    return found.reshape(len(found), *samples.shape[1:])


@dataclass(frozen=True)
class FrontEnd:
    """A network from a window of samples to a row of features.

    Attributes:
        data: The .tflite.
        window: Samples in a window.
        hop: Samples from one window to the next.
        channels: Numbers in a sample.
        rate: Samples a second that it was made for; None if its settings do not say.
    """

    data: bytes = field(repr=False)
    window: int
    hop: int
    channels: int = 1
    rate: int | None = None

    @cached_property
    def graph(self) -> Graph:
        """What is in the .tflite."""
        return read_tflite(self.data)

    def compute(self, recording: NDArray[np.generic], sensor_rate: int | None = None) -> NDArray[np.generic]:
        """The features of every window of a recording, from the state after a reset, as the board computes them.

        Args:
            recording: Samples [samples] or [samples, channels], in the type that the network takes (int16, or bytes).
            sensor_rate: Samples a second of the recording, where they are not the front end's: they are resampled as
                an application with this sensor-rate does it.

        Returns:
            [windows, …]: the shape and type of the network's output.

        Raises:
            InputError: The samples have another type, or another number of channels; or they cannot be resampled.
            ToolError: The oracle is not there.
        """
        source, output = self.graph.input_tensors[0], self.graph.output_tensors[0]
        samples = _rows(recording)
        if samples.dtype != source.dtype.numpy or samples.shape[1] != self.channels:
            raise InputError(
                f"The front end takes {self.channels} channels of {source.dtype}; these samples have "
                f"{samples.shape[1]} of {samples.dtype}.",
                "Give them as the sensor gives them.",
            )
        if sensor_rate is not None:
            samples = self._resampled(samples, sensor_rate)
        starts = range(0, len(samples) - self.window + 1, self.hop)
        if not starts:
            return np.zeros((0, *output.shape), output.dtype.numpy)
        windows = np.stack([samples[start : start + self.window] for start in starts])
        return run_oracle(self.data, Vectors((windows.reshape(len(windows), *source.shape),))).arrays[0]

    def _resampled(self, samples: NDArray[np.generic], sensor_rate: int) -> NDArray[np.generic]:
        if self.rate is None:
            raise InputError(
                "The front end does not know its own rate.", "Give it one when it is made: rate, in samples a second."
            )
        return resample(samples, sensor_rate, self.rate)

    def save(self, path: str | PathLike[str]) -> None:
        """Writes the .tflite, whole or not at all. Raises InputError where that is not possible."""
        write_atomically(Path(path), self.data)


def _rows(samples: NDArray[np.generic]) -> NDArray[np.generic]:
    """Samples as [samples, channels], also none."""
    return samples.reshape(len(samples), prod(samples.shape[1:]))

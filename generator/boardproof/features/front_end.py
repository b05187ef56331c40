"""A front end: a network from samples to a row of features, and what it does with a recording."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from boardproof.errors import InputError
from boardproof.model.oracle import run_oracle
from boardproof.model.samples import Vectors
from boardproof.model.tflite.reader import read_tflite

if TYPE_CHECKING:
    from os import PathLike

    from numpy.typing import NDArray

    from boardproof.model.graph import Graph


@dataclass(frozen=True)
class FrontEnd:
    """A network from a window of samples to a row of features.

    Attributes:
        data: The .tflite.
        window: Samples in a window.
        hop: Samples from one window to the next.
        channels: Numbers in a sample.
    """

    data: bytes = field(repr=False)
    window: int
    hop: int
    channels: int = 1

    @cached_property
    def graph(self) -> Graph:
        """What is in the .tflite."""
        return read_tflite(self.data)

    def compute(self, recording: NDArray[np.generic]) -> NDArray[np.generic]:
        """The features of every window of a recording, from the state after a reset, as the board computes them.

        Args:
            recording: Samples [samples] or [samples, channels], in the type that the network takes (int16, or bytes).

        Returns:
            [windows, …]: the shape and type of the network's output.

        Raises:
            InputError: The samples have another type, or another number of channels.
            ToolError: The oracle is not there.
        """
        source, output = self.graph.input_tensors[0], self.graph.output_tensors[0]
        samples = recording.reshape(len(recording), -1)
        if samples.dtype != source.dtype.numpy or samples.shape[1] != self.channels:
            raise InputError(
                f"The front end takes {self.channels} channels of {source.dtype}; these samples have "
                f"{samples.shape[1]} of {samples.dtype}.",
                "Give them as the sensor gives them.",
            )
        starts = range(0, len(samples) - self.window + 1, self.hop)
        if not starts:
            return np.zeros((0, *output.shape), output.dtype.numpy)
        windows = np.stack([samples[start : start + self.window] for start in starts])
        return run_oracle(self.data, Vectors((windows.reshape(len(windows), *source.shape),))).arrays[0]

    def save(self, path: str | PathLike[str]) -> None:
        """Writes the .tflite."""
        with open(path, "wb") as file:  # noqa: PTH123 any path
            file.write(self.data)

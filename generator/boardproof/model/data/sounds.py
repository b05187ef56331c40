"""Recordings in .wav files, read with the standard library."""

from __future__ import annotations

import math
import wave
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from boardproof.errors import InputError
from boardproof.model.graph import DType
from boardproof.model.labels import safe_label, safe_lines
from boardproof.model.samples import Samples

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from boardproof.model.data.folders import Listing
    from boardproof.model.samples import InputSpec

_BITS_16 = 2
_FULL_SCALE = 32768.0
_MAX_BYTES = 2 << 30
_CONVERT = (
    "Convert it to mono, PCM with 16 bits, as the model was trained on it (such as ffmpeg -i IN -ac 1 -c:a pcm_s16le "
    "OUT.wav), or take it out of the folder."
)
_FORMATS = {
    "unknown format: 3": "it holds floats",
    "unknown format: 65534": "its header is of the extensible kind",
    "file does not start with RIFF id": "it is no WAV file, whatever its name says",
}
"""What the standard library says of a file, in plain words."""


@dataclass(frozen=True, slots=True)
class Sounds:
    """Files with a recording each.

    Attributes:
        listing: The files and their classes.
    """

    listing: Listing

    @property
    def source(self) -> str:
        """The folder's name, for messages."""
        return self.listing.root.name or str(self.listing.root)

    def size(self, position: int, shape: tuple[int | None, ...]) -> tuple[int, ...] | None:
        """The length that an input leaves open: that of the longest recording."""
        if position or shape.count(None) != 1 or any(size not in {None, 1} for size in shape):
            return None
        longest = max(len(self._read(index)[0]) for index in range(len(self.listing.files)))
        return tuple(size or longest for size in shape)

    def samples(self, specs: tuple[InputSpec, ...]) -> Samples:
        """The recordings as samples: float32 from -1 to 1, or int16 where the network takes that.

        Shorter ones are filled with silence at the end, longer ones cut there; the notes say how many.

        Raises:
            InputError: when the network takes no waveform, or a file cannot be read, or is not like the others.
        """
        shape = _waveform_shape(specs, self.source)
        length, files = math.prod(shape), self.listing.files
        if len(files) * length > _MAX_BYTES // 4:
            raise InputError(
                f"{self.source} holds {len(files)} recordings: too many to keep in memory at once.",
                "Give a folder with fewer: a few hundred show what a board does.",
            )
        found = [self._read(index) for index in range(len(files))]
        self._check_rates([rate for _, rate in found])
        waves = np.zeros((len(files), length), np.int16)
        for row, (sound, _) in zip(waves, found, strict=True):
            row[: min(length, len(sound))] = sound[:length]
        shaped = waves.reshape(len(files), *shape)
        as_they_are = specs[0].dtype is DType.INT16
        values = shaped if as_they_are else (shaped / np.float32(_FULL_SCALE)).astype(np.float32)
        notes = (*self.listing.notes, f"{self.source}: {_said(found, length)}")
        return Samples({"x": values}, self.listing.labels, self.source, self.listing.classes, notes)

    def _read(self, index: int) -> tuple[NDArray[np.int16], int]:
        """A recording and its samples a second."""
        try:
            with wave.open(str(self.listing.files[index]), "rb") as file:
                channels, width, rate = file.getnchannels(), file.getsampwidth(), file.getframerate()
                frames = file.getnframes()
                data = file.readframes(frames)
        except (wave.Error, EOFError, OSError) as error:
            reason = _FORMATS.get(str(error)) or safe_lines(str(error)) or "it is cut short"
            raise InputError(f"The recording {self._place(index)} cannot be read: {reason}.", _CONVERT) from error
        if channels != 1 or width != _BITS_16:
            shown = f"{channels} channel{'s' * (channels != 1)} of {8 * width} bits"
            raise InputError(f"The recording {self._place(index)} has {shown}; one of 16 is read.", _CONVERT)
        if len(data) != frames * width or not data:
            told = f"is cut short: {len(data) // width} of its {frames} samples are there" if frames else "is empty"
            raise InputError(
                f"The recording {self._place(index)} {told}.", "Copy it again, or take it out of the folder."
            )
        return np.frombuffer(data, "<i2"), rate

    def _check_rates(self, rates: list[int]) -> None:
        other = next((index for index, rate in enumerate(rates) if rate != rates[0]), None)
        if other is not None:
            raise InputError(
                f"The recording {self._place(other)} has {rates[other]} samples a second; {self._place(0)} has "
                f"{rates[0]}.",
                "Convert all to the rate that the model was trained on.",
            )

    def _place(self, index: int) -> str:
        place = safe_label(self.listing.place(index))
        return place if self.listing.root == self.listing.files[index] else f"{place} in {self.source}"


def _waveform_shape(specs: tuple[InputSpec, ...], source: str) -> tuple[int, ...]:
    shape = specs[0].shape
    if len(specs) == 1 and math.prod(shape) == max(shape, default=0):
        return shape
    raise InputError(
        f"{source} holds recordings; the model takes {' and '.join(str(list(spec.shape)) for spec in specs)}, which is "
        "no waveform.",
        "Compute the features that the model was trained on, and save them with numpy.savez(path, x=features, "
        "y=labels).",
    )


def _said(found: list[tuple[NDArray[np.int16], int]], length: int) -> str:
    rate = found[0][1]
    text = f"{rate} samples a second, {length / rate:.3g} s each"
    short, long = (sum(len(s) < length for s, _ in found), sum(len(s) > length for s, _ in found))
    if short:
        text += f"; {short} shorter ones are filled with silence"
    return text + (f"; {long} longer ones are cut off at the end" if long else "")

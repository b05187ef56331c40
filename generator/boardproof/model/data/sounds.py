"""Recordings in .wav files."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from boardproof.errors import InputError
from boardproof.model.data.wav import WavError, read_wav
from boardproof.model.graph import DType
from boardproof.model.labels import safe_label, safe_lines
from boardproof.model.samples import Samples

if TYPE_CHECKING:
    from boardproof.model.data.folders import Listing
    from boardproof.model.data.wav import Wav
    from boardproof.model.samples import InputSpec

_MAX_BYTES = 2 << 30
_CONVERT = (
    "Convert it to mono, PCM with 16 bits, as the model was trained on it (such as ffmpeg -i IN -ac 1 -c:a pcm_s16le "
    "OUT.wav), or take it out of the folder."
)
_ONE_CHANNEL = (
    "Keep the channel that the model was trained on (ffmpeg -i IN -af pan=mono|c0=c0 OUT.wav for the left one), or "
    "their mean (ffmpeg -i IN -ac 1 OUT.wav)."
)


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

    def size(self, position: int, shape: tuple[int | None, ...], _name: str) -> tuple[int, ...] | None:
        """The length that an input leaves open: that of the longest recording."""
        if position or shape.count(None) != 1 or any(size not in {None, 1} for size in shape):
            return None
        longest = max(len(self._read(index)[0].values) for index in range(len(self.listing.files)))
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
        whole = specs[0].dtype is DType.INT16
        waves = np.zeros((len(files), length), np.int16 if whole else np.float32)
        for row, (sound, _) in zip(waves, found, strict=True):
            one = (sound.int16 if whole else sound.values)[:length, 0]
            row[: len(one)] = one
        notes = (*self.listing.notes, f"{self.source}: {_said(found, length)}")
        values = waves.reshape(len(files), *shape)
        return Samples({"x": values}, self.listing.labels, self.source, self.listing.classes, notes)

    def _read(self, index: int) -> tuple[Wav, int]:
        """A recording and its samples a second."""
        path = self.listing.files[index]
        try:
            sound = read_wav(path.read_bytes())
        except (WavError, OSError) as error:
            reason = safe_lines(str(error))
            raise InputError(f"The recording {self._place(index)} cannot be read: {reason}.", _CONVERT) from error
        frames, channels = sound.values.shape
        if channels != 1:
            raise InputError(
                f"The recording {self._place(index)} has {channels} channels; the model takes one.", _ONE_CHANNEL
            )
        if frames < sound.promised or not frames:
            told = f"is cut short: {frames} of its {sound.promised} samples are there" if frames else "is empty"
            raise InputError(
                f"The recording {self._place(index)} {told}.", "Copy it again, or take it out of the folder."
            )
        return sound, sound.rate

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


def _said(found: list[tuple[Wav, int]], length: int) -> str:
    rate = found[0][1]
    text = f"{rate} samples a second, {length / rate:.3g} s each"
    lengths = [len(sound.values) for sound, _ in found]
    short, long = sum(size < length for size in lengths), sum(size > length for size in lengths)
    if short:
        text += f"; {short} shorter ones are filled with silence"
    if other := sorted({sound.form for sound, _ in found} - {"16 bits"}):
        text += f"; read from {' and '.join(other)}"
    return text + (f"; {long} longer ones are cut off at the end" if long else "")

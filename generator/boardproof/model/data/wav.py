"""Sound in WAV files: PCM of 8, 16, 24 or 32 bits, or floats, with the plain header or the extensible one.

The standard library reads PCM alone, in Python 3.11 with the plain header only.
Source: Microsoft, "Multiple Channel Audio Data and WAVE Files", 2007.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_NAMES = {2: "ADPCM", 6: "A-law", 7: "mu-law", 0x11: "ADPCM", 0x55: "MP3"}
_FORM_BYTES, _EXTENSIBLE_BYTES = 16, 26
_UNKNOWN = 0xFFFFFFFF
"""The size of what was written to a pipe."""

_TOP = 0x8000
"""The limit of int16: what floats of 1 become."""


class WavError(ValueError):
    """What is wrong with a file, as the end of a sentence that begins with the file."""


@dataclass(frozen=True, slots=True)
class Wav:
    """A recording.

    Attributes:
        values: [frames, channels]: float32 from -1 to 1, where a sample of 16 bits is itself divided by 32,768.
        rate: Frames a second.
        form: How it is stored, such as "24 bits".
        promised: The frames that its header promises; fewer are there where it is cut short.
    """

    values: NDArray[np.float32]
    rate: int
    form: str
    promised: int

    @property
    def int16(self) -> NDArray[np.int16]:
        """The values as integers, [frames, channels], rounded, the largest cut off at 32,767."""
        scaled = np.round(self.values.astype(np.float64) * _TOP)
        return np.clip(scaled, -_TOP, _TOP - 1).astype(np.int16)


def read_wav(data: bytes) -> Wav:
    """The recording in a file's bytes. Raises WavError."""
    if data[:4] not in {b"RIFF", b"RF64"} or data[8:12] != b"WAVE":
        raise WavError("it is no WAV file, whatever its name says")
    form, sound, promised = None, b"", 0
    for name, size, content in _chunks(data):
        if name == b"fmt ":
            form = content
        elif name == b"data":
            sound, promised = content, len(content) if size == _UNKNOWN else size
            break
    if form is None or len(form) < _FORM_BYTES:
        raise WavError("it is cut short" if len(data) < 2 * _FORM_BYTES else "its header does not say how it is stored")
    kind, channels, rate, _, frame_bytes, bits = struct.unpack("<HHIIHH", form[:_FORM_BYTES])
    if kind == _EXTENSIBLE and len(form) >= _EXTENSIBLE_BYTES:
        kind = struct.unpack("<H", form[_EXTENSIBLE_BYTES - 2 : _EXTENSIBLE_BYTES])[0]
    if not channels or not rate or frame_bytes != channels * -(-bits // 8):
        raise WavError("its header makes no sense")
    if (kind, bits) not in _READERS:
        raise WavError(f"it holds {_NAMES.get(kind, f'sound of kind {kind}')} of {bits} bits")
    values = _READERS[kind, bits](sound[: len(sound) // frame_bytes * frame_bytes])
    if not np.isfinite(values).all():
        raise WavError("it holds values that are no numbers")
    told = "floats" if kind == _FLOAT else f"{bits} bits"
    return Wav(values.reshape(-1, channels), rate, told, promised // frame_bytes)


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, bytes]]:
    """The parts of a file: name, size that it states, and what is there of it."""
    place = 12
    while place + 8 <= len(data):
        name, size = struct.unpack("<4sI", data[place : place + 8])
        yield name, size, data[place + 8 :] if size == _UNKNOWN else data[place + 8 : place + 8 + size]
        place += 8 + size + size % 2


def _of_24_bits(data: bytes) -> NDArray[np.float32]:
    parts = np.frombuffer(data, np.uint8).reshape(-1, 3)
    wide = np.zeros((len(parts), 4), np.uint8)
    wide[:, 1:] = parts
    return (wide.view("<i4")[:, 0] / 2.0**31).astype(np.float32)


_READERS: Mapping[tuple[int, int], Callable[[bytes], NDArray[np.float32]]] = {
    (_PCM, 8): lambda data: ((np.frombuffer(data, np.uint8) - 128.0) / 128).astype(np.float32),
    (_PCM, 16): lambda data: (np.frombuffer(data, "<i2") / np.float32(_TOP)).astype(np.float32),
    (_PCM, 24): _of_24_bits,
    (_PCM, 32): lambda data: (np.frombuffer(data, "<i4") / 2.0**31).astype(np.float32),
    (_FLOAT, 32): lambda data: np.frombuffer(data, "<f4").astype(np.float32),
    (_FLOAT, 64): lambda data: np.frombuffer(data, "<f8").astype(np.float32),
}
"""By kind and bits of a sample."""

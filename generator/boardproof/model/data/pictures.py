"""Pictures, read with Pillow: sized, and scaled as the network takes them."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from boardproof.errors import InputError
from boardproof.model.data.options import Pixels
from boardproof.model.graph import DType
from boardproof.model.labels import safe_label, safe_lines
from boardproof.model.samples import Samples

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from PIL.Image import Image

    from boardproof.model.data.folders import Listing
    from boardproof.model.samples import InputSpec

_MODES = {1: "L", 3: "RGB", 4: "RGBA"}
"""Pillow's names for pictures of so many channels."""

_ORIENTATION = 0x0112
_ON_THEIR_SIDE = range(5, 9)
"""How a camera says that it was turned (JEITA CP-3451, Exif)."""

_RANK = 3
_WHITE = 255.0
_MAX_BYTES = 2 << 30
_LARGEST_UNIT = 1.5
"""An input that holds more than this, and no bytes, takes pictures that were standardised in some way."""
_GUESSED = "a guess, as nothing in the model says what it takes; --pixels says it"


@dataclass(frozen=True, slots=True)
class Pictures:
    """Files with a picture each; nothing of them is read yet.

    Attributes:
        listing: The files and their classes.
        pixels: What values are scaled to; None for what the network seems to take.
    """

    listing: Listing
    pixels: Pixels | None

    @property
    def source(self) -> str:
        """The folder's name, for messages."""
        return self.listing.root.name or str(self.listing.root)

    def size(self, position: int, shape: tuple[int | None, ...], _name: str) -> tuple[int, ...] | None:
        """Height and width that an input leaves open: those of the pictures, if all have the same.

        Raises:
            InputError: when they have different sizes.
        """
        if position or len(shape) != _RANK:
            return None
        sizes = {self._open_size(index): index for index in reversed(range(len(self.listing.files)))}
        if len(sizes) > 1:
            (one, first), (other, second) = list(sizes.items())[:2]
            raise InputError(
                f"The pictures in {self.source} have different sizes ({self.listing.place(first)}: {one[0]}x{one[1]}, "
                f"{self.listing.place(second)}: {other[0]}x{other[1]}), and the model leaves its input's size open.",
                "Say which size it is to have with --input-shape HEIGHT,WIDTH,CHANNELS.",
            )
        return (*next(iter(sizes)), shape[2] or 3)

    def samples(self, specs: tuple[InputSpec, ...]) -> Samples:
        """The pictures as samples: uint8 where the network takes bytes, else float32 in its range of values.

        Raises:
            InputError: when the network takes no picture, or a file cannot be read.
        """
        shape = _picture_shape(specs, self.source)
        height, width, channels = shape
        if len(self.listing.files) * height * width * channels > _MAX_BYTES:
            raise InputError(
                f"{self.source} holds {len(self.listing.files)} pictures: too many to keep in memory at once.",
                "Give a folder with fewer: a few hundred show what a board does.",
            )
        raw = np.empty((len(self.listing.files), *shape), np.uint8)
        read = [self._read(index, raw[index]) for index in range(len(raw))]
        resized, moving = [other for other, _ in read], sum(frames > 1 for _, frames in read)
        first = (f"{self.source}: {moving} of {len(read)} pictures have several frames: the first is taken",)
        values, note = _scaled(raw, specs[0], self.pixels)
        said = (*_resizing(resized, shape, self.source), *(first if moving else ()))
        notes = (*self.listing.notes, *said, f"{self.source}: {note}")
        return Samples({"x": values}, self.listing.labels, self.source, self.listing.classes, notes)

    def _open_size(self, index: int) -> tuple[int, int]:
        with self._opened(index) as image:
            size = (image.height, image.width)
            return size[::-1] if image.getexif().get(_ORIENTATION) in _ON_THEIR_SIDE else size

    def _read(self, index: int, into: NDArray[np.uint8]) -> tuple[bool, int]:
        """Reads a picture into [height, width, channels]; whether it had another size, and how many frames it has."""
        from PIL import Image, ImageOps

        height, width, channels = into.shape
        with self._opened(index) as image:
            wide, frames = image.mode.startswith(("I", "F")), getattr(image, "n_frames", 1)
            picture = ImageOps.exif_transpose(image).convert(_MODES[channels])
        if wide:
            raise self._unreadable(index, ValueError("its values are wider than a byte"))
        other = picture.size != (width, height)
        if other:
            picture = picture.resize((width, height), Image.Resampling.BILINEAR)
        into[...] = np.asarray(picture, np.uint8).reshape(into.shape)
        return other, frames

    @contextmanager
    def _opened(self, index: int) -> Iterator[Image]:
        """A picture's file. Raises InputError where it cannot be read, also while it is used."""
        from PIL import Image, UnidentifiedImageError

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", Image.DecompressionBombWarning)
                with Image.open(self.listing.files[index]) as image:
                    yield image
        except (
            OSError,
            SyntaxError,
            UnidentifiedImageError,
            ValueError,
            Image.DecompressionBombError,
            Image.DecompressionBombWarning,
        ) as error:
            raise self._unreadable(index, error) from error

    def _unreadable(self, index: int, error: Exception) -> InputError:
        path = self.listing.files[index]
        place = safe_label(self.listing.place(index))
        inside = "" if self.listing.root == path else f" in {self.source}"
        return InputError(
            f"The picture {place}{inside} cannot be read: "
            f"{(safe_lines(str(error)).splitlines() or [type(error).__name__])[0].replace(str(path), path.name)}.",
            "Open it in a viewer; save it again as PNG or JPEG with 8 bits a channel, or take it out of the folder.",
        )


def _picture_shape(specs: tuple[InputSpec, ...], source: str) -> tuple[int, int, int]:
    shape = specs[0].shape
    if len(specs) > 1:
        raise InputError(
            f"{source} holds pictures for one input; the model has {len(specs)}.",
            "Save the arrays of all inputs with numpy.savez, one named after each input.",
        )
    if len(shape) == _RANK - 1:
        return shape[0], shape[1], 1
    if len(shape) != _RANK or shape[2] not in _MODES:
        raise InputError(
            f"{source} holds pictures; the model takes samples of shape {list(shape)}, which are not pictures.",
            "A picture is [height, width, channels] with 1, 3 or 4 channels: give the samples as .npz.",
        )
    return shape[0], shape[1], shape[2]


def _scaled(raw: NDArray[np.uint8], spec: InputSpec, wanted: Pixels | None) -> tuple[NDArray[np.generic], str]:
    """Pictures in the range of values that the network takes, and what to say of it."""
    shaped = raw.reshape(len(raw), *spec.shape)
    if spec.dtype is not DType.FLOAT32 and spec.values is None:
        return shaped.astype(spec.dtype.numpy), f"pixels 0..255, as the model takes {spec.dtype}"
    pixels, why = (wanted, "as --pixels says") if wanted else _inferred(spec.values)
    values = shaped.astype(np.float32)
    match pixels:
        case Pixels.UNIT:
            values /= np.float32(_WHITE)
        case Pixels.SIGNED:
            values = values / np.float32(_WHITE / 2) - np.float32(1)
        case Pixels.BYTES:
            pass
    return values, f"pixels scaled to {pixels}, {why}"


def _inferred(values: tuple[float, float] | None) -> tuple[Pixels, str]:
    if values is None:
        return Pixels.UNIT, _GUESSED
    low, high = values
    holds = f"as the model's input holds {low:.4g} to {high:.4g}"
    if high > _WHITE / 2:
        return Pixels.BYTES, "which the model's first layers take" if low == 0 and high == _WHITE else holds
    if high > _LARGEST_UNIT:
        return Pixels.SIGNED if low < -high / 2 else Pixels.UNIT, f"{holds}: {_GUESSED}"
    return Pixels.SIGNED if low < -high / 2 else Pixels.UNIT, holds


def _resizing(resized: list[bool], shape: tuple[int, int, int], source: str) -> tuple[str, ...]:
    if not any(resized):
        return ()
    return (
        f"{source}: {sum(resized)} of {len(resized)} pictures resized to {shape[0]}x{shape[1]}, bilinear with "
        "antialiasing, which other libraries do slightly differently",
    )


def is_guess(note: str) -> bool:
    """Whether a note says something that the user should confirm."""
    return _GUESSED in note

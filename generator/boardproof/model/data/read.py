"""Data of any kind that boardproof takes: what it is, is told by its content."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from boardproof.errors import InputError
from boardproof.model.data.arrays import samples_of_arrays
from boardproof.model.data.folders import PICTURE_SUFFIXES, SOUND_SUFFIXES, Listing, is_picture, list_folder
from boardproof.model.data.options import DataOptions
from boardproof.model.data.pictures import Pictures
from boardproof.model.data.refusals import not_samples
from boardproof.model.data.sounds import Sounds
from boardproof.model.data.tables import read_table
from boardproof.model.filekind import FileKind, file_kind

if TYPE_CHECKING:
    from pathlib import Path

    from boardproof.model.network import Sizes
    from boardproof.model.samples import InputSpec, Samples


class Source(Protocol):
    """Data that was found and looked at, before it is known what the network takes."""

    @property
    def source(self) -> str:
        """How messages name it."""
        ...

    def size(self, position: int, shape: tuple[int | None, ...], name: str, /) -> tuple[int, ...] | None:
        """The whole shape of an input that leaves parts of it open; None where the data does not tell."""
        ...

    def samples(self, specs: tuple[InputSpec, ...]) -> Samples:
        """The samples as these inputs take them."""
        ...


_ARRAYS = frozenset({FileKind.NPY, FileKind.NPZ})
_TABLES = frozenset({".csv", ".tsv"})


def sizes_of(data: Source | None, options: DataOptions) -> Sizes:
    """What fixes the shapes that a model leaves open: the user, or else the data."""

    def sizes(position: int, shape: tuple[int | None, ...], name: str) -> tuple[int, ...] | None:
        if position < len(options.input_shape):
            return options.input_shape[position]
        return data.size(position, shape, name) if data is not None else None

    return sizes


def read_data(path: Path, options: DataOptions | None = None, *, training: bool = False) -> Source:
    """What is at a path: a .npz or .npy file, a table, a picture or a recording, or a folder of those.

    Args:
        path: Where it is.
        options: What the user says about it.
        training: Of a file with a training and a test set, take the training set.

    Raises:
        InputError: when it is missing, damaged, or of another kind.
    """
    options = options or DataOptions()
    if path.is_dir():
        listing = list_folder(path, options.labels)
        return Pictures(listing, options.pixels) if is_picture(listing.files[0]) else Sounds(listing)
    suffix = path.suffix.lower()
    data = read_bytes(path, "samples")
    kind = file_kind(data)
    if kind in _ARRAYS or (kind in {FileKind.ZIP, FileKind.BROKEN_ZIP} and suffix == ".npz"):
        return samples_of_arrays(data, path.name, options.labels, training=training)
    if suffix in _TABLES and kind in {FileKind.TEXT, FileKind.UNKNOWN}:
        return read_table(data, path.name, options)
    if suffix in PICTURE_SUFFIXES and kind is FileKind.PICTURE:
        return Pictures(Listing(path, (path,)), options.pixels)
    if suffix in SOUND_SUFFIXES and kind is FileKind.SOUND:
        return Sounds(Listing(path, (path,)))
    raise not_samples(path, data)


def read_bytes(path: Path, what: str) -> bytes:
    """A file's bytes.

    Args:
        path: Where it is.
        what: What it should be, such as "samples".

    Raises:
        InputError: when there is none, or it cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise InputError(f"There is no file {path}.", f"Check the path of the {what}.") from error
    except IsADirectoryError as error:
        raise InputError(f"{path} is a folder, not a file.", f"Give the {what}' own file.") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.", "Check the file and its permissions.") from error

"""Folders of files, one sample to a file: the folder a file lies in is its class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from boardproof.errors import InputError
from boardproof.model.data.classes import class_indices, classes_note

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

PICTURE_SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".png"})
SOUND_SUFFIXES = frozenset({".wav"})

_SETS = frozenset({"test", "train", "training", "testing", "val", "valid", "validation"})


@dataclass(frozen=True, slots=True)
class Listing:
    """Files, sorted by class and name.

    Attributes:
        root: The folder, or the one file.
        files: Where each sample is.
        labels: Its class, int64 [files]; None where all files lie in one folder.
        classes: The classes' names in order.
        notes: What a reader should know of it.
    """

    root: Path
    files: tuple[Path, ...]
    labels: NDArray[np.int64] | None = None
    classes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def place(self, position: int) -> str:
        """How messages name a file: by its path within the folder."""
        path = self.files[position]
        return path.name if path == self.root else str(path.relative_to(self.root))


def list_folder(root: Path, names: tuple[str, ...]) -> Listing:
    """The pictures or the sounds in a folder; those in folders below it are labelled by the folder's name.

    Args:
        root: The folder.
        names: The classes as the user gave them; empty for the folders' names, sorted.

    Raises:
        InputError: when there is nothing to read, or a mixture.
    """
    files = _files(root)
    kinds = {_kind(path) for path in files}
    if len(kinds) != 1:
        raise _no_samples(root, kinds)
    apart = {path.parent == root for path in files}
    if len(apart) > 1:
        raise InputError(
            f"{root} holds files of its own beside those in folders.",
            "Put every file into the folder of its class, or all into one folder where there are no classes.",
        )
    if apart == {True}:
        return Listing(root, files)
    words = [path.parent.name for path in files]
    if set(words) <= _SETS:
        raise InputError(
            f"The folders in {root} are {', '.join(sorted(set(words)))}: sets, not classes.",
            f"Give one of them, such as {root / min(words)}, with a folder for each class in it.",
        )
    labels, classes = class_indices(words, names, lambda position: f"The folder {files[position].parent.name}")
    return Listing(root, files, labels, classes, (classes_note(classes, given=bool(names)),))


def is_picture(path: Path) -> bool:
    """Whether a file's name says that it is a picture."""
    return path.suffix.lower() in PICTURE_SUFFIXES


def _files(root: Path) -> tuple[Path, ...]:
    """Every picture and sound in a folder and the folders in it, without hidden files."""
    try:
        found = [path for pattern in ("*", "*/*") for path in root.glob(pattern) if not path.name.startswith(".")]
    except OSError as error:
        raise InputError(f"{root} cannot be read: {error.strerror}.", "Check the folder's permissions.") from error
    return tuple(sorted(path for path in found if _kind(path)))


def _kind(path: Path) -> str:
    suffix = path.suffix.lower()
    return "pictures" if suffix in PICTURE_SUFFIXES else "sounds" if suffix in SOUND_SUFFIXES else ""


def _no_samples(root: Path, kinds: set[str]) -> InputError:
    if kinds:
        return InputError(f"{root} holds pictures and sounds.", "Give a folder with one of them.")
    arrays = next(iter(sorted((*root.glob("*.npz"), *root.glob("*.npy"), *root.glob("*.csv")))), None)
    if arrays is not None:
        return InputError(f"{root} is a folder, and holds no pictures or sounds.", f"Give the file itself: {arrays}.")
    return InputError(
        f"{root} is a folder, and holds no pictures (.png, .jpg, .bmp) or sounds (.wav).",
        "Give a folder with one folder of them for each class, or a file of samples: .npz, .npy, .csv.",
    )

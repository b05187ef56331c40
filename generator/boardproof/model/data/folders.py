"""Folders of files, one sample to a file: the folder a file lies in is its class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from boardproof.errors import InputError
from boardproof.model.data.classes import class_indices, classes_note
from boardproof.model.labels import safe_label

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

PICTURE_SUFFIXES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
SOUND_SUFFIXES = frozenset({".wav"})

_NO_SAMPLES = frozenset({"", ".csv", ".db", ".html", ".ini", ".json", ".md", ".pdf", ".py", ".txt", ".xml", ".yaml"})
"""What lies beside samples, and is none."""
_SHOWN_FILES = 3

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
    found = _files(root)
    files = tuple(path for path in found if _kind(path))
    kinds = {_kind(path) for path in files}
    if len(kinds) != 1:
        raise _no_samples(root, kinds, found)
    left_out = _left_out(root, found)
    apart = {path.parent == root for path in files}
    if len(apart) > 1:
        raise InputError(
            f"{root} holds files of its own beside those in folders.",
            "Put every file into the folder of its class, or all into one folder where there are no classes.",
        )
    if apart == {True}:
        return Listing(root, files, notes=left_out)
    words = [path.parent.name for path in files]
    if set(words) <= _SETS:
        raise InputError(
            f"The folders in {root} are {', '.join(sorted(set(words)))}: sets, not classes.",
            f"Give one of them, such as {root / min(words)}, with a folder for each class in it.",
        )
    labels, classes = class_indices(words, names, lambda position: f"The folder {files[position].parent.name}")
    return Listing(root, files, labels, classes, (*left_out, classes_note(classes, given=bool(names))))


def is_picture(path: Path) -> bool:
    """Whether a file's name says that it is a picture."""
    return path.suffix.lower() in PICTURE_SUFFIXES


def _files(root: Path) -> tuple[Path, ...]:
    """Every file in a folder and the folders in it, without hidden ones and those that an archiver leaves."""
    try:
        found = [path for pattern in ("*", "*/*") for path in root.glob(pattern)]
        hidden = [any(_is_hidden(part) for part in path.relative_to(root).parts) for path in found]
        return tuple(sorted(path for path, skip in zip(found, hidden, strict=True) if not skip and path.is_file()))
    except OSError as error:
        raise InputError(f"{root} cannot be read: {error.strerror}.", "Check the folder's permissions.") from error


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name == "__MACOSX"


def _kind(path: Path) -> str:
    suffix = path.suffix.lower()
    return "pictures" if suffix in PICTURE_SUFFIXES else "sounds" if suffix in SOUND_SUFFIXES else ""


def _others(root: Path, found: tuple[Path, ...]) -> list[str]:
    """Files that may be samples too, of kinds that are not read."""
    others = [path for path in found if not _kind(path) and path.suffix.lower() not in _NO_SAMPLES]
    return [safe_label(str(path.relative_to(root))) for path in others]


def _left_out(root: Path, found: tuple[Path, ...]) -> tuple[str, ...]:
    """What a report says of such files."""
    others = _others(root, found)
    shown = ", ".join(others[:_SHOWN_FILES] + ["…"] * (len(others) > _SHOWN_FILES))
    return (f"{root.name}: {len(others)} files of other kinds are left out: {shown}",) if others else ()


def _no_samples(root: Path, kinds: set[str], found: tuple[Path, ...]) -> InputError:
    if kinds:
        return InputError(f"{root} holds pictures and sounds.", "Give a folder with one of them.")
    message = f"{root} is a folder, and holds no pictures (.png, .jpg, .bmp, …) or sounds (.wav)."
    arrays = next((path for path in found if path.suffix.lower() in {".npz", ".npy", ".csv"}), None)
    if arrays is not None and arrays.parent == root:
        return InputError(message, f"Give the file itself: {arrays}.")
    deeper = next(iter(sorted(path for path in root.glob("*/*/*") if _kind(path))), None)
    if deeper is not None:
        return InputError(
            f"{message[:-1]}; they lie deeper, as {deeper.relative_to(root)}.",
            f"Give the folder with one folder for each class, such as {deeper.parent.parent}.",
        )
    if others := _others(root, found):
        return InputError(f"{message[:-1]}, but {others[0]}.", "Convert its files to one of these, as for training.")
    return InputError(
        message,
        "Give a folder with one folder of them for each class, or a file of samples: .npz, .npy, .csv.",
    )

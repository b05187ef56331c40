"""Arrays in numpy's own files."""

from __future__ import annotations

import io
import re
import tokenize
import zipfile
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from boardproof.errors import InputError
from boardproof.model.data.classes import class_indices, classes_note
from boardproof.model.filekind import FileKind, file_kind
from boardproof.model.labels import safe_lines
from boardproof.model.samples import Samples

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LABEL_KEYS = frozenset({"label", "labels", "target", "targets", "y"})
_NUMBERED = re.compile(r"(?:labels?|targets?|y)_?(\d+)")
"""Labels of one output of several."""

_SETS = (
    ("x_test", "y_test"),
    ("test_images", "test_labels"),
    ("x_train", "y_train"),
    ("train_images", "train_labels"),
)
"""Inputs and labels by the names that data sets use which have both sets in one file, such as Keras' own; the test set
first. Capitals do not count."""

_MAX_SAMPLE_BYTES = 4 << 30

_LOAD_ERRORS = (
    EOFError,
    KeyError,
    MemoryError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What numpy's and zipfile's readers raise on damaged files."""


def samples_of_arrays(data: bytes, source: str, names: tuple[str, ...] = (), *, training: bool = False) -> Samples:
    """The inputs and labels in the bytes of a .npz or .npy file.

    In a .npz, `y`, `label` or `target` holds labels, and y0, y1, … those of several outputs; every other array is an
    input: `x` for a network with one, else named after the inputs, or x0, x1, … in their order. Of a file with x_train,
    y_train, x_test and y_test the latter two are taken. A .npy holds the inputs of a network with one. Pickled objects
    are never loaded.

    Args:
        data: The file.
        source: Its name, for messages.
        names: The classes, where the labels are words; empty for all words, sorted.
        training: Take x_train and y_train instead.

    Raises:
        InputError: when it is damaged, or holds something other than arrays.
    """
    arrays = _load_arrays(data, source)
    arrays, notes = _one_set(arrays, source, training=training)
    numbered = {int(found[1]): key for key in arrays if (found := _NUMBERED.fullmatch(key.lower()))}
    by_output = tuple(arrays.pop(key) for _, key in sorted(numbered.items())) if len(numbered) > 1 else ()
    labels = [arrays.pop(key) for key in list(arrays) if key.lower() in _LABEL_KEYS]
    several = len(labels) + bool(by_output) > 1
    if several or not arrays:
        raise InputError(
            f"{source} holds {'several arrays of labels' if several else 'no inputs'}.",
            "Save them with numpy.savez(path, x=inputs, y=labels).",
        )
    first, further = (by_output[0], by_output[1:]) if by_output else (labels[0] if labels else None, ())
    return with_named_classes(Samples(arrays, first, source, notes=notes, further=further), names)


def with_named_classes(samples: Samples, names: tuple[str, ...]) -> Samples:
    """The samples with class numbers where their labels are words; `names` are those of the first output.

    Raises:
        InputError: when a label is none of the user's classes, or there are several words for a sample.
    """
    if samples.labels is None:
        return samples
    (labels, classes), *others = (
        _numbered(labels, names if output == 0 else (), samples.source)
        for output, labels in enumerate((samples.labels, *samples.further))
    )
    said = (classes_note(classes, given=bool(names)),) if classes else ()
    further = tuple(labels for labels, _ in others)
    known = classes or samples.classes
    return replace(samples, labels=labels, further=further, classes=known, notes=(*samples.notes, *said))


def _numbered(
    labels: NDArray[np.generic], names: tuple[str, ...], source: str
) -> tuple[NDArray[np.generic], tuple[str, ...]]:
    """Class numbers in place of words, and the classes; labels that are numbers as they are, and none."""
    if labels.dtype.kind not in "US":
        return labels, ()
    if labels.size != len(labels):
        raise InputError(
            f"The labels of {source} are words in an array of shape {list(labels.shape)}: several for a sample.",
            "Give a word for each sample; of several marks a sample rows of 0 and 1, of several outputs y0, y1, …",
        )
    words = [word.decode(errors="replace") if isinstance(word, bytes) else str(word) for word in labels.ravel()]
    return class_indices(words, names, lambda position: f"Label {position} of {source}")


def _one_set(
    arrays: dict[str, NDArray[np.generic]], source: str, *, training: bool
) -> tuple[dict[str, NDArray[np.generic]], tuple[str, ...]]:
    """The wanted set where a file has two, or the only one that it has under such names."""
    named = {key.lower(): key for key in arrays}
    for pair in sorted(_SETS, key=lambda pair: ("train" in pair[0]) is not training):
        if named.keys() >= set(pair):
            inputs, labels = (named[key] for key in pair)
            return {"x": arrays[inputs], "y": arrays[labels]}, (f"{source}: {inputs} and {labels} are used",)
    return arrays, ()


def _load_arrays(data: bytes, source: str) -> dict[str, NDArray[np.generic]]:
    try:
        if file_kind(data) is FileKind.NPY:
            return {"x": _read_array(data)}
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _members(archive)
    except _LOAD_ERRORS as error:
        if "allow_pickle" in str(error):
            raise InputError(
                f"{source} holds Python objects, which are never loaded.",
                "Save plain numeric arrays, numpy.asarray(x, dtype=numpy.float32), all samples of one shape.",
            ) from error
        raise InputError(
            f"{source} is damaged.", "Copy or save it again: it may have been cut short.", safe_lines(str(error))
        ) from error


def _members(archive: zipfile.ZipFile) -> dict[str, NDArray[np.generic]]:
    """The arrays in a .npz, unpacked only if their sizes are sane."""
    size_bytes = sum(info.file_size for info in archive.infolist())
    if size_bytes > _MAX_SAMPLE_BYTES:
        raise ValueError(f"it unpacks to {size_bytes} bytes")
    return {name.removesuffix(".npy"): _read_array(archive.read(name)) for name in archive.namelist()}


def _read_array(data: bytes) -> NDArray[np.generic]:
    """One array in numpy's format; unlike numpy.load, nothing else is tried."""
    array: NDArray[np.generic] = np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)
    return array

"""The data of an experiment, checked once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from boardproof.errors import InputError
from boardproof.ladder.arrays import each, named, structured

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from boardproof.ladder.arrays import Arrays

_REPRESENTATIVE = 300
"""Of the training samples, evenly spread: enough to show the ranges of activations."""


class Split(NamedTuple):
    """Inputs [samples, *shape], and what belongs to each: class numbers, one-hot rows, or real values.

    Of a model with several inputs or outputs a dictionary or a list of arrays, as its fit() takes them.
    """

    x: Arrays
    y: Arrays


@dataclass(frozen=True, slots=True)
class Data:
    """What an experiment trains on, and what it is measured on. Pairs `(x, y)` become a Split.

    Labels that are words become class numbers, in alphabetical order over all three parts.

    Attributes:
        train: What the models learn from.
        validation: What training may look at, to stop early and the like.
        test: What every variant is measured on; nothing is chosen by it.
        representative: Inputs that calibrate the quantizer; by default 300 of the training's.
    """

    train: Split | tuple[Any, Any]
    validation: Split | tuple[Any, Any]
    test: Split | tuple[Any, Any]
    representative: Arrays | None = None

    def checked(self) -> Checked:
        """The same with its shapes proved to fit together.

        Raises:
            InputError: Samples and labels differ in number, shapes differ between splits, or values are not finite.
        """
        splits = _numbered({name: _split(getattr(self, name), name) for name in ("train", "validation", "test")})
        train = splits["train"].x
        for name, split in splits.items():
            _require_alike(f"A sample of {name}", split.x, train, "Prepare all parts of the data alike.")
        if self.representative is None:
            count = len(next(iter(named(train).values())))
            chosen = np.linspace(0, count - 1, min(_REPRESENTATIVE, count)).astype(int)
            representative = each(train, lambda _, array: array[chosen])
        else:
            representative = _representative(self.representative, train)
        return Checked(**splits, representative=representative)


@dataclass(frozen=True, slots=True)
class Checked:
    """The data, after the check: what the user's train() gets. See Data."""

    train: Split
    validation: Split
    test: Split
    representative: Arrays

    @property
    def sample_shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of one sample, by the input's name."""
        return {name: array.shape[1:] for name, array in named(self.train.x).items()}

    @property
    def digest(self) -> str:
        """SHA-256 of all arrays, in hexadecimal."""
        found = hashlib.sha256()
        for given in (*self.train, *self.validation, *self.test, self.representative):
            if isinstance(given, Mapping):
                found.update(f"{list(given)}".encode())
            for array in named(given).values():
                found.update(f"{array.dtype} {array.shape}".encode())
                found.update(np.ascontiguousarray(array).tobytes())
        return found.hexdigest()

    def taught(self, targets: NDArray[np.generic]) -> Checked:
        """The same, with other targets to train on."""
        return replace(self, train=Split(self.train.x, targets))


def _split(given: object, name: str) -> Split:
    if not isinstance(given, tuple) or len(given) != len(Split._fields):
        raise InputError(
            f"The data's {name} is not a pair of inputs and labels.",
            f"Give {name}=(x, y), two arrays; of a tf.data.Dataset, what its batches hold, by numpy.concatenate.",
        )
    y = structured(given[1], f"The labels of the data's {name}", lambda parts: len(parts) < len(parts[0]))
    labels = len(next(iter(named(y).values())))
    one_each = lambda parts: len(parts) != labels and all(len(part) == labels for part in parts)  # noqa: E731
    x = structured(given[0], f"The inputs of the data's {name}", one_each)
    for array in (*named(x).values(), *named(y).values()):
        if len(array) != labels:
            raise InputError(
                f"The data's {name} holds {len(array)} samples and {labels} labels.",
                "Give as many labels as samples, in the same order.",
            )
    if not labels:
        raise InputError(f"The data's {name} is empty.", "Give some samples: their number is part of every result.")
    for array in named(x).values():
        _require_finite(array, f"{name} holds inputs")
    for array in named(y).values():
        if array.dtype.kind == "f":
            _require_finite(array, f"{name} holds labels")
    return Split(x, y)


def _require_finite(array: NDArray[np.generic], what: str) -> None:
    if not np.issubdtype(array.dtype, np.number) and array.dtype != np.bool_:
        raise InputError(
            f"The data's {what} of type {array.dtype}, which are no numbers.",
            "Turn them into numbers where the data are made, such as words into one-hot rows.",
        )
    if not np.isfinite(array).all():
        raise InputError(
            f"The data's {what} that are no finite numbers.", "Look for NaN and infinity where it is made."
        )


def _representative(given: object, train: Arrays) -> Arrays:
    found = structured(given, "The representative samples", lambda _: not isinstance(train, np.ndarray))
    hint = "Give inputs alone, prepared as those for training."
    _require_alike("A representative sample", found, train, hint)
    for array in named(found).values():
        _require_finite(array, "representative holds inputs")
    return found


def _require_alike(what: str, given: Arrays, train: Arrays, hint: str) -> None:
    """Raises InputError unless both have the same inputs, of the same shapes."""
    found, wanted = ({name: list(array.shape[1:]) for name, array in named(one).items()} for one in (given, train))
    if found == wanted:
        return
    shown = [", ".join(map(str, shapes.values())) for shapes in (found, wanted)]
    if found.keys() != wanted.keys():
        shown = [", ".join(f"{name} {shape}" for name, shape in shapes.items()) for shapes in (found, wanted)]
    raise InputError(f"{what} has shape {shown[0]}, one of train {shown[1]}.", hint)


def _numbered(splits: dict[str, Split]) -> dict[str, Split]:
    """With class numbers in place of words."""
    parts = [named(split.y) for split in splits.values()]
    words = {name: _words([part[name] for part in parts if name in part]) for name in parts[0]}

    def numbers(name: str, array: NDArray[np.generic]) -> NDArray[np.generic]:
        known = words.get(name)
        return np.searchsorted(known, array.astype(str)) if known else array

    return {name: Split(split.x, each(split.y, numbers)) for name, split in splits.items()}


def _words(labels: list[NDArray[np.generic]]) -> list[str]:
    """All words among labels, sorted; none where they are numbers."""
    found: set[object] = {word for array in labels if array.dtype.kind in "USO" for word in array.ravel()}
    words = [word for word in found if isinstance(word, str)]
    return sorted(words) if len(words) == len(found) else []

"""The data of an experiment, checked once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from boardproof.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_REPRESENTATIVE = 300
"""Of the training samples, evenly spread: enough to show the ranges of activations."""


class Split(NamedTuple):
    """Inputs [samples, *shape], and what belongs to each: class numbers, one-hot rows, or real values."""

    x: NDArray[np.generic]
    y: NDArray[np.generic]


@dataclass(frozen=True, slots=True)
class Data:
    """What an experiment trains on, and what it is measured on. Pairs `(x, y)` become a Split.

    Attributes:
        train: What the models learn from.
        validation: What training may look at, to stop early and the like.
        test: What every variant is measured on; nothing is chosen by it.
        representative: Inputs that calibrate the quantizer; by default 300 of the training's.
    """

    train: Split | tuple[NDArray[np.generic], NDArray[np.generic]]
    validation: Split | tuple[NDArray[np.generic], NDArray[np.generic]]
    test: Split | tuple[NDArray[np.generic], NDArray[np.generic]]
    representative: NDArray[np.generic] | None = None

    def checked(self) -> Checked:
        """The same with its shapes proved to fit together.

        Raises:
            InputError: Samples and labels differ in number, shapes differ between splits, or values are not finite.
        """
        splits = {name: _split(getattr(self, name), name) for name in ("train", "validation", "test")}
        shape = splits["train"].x.shape[1:]
        for name, split in splits.items():
            if split.x.shape[1:] != shape:
                raise InputError(
                    f"A sample of {name} has shape {list(split.x.shape[1:])}, one of train {list(shape)}.",
                    "Prepare all parts of the data alike.",
                )
        train = splits["train"].x
        chosen = np.linspace(0, len(train) - 1, min(_REPRESENTATIVE, len(train))).astype(int)
        representative = train[chosen] if self.representative is None else np.asarray(self.representative)
        if representative.shape[1:] != shape:
            raise InputError(
                f"A representative sample has shape {list(representative.shape[1:])}, one of train {list(shape)}.",
                "Give inputs alone, prepared as those for training.",
            )
        return Checked(**splits, representative=representative)


@dataclass(frozen=True, slots=True)
class Checked:
    """The data, after the check: what the user's train() gets. See Data."""

    train: Split
    validation: Split
    test: Split
    representative: NDArray[np.generic]

    @property
    def digest(self) -> str:
        """SHA-256 of all arrays, in hexadecimal."""
        found = hashlib.sha256()
        for array in (*self.train, *self.validation, *self.test, self.representative):
            found.update(f"{array.dtype} {array.shape}".encode())
            found.update(np.ascontiguousarray(array).tobytes())
        return found.hexdigest()

    def taught(self, targets: NDArray[np.generic]) -> Checked:
        """The same, with other targets to train on."""
        return replace(self, train=Split(self.train.x, targets))


def _split(given: object, name: str) -> Split:
    if not isinstance(given, tuple) or len(given) != len(Split._fields):
        raise InputError(f"The data's {name} is not a pair of inputs and labels.", f"Give {name}=(x, y).")
    x, y = (np.asarray(part) for part in given)
    if x.ndim == 0 or y.ndim == 0 or len(x) != len(y):
        raise InputError(
            f"The data's {name} holds {len(x) if x.ndim else 1} samples and {len(y) if y.ndim else 1} labels.",
            "Give as many labels as samples, in the same order.",
        )
    if not len(x):
        raise InputError(f"The data's {name} is empty.", "Give some samples: their number is part of every result.")
    if not np.issubdtype(x.dtype, np.number) or not np.isfinite(x).all():
        raise InputError(
            f"The data's {name} holds inputs that are no finite numbers.", "Look for NaN and infinity where it is made."
        )
    return Split(x, y)

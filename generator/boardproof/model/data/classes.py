"""Labels that are words: which class each one is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boardproof.errors import InputError
from boardproof.model.labels import safe_label

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

_SHOWN_CLASSES = 8


def class_indices(
    words: Sequence[str], names: tuple[str, ...], place: Callable[[int], str]
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """The class of each label, int64 [labels], and the classes' names in order.

    Args:
        words: The labels.
        names: The classes as the user gave them, in order; empty to take all words, sorted.
        place: How messages name the label at a position.

    Raises:
        InputError: when a label is none of the user's classes.
    """
    classes = names or tuple(sorted(set(words)))
    index = {name: number for number, name in enumerate(classes)}
    for position, word in enumerate(words):
        if word not in index:
            raise InputError(
                f"{place(position)} is {safe_label(word)}, which is not one of the classes {shown(classes)}.",
                "Name every class with --labels, in the order of the network's outputs.",
            )
    return np.array([index[word] for word in words], np.int64), classes


def classes_note(classes: tuple[str, ...], *, given: bool) -> str:
    """What a report says of how names became numbers."""
    order = "in the order given with --labels" if given else "in alphabetical order; --labels gives another"
    return f"labels: {shown(classes)}, {order}"


def shown(classes: tuple[str, ...]) -> str:
    """The first few classes with their numbers."""
    listed = [f"{safe_label(name)} is {number}" for number, name in enumerate(classes[:_SHOWN_CLASSES])]
    return ", ".join(listed + [f"… {len(classes)} in all"] * (len(classes) > _SHOWN_CLASSES))

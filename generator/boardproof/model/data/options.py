"""What a user says about data that it does not say itself."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class Pixels(StrEnum):
    """The range that a picture's values are scaled to."""

    BYTES = "0..255"
    UNIT = "0..1"
    SIGNED = "-1..1"


@dataclass(frozen=True, slots=True)
class DataOptions:
    """How data is to be read.

    Attributes:
        labels: Names of the classes, in the order of the network's outputs; empty to take them from the data, sorted.
        label_column: Name, or number from 1 on, of a table's column of labels; None to find it.
        pixels: What a picture's values are scaled to; None for what the model seems to take.
        input_shape: Shape of a sample for each input, where the model leaves it open; empty to take the samples'.
    """

    labels: tuple[str, ...] = ()
    label_column: str | None = None
    pixels: Pixels | None = None
    input_shape: tuple[tuple[int, ...], ...] = ()


def options_of(given: Mapping[str, Any]) -> DataOptions:
    """What a user said, from plain values by the names of the attributes; None and what is absent were not said."""
    known = {name: value for name, value in given.items() if value is not None}
    if "pixels" in known:
        known["pixels"] = Pixels(known["pixels"])
    for name in ("labels", "input_shape"):
        known[name] = tuple(tuple(one) if isinstance(one, list) else one for one in known.get(name, ()))
    return DataOptions(**known)

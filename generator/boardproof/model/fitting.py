"""Whether an array of samples fits a network's input, and when it does not, what most likely happened."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np

from boardproof.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_IMAGE_RANK = 3
"""Height, width and channels: a sample has no batch axis."""


def fit_array(array: NDArray[np.generic], shape: tuple[int, ...], place: str) -> NDArray[np.generic]:
    """The array as [samples, *shape]: an absent batch axis (of a single sample) or last axis of size 1 is added.

    Args:
        array: Samples along the first axis.
        shape: The shape of one sample.
        place: How messages name the array.

    Raises:
        InputError: when the shape does not fit, or there is NaN, infinity, or something other than numbers.
    """
    if array.dtype.kind not in "iufb":
        raise InputError(f"{place} has dtype {array.dtype}, not numbers.", "Save it as float32 or as integers.")
    fitted = _with_axes(array, shape)
    if fitted is None:
        raise InputError(
            f"{place} has shape {list(array.shape)}; the model takes [samples, {_list(shape)}].",
            _shape_hint(array.shape, shape),
        )
    if len(fitted) == 0:
        raise InputError(f"{place} holds no samples.", "Give at least one.")
    if fitted.dtype.kind == "f" and not np.isfinite(fitted).all():
        bad = int(np.flatnonzero(~np.isfinite(fitted.reshape(len(fitted), -1)).all(axis=1))[0])
        raise InputError(
            f"{place} holds NaN or infinity, first in sample {bad}.",
            "Find where the preparation of the data divides by zero or reads missing values, and drop those samples.",
        )
    return fitted


def _with_axes(array: NDArray[np.generic], shape: tuple[int, ...]) -> NDArray[np.generic] | None:
    """The array with an absent batch or channel axis added, or None when it does not fit."""
    if array.ndim == 0:
        return array.reshape(1, 1) if shape == (1,) else None
    if array.shape[1:] in {shape, (1, *shape)} or (*array.shape[1:], 1) == shape:
        return array.reshape(len(array), *shape)
    if shape in {array.shape, (*array.shape, 1)}:
        return array.reshape(1, *shape)
    return None


def _shape_hint(given: tuple[int, ...], shape: tuple[int, ...]) -> str:
    """How to get from a wrong shape to the right one."""
    sample = given[1:]
    if len(given) == 2 and given[:1] == shape:  # noqa: PLR2004 a table
        return "Its samples lie along the second axis: give x.T."
    if len(shape) == _IMAGE_RANK and sample == (shape[2], shape[0], shape[1]):
        return "Its channels come first: move them last with numpy.moveaxis(x, 1, -1)."
    if sorted(sample) == sorted(shape) and len(set(shape)) == len(shape):
        order = (sample.index(size) + 1 for size in shape)
        return f"Its axes are in another order: x.transpose(0, {', '.join(map(str, order))})."
    if len(sample) == len(shape) and sample[:-1] == shape[:-1]:
        what = "channels" if len(shape) > 1 else "values a sample"
        return f"The model takes {shape[-1]} {what} and the data has {sample[-1]}: prepare it as it was for training."
    if prod(sample) == prod(shape) and given and sorted(sample) != sorted(shape):
        return f"The number of values fits: reshape with x.reshape(-1, {_list(shape)})."
    return "Prepare the data exactly as it was prepared for training."


def _list(shape: tuple[int, ...]) -> str:
    return ", ".join(str(size) for size in shape)

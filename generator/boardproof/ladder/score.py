"""How good outputs are, with the interval that their number allows."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from boardproof.errors import InputError
from boardproof.ladder.results import Score

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from boardproof.ladder.experiment import Metric

_Z95 = 1.959964
_HALF = 0.5


def score(
    labels: NDArray[np.generic],
    outputs: NDArray[np.floating],
    by: str,
    metric: Metric | None = None,
    *,
    higher_is_better: bool = True,
) -> Score:
    """Accuracy where the labels are classes, MAE and RMSE where they are real values, or the user's own metric.

    Args:
        labels: Class numbers [samples], one-hot rows, or real values.
        outputs: Real values, [samples, …].
        by: What computed them.
        metric: The user's own.
        higher_is_better: Of the user's own.

    Raises:
        InputError: The labels do not fit the outputs, or the metric is no number.
    """
    flat = outputs.reshape(len(outputs), -1)
    if metric is not None:
        return _own(labels, outputs, by, metric, higher_is_better=higher_is_better)
    classes = class_numbers(labels, flat.shape[1])
    if classes is not None:
        found = flat.argmax(axis=1) if flat.shape[1] > 1 else (flat[:, 0] > _HALF).astype(np.int64)
        right = found == classes
        low, high = wilson(int(right.sum()), len(right))
        return Score("accuracy", float(right.mean()), low, high, len(right), by)
    wanted = np.asarray(labels, np.float64).reshape(len(labels), -1)
    if wanted.shape != flat.shape:
        raise InputError(
            f"The labels have {wanted.shape[1]} values for each sample, the network gives {flat.shape[1]}.",
            "Give class numbers, one-hot rows, or as many real values as the network has outputs.",
        )
    errors = np.abs(flat - wanted).mean(axis=1)
    spread = _Z95 * float(errors.std(ddof=1)) / sqrt(len(errors)) if len(errors) > 1 else 0.0
    value = float(errors.mean())
    rmse = float(np.sqrt(((flat - wanted) ** 2).mean()))
    return Score("MAE", value, value - spread, value + spread, len(errors), by, higher_is_better=False, rmse=rmse)


def class_numbers(labels: NDArray[np.generic], outputs: int) -> NDArray[np.int64] | None:
    """The class of each sample, int64 [samples]; None where the labels are real values.

    Raises:
        InputError: A class that the network has no output for.
    """
    flat = labels.reshape(len(labels), -1)
    if flat.shape[1] == outputs > 1 and np.isin(flat, (0, 1)).all() and (flat.sum(axis=1) == 1).all():
        return np.asarray(flat.argmax(axis=1), np.int64)
    if flat.shape[1] != 1 or not np.issubdtype(labels.dtype, np.integer):
        return None
    classes = np.asarray(flat[:, 0], np.int64)
    count = max(2, outputs)
    if classes.min() < 0 or classes.max() >= count:
        raise InputError(
            f"The test labels go from {classes.min()} to {classes.max()}; the network tells {count} classes apart.",
            "Number the classes from 0, in the order of the network's outputs; give real values as floats.",
        )
    return classes


def wilson(right: int, samples: int) -> tuple[float, float]:
    """The interval that holds a share with 95 % (Wilson 1927), from a count."""
    share, z2 = right / samples, _Z95**2
    middle = (share + z2 / (2 * samples)) / (1 + z2 / samples)
    half = _Z95 * sqrt(share * (1 - share) / samples + z2 / (4 * samples**2)) / (1 + z2 / samples)
    return max(0.0, middle - half), min(1.0, middle + half)


def _own(
    labels: NDArray[np.generic], outputs: NDArray[np.floating], by: str, metric: Metric, *, higher_is_better: bool
) -> Score:
    name = getattr(metric, "__name__", "metric")
    value = np.asarray(metric(labels, outputs))
    if value.size != 1 or not np.issubdtype(value.dtype, np.number) or not np.isfinite(value).all():
        raise InputError(f"{name}() gave {value!r}, which is not a number.", "Return one finite number.")
    return Score(name, float(value.reshape(())), None, None, len(labels), by, higher_is_better=higher_is_better)

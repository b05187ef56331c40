"""How good outputs are, with the interval that their number allows."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from boardproof.errors import InputError
from boardproof.ladder.arrays import named
from boardproof.ladder.results import Score
from boardproof.proof.metrics.measure import area_under_roc
from boardproof.proof.metrics.task import Task, task_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from boardproof.ladder.arrays import Arrays
    from boardproof.ladder.experiment import Metric

    Values = NDArray[np.float64]

_Z95 = 1.959964
_HALF = 0.5


def score(
    labels: NDArray[np.generic],
    outputs: NDArray[np.floating],
    by: str,
    inputs: NDArray[np.generic] | None = None,
) -> Score:
    """What fits the labels, as `boardproof run` has it: accuracy, that of labels or places, MAE and RMSE, or AUC.

    Args:
        labels: Class numbers [samples], one-hot rows, several marks a sample, real values; or 0 and 1 for the normal
            and the abnormal samples of a network that reproduces its input.
        outputs: Real values, [samples, …].
        by: What computed them.
        inputs: What they were computed of, as real values, where there is one input.

    Raises:
        InputError: The labels do not fit the outputs.
    """
    task = task_of(labels, outputs.shape[1:], () if inputs is None else inputs.shape[1:])
    if task is None:
        raise InputError(
            f"The labels have shape {list(labels.shape)} and type {labels.dtype}, which fit no outputs of shape "
            f"{list(outputs.shape)}.",
            "Give class numbers, one-hot rows, or as many real values as the network has outputs.",
        )
    rows = np.asarray(labels, np.float64).reshape(len(labels), -1)
    if task is Task.ANOMALIES and inputs is not None:
        return _anomalies(rows[:, 0] == 1, outputs, inputs, by)
    return _TASKS[task](rows, outputs, by)


def own_score(
    metric: Metric,
    labels: Arrays,
    outputs: Values | list[Values],
    by: str,
    *,
    higher_is_better: bool = True,
) -> Score:
    """The user's own metric.

    Args:
        metric: metric(labels, outputs), a number.
        labels: As the user gave them.
        outputs: Real values, [samples, …]; of several outputs a list.
        by: What computed them.
        higher_is_better: Of the metric.

    Raises:
        InputError: It is no number.
    """
    name = getattr(metric, "__name__", "metric")
    value = np.asarray(metric(labels, outputs))
    if value.size != 1 or not np.issubdtype(value.dtype, np.number) or not np.isfinite(value).all():
        raise InputError(f"{name}() gave {value!r}, which is not a number.", "Return one finite number.")
    samples = len(outputs[0] if isinstance(outputs, list) else outputs)
    return Score(name, float(value.reshape(())), None, None, samples, by, higher_is_better=higher_is_better)


def doubt(found: Score, outputs: NDArray[np.floating]) -> str:
    """What a reader should know of a score by marks: outputs that are no probabilities; "" where all are well."""
    low, high = float(outputs.min()), float(outputs.max())
    by_half = found.metric == "accuracy of a label" or (found.metric == "accuracy" and outputs[0].size == 1)
    if not by_half or (low >= 0 and high <= 1):
        return ""
    return (
        f"outputs go from {low:.3g} to {high:.3g} and were compared with 0.5: of logits that is wrong, let the network "
        "end in sigmoid"
    )


def of_outputs(labels: Arrays, names: list[str]) -> list[NDArray[np.generic]]:
    """The labels of each output of a network whose outputs are called so.

    Raises:
        InputError: There are labels for more or fewer outputs, or for others.
    """
    given = list(named(labels).values())
    if isinstance(labels, dict) and set(labels) == set(names):
        given = [labels[name] for name in names]
    elif len(given) != len(names) or isinstance(labels, dict):
        raise InputError(
            f"The network has the outputs {', '.join(names)}; the labels are {', '.join(named(labels))}.",
            "Give labels y={name: array, …} by the outputs' names, or a list of arrays in their order.",
        )
    return given


def others(names: list[str], scores: list[Score]) -> list[str]:
    """Of several outputs: what the first one's score does not say."""
    if len(scores) == 1:
        return []
    shown = (f"{name} {found.metric} {found.value:.4g}" for name, found in zip(names[1:], scores[1:], strict=True))
    return [f"the score is of output {names[0]}; " + ", ".join(shown)]


def wilson(right: int, samples: int) -> tuple[float, float]:
    """The interval that holds a share with 95 % (Wilson 1927), from a count."""
    share, z2 = right / samples, _Z95**2
    middle = (share + z2 / (2 * samples)) / (1 + z2 / samples)
    half = _Z95 * sqrt(share * (1 - share) / samples + z2 / (4 * samples**2)) / (1 + z2 / samples)
    return max(0.0, middle - half), min(1.0, middle + half)


def _classes(rows: Values, outputs: NDArray[np.floating], by: str) -> Score:
    flat = outputs.reshape(len(outputs), -1)
    classes = rows.argmax(axis=1) if rows.shape[1] > 1 else rows[:, 0]
    if classes.min() < 0 or classes.max() >= (count := max(2, flat.shape[1])):
        raise InputError(
            f"The test labels go from {classes.min():g} to {classes.max():g}; the network tells {count} classes apart.",
            "Number the classes from 0, in the order of the network's outputs.",
        )
    found = flat.argmax(axis=1) if flat.shape[1] > 1 else flat[:, 0] > _HALF
    right = int((found == classes).sum())
    return Score("accuracy", right / len(rows), *wilson(right, len(rows)), len(rows), by)


def _labels(rows: Values, outputs: NDArray[np.floating], by: str) -> Score:
    right = (outputs.reshape(len(outputs), -1) > _HALF) == (rows > _HALF)
    return _mean("accuracy of a label", right.mean(axis=1), by, is_share=True)


def _places(rows: Values, outputs: NDArray[np.floating], by: str) -> Score:
    """Places of one sample go wrong together, so the interval is of samples."""
    found = outputs.argmax(axis=-1).reshape(len(outputs), -1)
    truth = rows.reshape(outputs.shape).argmax(axis=-1) if rows.shape[1] > found.shape[1] else rows
    return _mean("accuracy of a place", (found == truth.reshape(found.shape)).mean(axis=1), by, is_share=True)


def _values(rows: Values, outputs: NDArray[np.floating], by: str) -> Score:
    errors = outputs.reshape(len(outputs), -1) - rows
    return _mean("MAE", np.abs(errors).mean(axis=1), by, rmse=float(np.sqrt((errors**2).mean())))


def _anomalies(
    abnormal: NDArray[np.bool_], outputs: NDArray[np.floating], inputs: NDArray[np.generic], by: str
) -> Score:
    """An autoencoder: how badly it reproduces a sample says how abnormal that is."""
    flat = outputs.reshape(len(outputs), -1)
    errors = ((flat - np.asarray(inputs, np.float64).reshape(flat.shape)) ** 2).mean(axis=1)
    positive = int(abnormal.sum())
    if positive in {0, len(errors)}:
        return _mean("MSE of reproduction", errors, by)
    return _area(area_under_roc(errors, abnormal), positive, len(errors) - positive, by)


def _area(area: float, positive: int, negative: int, by: str) -> Score:
    """The area under the ROC curve with its interval (Hanley and McNeil 1982)."""
    one, other = area / (2 - area), 2 * area**2 / (1 + area)
    variance = area * (1 - area) + (positive - 1) * (one - area**2) + (negative - 1) * (other - area**2)
    half = _Z95 * sqrt(max(0.0, variance) / (positive * negative))
    return Score("AUC", area, max(0.0, area - half), min(1.0, area + half), positive + negative, by)


def _mean(
    metric: str, values: NDArray[np.floating], by: str, *, is_share: bool = False, rmse: float | None = None
) -> Score:
    """A mean over the samples, with the interval of a mean; a share is better when it is higher, an error is not."""
    value = float(values.mean())
    half = _Z95 * float(values.std(ddof=1)) / sqrt(len(values)) if len(values) > 1 else 0.0
    low, high = max(0.0, value - half), value + half
    high = min(1.0, high) if is_share else high
    return Score(metric, value, low, high, len(values), by, higher_is_better=is_share, rmse=rmse)


_TASKS: dict[Task, Callable[[Values, NDArray[np.floating], str], Score]] = {
    Task.CLASSES: _classes,
    Task.LABELS: _labels,
    Task.PLACES: _places,
    Task.VALUES: _values,
}

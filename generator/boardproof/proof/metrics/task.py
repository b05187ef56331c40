"""What labels mean for a network: classes, several labels a sample, real values, or normal and abnormal samples."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Task(Enum):
    """What a network does, as its labels say."""

    CLASSES = "one class a sample"
    LABELS = "several labels a sample"
    PLACES = "one class for each place of a sample (a pixel, a step)"
    VALUES = "real values"
    ANOMALIES = "how unlike the normal a sample is"


def task_of(labels: NDArray[np.generic], output: tuple[int, ...], inputs: tuple[int, ...]) -> Task | None:
    """The task, or None where the labels fit no measure.

    Args:
        labels: One row or number a sample, along the first axis.
        output: The shape of a sample's output.
        inputs: The shape of a sample's input.
    """
    if labels.ndim == 0 or labels.dtype.kind not in "iufb":
        return None
    rows = np.asarray(labels, np.float64).reshape(len(labels), -1)
    width = int(np.prod(output))
    whole = bool(np.isfinite(rows).all() and (rows == np.round(rows)).all())
    if whole and _are_of_places(labels, output):
        return Task.PLACES
    marks = whole and bool(((rows == 0) | (rows == 1)).all())
    one_row = width == max(output, default=1)
    if rows.shape[1] == 1 and width > 1:
        indices = Task.CLASSES if whole and one_row else None
        return Task.ANOMALIES if marks and output == inputs else indices
    if rows.shape[1] != width:
        return None
    if marks and (width == 1 or bool((rows.sum(axis=1) == 1).all())):
        return Task.CLASSES
    return Task.LABELS if marks and one_row else Task.VALUES


def _are_of_places(labels: NDArray[np.generic], output: tuple[int, ...]) -> bool:
    """Whether labels are the classes of pixels or steps: numbers, or one-hot rows along the last axis."""
    *places, classes = output if output else (0,)
    if classes <= 1 or int(np.prod(places)) <= 1:
        return False
    if labels.shape[1:] == output:
        return bool(((labels == 0) | (labels == 1)).all() and (np.sum(labels, axis=-1) == 1).all())
    shaped = labels.shape[1:] in {tuple(places), (*places, 1)}
    return shaped and bool(labels.min() >= 0 and labels.max() < classes)

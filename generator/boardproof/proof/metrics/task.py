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

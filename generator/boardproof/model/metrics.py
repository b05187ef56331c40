"""Task metrics: what a network's outputs are worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boardproof.errors import InputError
from boardproof.model.affine import dequantize_array
from boardproof.model.labels import safe_label

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from boardproof.model.graph import Graph, Quantization
    from boardproof.model.samples import Samples

_THRESHOLD = 0.5
_SHOWN = 12


def class_count(graph: Graph) -> int | None:
    """How many classes a network tells apart, or None when its output is not one row of scores.

    One output value is a probability, of two classes.
    """
    if len(graph.outputs) != 1:
        return None
    shape = graph.output_tensors[0].shape
    if not shape or shape[-1] != graph.output_tensors[0].elements:
        return None
    return max(2, shape[-1])


def class_labels(samples: Samples, count: int, classes: int) -> NDArray[np.int64] | None:
    """The class index of each sample, int64 [samples]; None when there are no labels, or they are real-valued targets.

    Args:
        samples: With labels as indices or one-hot rows.
        count: How many samples there are.
        classes: How many classes the network tells apart.

    Raises:
        InputError: when there are more or fewer labels than samples, or a label is no class.
    """
    if samples.labels is None:
        return None
    labels = samples.labels
    if labels.ndim == 0 or len(labels) != count:
        raise InputError(
            f"{samples.source} holds {len(labels) if labels.ndim else 1} labels for {count} samples.",
            "Save as many labels as samples, in the same order.",
        )
    flat = labels.reshape(count, -1)
    if flat.shape[1] == classes and classes > 1:
        one_hot = bool(((flat == 0) | (flat == 1)).all() and (flat.sum(axis=1) == 1).all())
        return np.asarray(np.argmax(flat, axis=1), np.int64) if one_hot else None  # else targets, or several a sample
    if flat.shape[1] != 1 or labels.dtype.kind not in "iufb":
        return None
    indices = np.asarray(flat[:, 0]).astype(np.int64)
    if not np.array_equal(indices, flat[:, 0]):
        return None  # real-valued targets: a regression
    if indices.min() < 0 or indices.max() >= classes:
        raise _no_such_class(indices, samples, classes)
    return indices


def _no_such_class(indices: NDArray[np.int64], samples: Samples, classes: int) -> InputError:
    """The error for a label that is none of the network's classes."""
    if samples.classes:
        names = ", ".join([*map(safe_label, samples.classes[:_SHOWN])] + ["…"] * (len(samples.classes) > _SHOWN))
        return InputError(
            f"{samples.source} has {len(samples.classes)} classes ({names}); the network tells {classes} apart.",
            "Take out what the network was not trained on, and check that it is the right network.",
        )
    wrong = int(np.flatnonzero((indices < 0) | (indices >= classes))[0])
    low, high = int(indices.min()), int(indices.max())
    hint = "Number the classes from 0, in the order of the network's outputs."
    if (low, high) == (1, classes):
        hint = f"They run from 1 to {classes}: subtract 1."
    elif classes == 2 and set(indices.tolist()) == {-1, 1}:  # noqa: PLR2004
        hint = "They are -1 and 1: write 0 for -1."
    return InputError(
        f"Label {indices[wrong]} of sample {wrong} in {samples.source} is not one of the {classes} classes, 0 to "
        f"{classes - 1}.",
        hint,
    )


def accuracy(scores: NDArray[np.generic], labels: NDArray[np.int64], quantization: Quantization | None = None) -> float:
    """The share of samples whose highest score, the first of equals, is that of their label.

    Args:
        scores: The network's output, [samples, …, classes], or one probability per sample.
        labels: The class of each sample, int64 [samples].
        quantization: The scores', when they are quantized.
    """
    return float((predicted_classes(scores, quantization) == labels).mean())


def predicted_classes(scores: NDArray[np.generic], quantization: Quantization | None = None) -> NDArray[np.int64]:
    """The class that each sample is taken for, int64 [samples]. Arguments as `accuracy` has them."""
    flat = scores.reshape(len(scores), -1)
    if flat.shape[1] > 1:
        return np.asarray(np.argmax(flat, axis=1), np.int64)
    return np.asarray(dequantize_array(flat[:, 0], quantization) > _THRESHOLD, np.int64)

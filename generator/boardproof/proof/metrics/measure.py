"""Measures by task. Each compares the outputs of float model, host and board with the same labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from boardproof.model.affine import dequantize_array
from boardproof.proof.metrics.paired import worse_classes, worse_values
from boardproof.proof.metrics.task import Task, task_of
from boardproof.report.quality import Measure, Quality

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from boardproof.model.graph import Quantization
    from boardproof.model.samples import Samples

    Values = NDArray[np.float64]

_PROBABLE = 0.5
_MOST_CLASSES = 40
"""A table of confusions with more classes is not read."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What was computed for the same samples; real values, [samples, …]; `float_model` is None where there is none."""

    float_model: Values | None
    host: Values
    board: Values

    def each(self) -> Mapping[str, Values]:
        """Those that are there, by the names of a Measure's fields."""
        known = {"host": self.host, "board": self.board}
        return known if self.float_model is None else {"float_model": self.float_model, **known}

    def without_batch(self) -> Answers:
        """The same as [samples, …], where they are [samples, 1, …]."""
        if self.board.shape[1:2] != (1,):
            return self
        floats = None if self.float_model is None else self.float_model[:, 0]
        return Answers(floats, self.host[:, 0], self.board[:, 0])


def answers(
    float_model: NDArray[np.generic] | None,
    host: NDArray[np.generic],
    board: NDArray[np.generic],
    quantization: Quantization | None,
) -> Answers:
    """Outputs as real values."""
    return Answers(
        None if float_model is None else np.asarray(float_model, np.float64).reshape(board.shape),
        dequantize_array(host, quantization),
        dequantize_array(board, quantization),
    )


def measure(samples: Samples, found: Answers, inputs: Values) -> tuple[Quality | None, tuple[str, ...]]:
    """How good the answers are, and warnings: the board is worse, or the labels were ignored.

    Args:
        samples: With labels.
        found: The answers, [samples, 1, …].
        inputs: The first input as real values, [samples, 1, …].
    """
    labels = samples.labels
    if labels is None:
        return None, ()
    task = task_of(labels, found.board.shape[2:], inputs.shape[2:])
    if labels.dtype.kind == "f" and (absent := int(np.isnan(labels).sum())):
        return None, (f"the labels in {samples.source} are ignored: {absent} of the {labels.size} are NaN",)
    if task is None or len(labels) != len(found.board) or not _are_known(labels, task, found.board.shape):
        output = ", ".join(map(str, found.board.shape[2:]))
        shapes = f"shape {list(labels.shape)}, and the network's output [samples, {output}]"
        return None, (f"the labels in {samples.source} are ignored: they have {shapes}, which fit no measure",)
    rows = labels.reshape(len(labels), -1)
    quality, worse = _TASKS[task](rows, found, samples, inputs)
    return quality, () if worse is None else (worse,)


def measure_indices(samples: Samples, found: Answers) -> Quality | None:
    """The accuracy of a network whose output is the number of a class, by ARG_MAX; None where labels are no classes."""
    if samples.labels is None or samples.labels.dtype.kind not in "iub" or len(samples.labels) != len(found.board):
        return None
    rows = samples.labels.reshape(len(samples.labels), -1)
    truth = np.argmax(rows, axis=1) if rows.shape[1] > 1 else rows[:, 0]
    right = {name: values.reshape(-1) == truth for name, values in found.each().items()}
    accuracy = _measured("accuracy", right, lambda r: float(r.mean()), is_share=True)
    return Quality(f"{Task.CLASSES.value}, whose number is the output", (accuracy,))


def _are_known(labels: NDArray[np.generic], task: Task, shape: tuple[int, ...]) -> bool:
    """Whether the network has all classes that labels name by their numbers."""
    if task is not Task.CLASSES or labels.size != len(labels):
        return True
    return bool(labels.min() >= 0 and labels.max() < max(2, int(np.prod(shape[1:]))))


def _flat(values: Values) -> Values:
    return values.reshape(len(values), -1)


def _predicted(scores: Values) -> NDArray[np.int64]:
    flat = _flat(scores)
    return np.argmax(flat, axis=1) if flat.shape[1] > 1 else (flat[:, 0] > _PROBABLE).astype(np.int64)


def _classes(rows: NDArray[np.generic], found: Answers, samples: Samples, _: Values) -> tuple[Quality, str | None]:
    truth = np.asarray(np.argmax(rows, axis=1) if rows.shape[1] > 1 else rows[:, 0]).astype(np.int64)
    predicted = {name: _predicted(scores) for name, scores in found.each().items()}
    right = {name: classes == truth for name, classes in predicted.items()}
    count = max(2, _flat(found.board).shape[1])
    table: tuple[tuple[int, ...], ...] = ()
    if count <= _MOST_CLASSES:
        confusions = np.zeros((count, count), np.int64)
        np.add.at(confusions, (truth, predicted["board"]), 1)
        table = tuple(tuple(map(int, row)) for row in confusions)
    quality = Quality(
        task=Task.CLASSES.value,
        measures=(_measured("accuracy", right, lambda r: float(r.mean()), is_share=True),),
        classes=samples.classes if len(samples.classes) == count else tuple(map(str, range(count))) if table else (),
        confusions=table,
    )
    return quality, _fell(right, samples.source)


def _labels(rows: NDArray[np.generic], found: Answers, samples: Samples, _: Values) -> tuple[Quality, str | None]:
    truth = rows == 1
    marked = {name: _flat(scores) > _PROBABLE for name, scores in found.each().items()}
    right = {name: marks == truth for name, marks in marked.items()}

    def f1(marks: NDArray[np.bool_]) -> float:
        hits = int((marks & truth).sum())
        return 2 * hits / max(1, int(marks.sum()) + int(truth.sum()))

    quality = Quality(
        task=Task.LABELS.value,
        measures=(
            _measured("accuracy of a label", right, lambda r: float(r.mean()), is_share=True),
            _measured("F1, over all labels", marked, f1, is_share=True),
        ),
    )
    return quality, _fell(right, samples.source, "the accuracy of labels")


def _places(rows: NDArray[np.generic], found: Answers, _samples: Samples, _: Values) -> tuple[Quality, str | None]:
    """Pixels or steps. Neighbours go wrong together, so no test of chance counts them one by one."""
    classes = found.board.shape[-1]
    places = found.board[0].size // classes
    one_hot = rows.shape[1] > places
    truth = np.argmax(rows.reshape(len(rows), places, classes), axis=2) if one_hot else rows
    right = {
        name: np.argmax(scores.reshape(len(rows), places, classes), axis=2) == truth
        for name, scores in found.each().items()
    }
    accuracy = _measured("accuracy of a place", right, lambda r: float(r.mean()), is_share=True)
    return Quality(Task.PLACES.value, (accuracy,)), None


def _values(rows: NDArray[np.generic], found: Answers, samples: Samples, _: Values) -> tuple[Quality, str | None]:
    truth = rows.astype(np.float64)
    errors = {name: _flat(values) - truth for name, values in found.each().items()}
    quality = Quality(
        task=Task.VALUES.value,
        measures=(
            _measured("mean absolute error", errors, lambda e: float(np.abs(e).mean())),
            _measured("root mean square error", errors, lambda e: float(np.sqrt((e * e).mean()))),
        ),
    )
    absolute = {name: np.abs(error).mean(axis=1) for name, error in errors.items()}
    worse = (
        worse_values(absolute["float_model"], absolute["board"], samples.source) if "float_model" in errors else None
    )
    return quality, worse


def _anomalies(
    rows: NDArray[np.generic], found: Answers, _samples: Samples, inputs: Values
) -> tuple[Quality, str | None]:
    """An autoencoder: how badly it reproduces a sample says how abnormal that is."""
    abnormal = rows[:, 0] == 1
    errors = {name: ((_flat(out) - _flat(inputs)) ** 2).mean(axis=1) for name, out in found.each().items()}
    measures = [_measured("reconstruction error, mean square", errors, lambda e: float(e.mean()))]
    if 0 < int(abnormal.sum()) < len(abnormal):
        measures.append(_measured("area under the ROC curve", errors, lambda e: area_under_roc(e, abnormal)))
    return Quality(task=Task.ANOMALIES.value, measures=tuple(measures)), None


def area_under_roc(scores: Values, positive: NDArray[np.bool_]) -> float:
    """How often a positive sample has a higher score than a negative one; ties count half."""
    negative = np.sort(scores[~positive])
    below, up_to = (np.searchsorted(negative, scores[positive], side) for side in ("left", "right"))
    return float((below + up_to).mean() / (2 * len(negative)))


def _measured(name: str, of: Mapping[str, Any], compute: Callable[[Any], float], *, is_share: bool = False) -> Measure:
    """A measure of whatever each has: predictions, or errors."""
    values = {who: compute(found) for who, found in of.items()}
    return Measure(name, values.get("float_model"), values["host"], values["board"], is_share=is_share)


def _fell(right: Mapping[str, NDArray[np.bool_]], source: str, what: str = "accuracy") -> str | None:
    return worse_classes(right["float_model"], right["board"], source, what) if "float_model" in right else None


_TASKS = {
    Task.CLASSES: _classes,
    Task.LABELS: _labels,
    Task.PLACES: _places,
    Task.VALUES: _values,
    Task.ANOMALIES: _anomalies,
}

"""Distillation: a small model learns from a large one's outputs beside the labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from keras import ops

from boardproof.compress.graph import output_names
from boardproof.errors import InputError
from boardproof.model.labels import safe_label

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SMALLEST = 1e-7


def distilled(student: keras.Model, *, temperature: float = 2.0, alpha: float = 0.5) -> keras.Model:
    """A model of the student's own layers, whose loss looks at the teacher too: train it, and the student is trained.

    Compile it as the student would be, and fit it on targets from `with_teacher()`; validation takes plain labels. The
    loss is (1 - alpha) of the compiled one, and alpha of temperature² times the Kullback-Leibler divergence of both
    models' outputs, softened by the temperature (Hinton et al. 2015, arXiv:1503.02531). Where the student ends in
    neither softmax nor sigmoid it is taken for a regression, and alpha weighs the squared difference.

    Args:
        student: A functional or Sequential model with one output of shape [outputs].
        temperature: 1 or more.
        alpha: The weight of the teacher's part, 0 to 1.

    Raises:
        InputError: The student has several outputs or one of another shape, or an argument is out of its range.
    """
    if temperature < 1 or not 0 <= alpha <= 1:
        raise InputError(
            f"Temperature {temperature} and alpha {alpha} do not make a loss.", "Temperature ≥ 1, and 0 ≤ alpha ≤ 1."
        )
    if len(student.outputs) != 1 or len(student.outputs[0].shape) != 2:  # noqa: PLR2004 samples and outputs
        raise InputError(
            f"Model {safe_label(student.name)} cannot be taught: it needs one output, with one row for each sample.",
            "Distil a part of it that has one, or train with a loss of your own.",
        )
    inputs = student.inputs[0] if isinstance(student, keras.Sequential) else student.input
    model = _Distilled(inputs, student.outputs[0], name=student.name)
    model.output_names = output_names(student)
    model.temperature, model.alpha, model.kind = temperature, alpha, _ending(student)
    return model


def check_teacher(student: keras.Model, teacher: keras.Model) -> None:
    """Raises InputError where a teacher's outputs are not of the student's kind: scores are no probabilities."""
    wanted, found = (f"{_shapes(model)}, of kind {_ending(model)}" for model in (student, teacher))
    if wanted == found:
        return
    raise InputError(
        f"Model {safe_label(teacher.name)} cannot teach {safe_label(student.name)}: its outputs are {found}; the "
        f"student's are {wanted}.",
        "Let both end alike, such as both in softmax over the same classes.",
    )


def with_teacher(labels: NDArray[np.generic], predictions: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """Labels and the teacher's outputs side by side, for `distilled()`: computed once, whatever the number of epochs.

    Args:
        labels: What the student would be trained with, [samples] or [samples, columns].
        predictions: teacher.predict(x), [samples, outputs]; x in the same order.

    Returns:
        float32 [samples, columns + outputs].

    Raises:
        InputError: They are not of the same samples.
    """
    if len(labels) != len(predictions):
        raise InputError(
            f"There are {len(labels)} labels and {len(predictions)} predictions of the teacher.",
            "Let it predict the training samples, all of them.",
        )
    rows = len(labels)
    return np.concatenate([labels.reshape(rows, -1), predictions.reshape(rows, -1)], axis=1).astype(np.float32)


class _Distilled(keras.Model):  # type: ignore[misc] # Keras is untyped
    """Splits targets that hold the teacher's outputs too; others are plain labels."""

    temperature: float
    alpha: float
    kind: str

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        """The compiled loss, and the teacher's where there is one."""
        labels, teacher = self._parts(y, y_pred)
        loss = super().compute_loss(x, labels, y_pred, sample_weight, training)
        if teacher is None:
            return loss
        return (1.0 - self.alpha) * loss + self.alpha * self._distance(teacher, y_pred)

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The compiled metrics, of the labels."""
        return super().compute_metrics(x, self._parts(y, y_pred)[0], y_pred, sample_weight)

    def _parts(self, y: Any, y_pred: Any) -> tuple[Any, Any]:
        """Labels, and the teacher's outputs or None. Plain labels are as wide as the outputs at most."""
        outputs = y_pred.shape[-1]
        if len(y.shape) < 2 or y.shape[-1] <= outputs:  # noqa: PLR2004 rows and columns
            return y, None
        return y[:, :-outputs], y[:, -outputs:]

    def _distance(self, teacher: Any, student: Any) -> Any:
        if self.kind == "linear":
            return ops.mean(ops.square(teacher - student))
        of_teacher, of_student = (self._softened(outputs) for outputs in (teacher, student))
        divergence = ops.sum(of_teacher * (ops.log(of_teacher) - ops.log(of_student)), axis=-1)
        return self.temperature**2 * ops.mean(divergence)

    def _softened(self, probabilities: Any) -> Any:
        """Probabilities at the temperature: softmax(logits / T) is p^(1/T), normalised."""
        if self.kind == "sigmoid":  # each output is a question of its own, yes or no
            probabilities = ops.stack([probabilities, 1.0 - probabilities], axis=-1)
        powers = ops.power(ops.clip(probabilities, _SMALLEST, 1.0), 1.0 / self.temperature)
        return powers / ops.sum(powers, axis=-1, keepdims=True)


def _ending(student: keras.Model) -> str:
    """The kind of outputs: "softmax", "sigmoid", or "linear" for all others."""
    last = student.outputs[0]._keras_history.operation
    while isinstance(last, keras.Model):
        last = last.outputs[0]._keras_history.operation
    name = getattr(getattr(last, "activation", None), "__name__", type(last).__name__).lower()
    return name if name in {"softmax", "sigmoid"} else "linear"


def _shapes(model: keras.Model) -> str:
    return ", ".join(str(list(tensor.shape[1:])) for tensor in model.outputs)

"""Distillation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from boardproof.errors import InputError
from boardproof.ladder.arrays import named
from boardproof.ladder.techniques.base import Made

if TYPE_CHECKING:
    from boardproof.ladder.techniques.base import Workshop
    from boardproof.ladder.variants import Step


def distill(model: Any, step: Step, workshop: Workshop) -> Made:  # noqa: ANN401 a Keras model
    """The teacher looks at the training samples once."""
    from boardproof.compress.distill import check_teacher, distilled, with_teacher

    if step.teacher is None:
        raise InputError("Distillation needs a teacher.", "Write student.distill(teacher).")
    student = distilled(model, temperature=step.option("temperature"), alpha=step.option("alpha"))
    data, teacher = workshop.data, workshop.trained(step.teacher)
    check_teacher(student, teacher)
    predictions = teacher.predict(data.train.x, batch_size=256, verbose=0)
    (labels,) = named(data.train.y).values()
    targets = with_teacher(labels, predictions)
    workshop.fit(student, step.epochs, data=data.taught(targets))
    return Made(model)

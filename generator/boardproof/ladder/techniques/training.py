"""No technique: training, which every other one is compared with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from boardproof.ladder.techniques.base import Made

if TYPE_CHECKING:
    from boardproof.ladder.techniques.base import Workshop
    from boardproof.ladder.variants import Step


def train(model: Any, step: Step, workshop: Workshop) -> Made:  # noqa: ANN401 a Keras model
    """Trains as long as a technique would."""
    workshop.fit(model, step.epochs)
    return Made(model)

"""Structured pruning."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from boardproof.ladder.techniques.base import Made

if TYPE_CHECKING:
    from boardproof.ladder.techniques.base import Workshop
    from boardproof.ladder.variants import Step


def shrink(model: Any, step: Step, workshop: Workshop) -> Made:  # noqa: ANN401 a Keras model
    """By a fraction, or by as little as fits the budget, in steps that share the epochs."""
    from boardproof.compress import shrink_in_steps, shrink_to_fit

    flash, ticks, multiple = step.option("flash"), step.option("ticks"), step.option("multiple")
    fraction = step.option("fraction")
    if fraction is None:
        fraction = shrink_to_fit(model, lambda one: workshop.fits(one, flash, ticks), multiple=multiple)
    if fraction == 0:
        workshop.fit(model, step.epochs)
        return Made(model, note="it fitted as it was")
    parts = _split(step.epochs, step.option("steps"))
    rest = iter(parts)
    narrow = shrink_in_steps(
        model, fraction, lambda one: workshop.fit(one, next(rest)), steps=len(parts), multiple=multiple
    )
    return Made(narrow, note=f"{fraction:.1%} of the channels are gone")


def _split(epochs: int, steps: int) -> list[int]:
    """The epochs in as many parts, as equal as can be, each one at least; the last ones are the longer."""
    steps = min(steps, epochs)
    return [(epochs * (i + 1)) // steps - (epochs * i) // steps for i in range(steps)]

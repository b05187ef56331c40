"""Structured pruning."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from boardproof.ladder.arrays import in_order, named
from boardproof.ladder.techniques.base import Made

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from boardproof.ladder.techniques.base import Workshop
    from boardproof.ladder.variants import Step


def shrink(model: Any, step: Step, workshop: Workshop) -> Made:  # noqa: ANN401 a Keras model
    """By a fraction, or by as little as fits the budget, in steps that share the epochs."""
    from boardproof.compress import shrink_in_steps, shrink_to_fit

    flash, ticks, multiple, scope = (step.option(name) for name in ("flash", "ticks", "multiple", "scope"))
    samples = _arrays(model, workshop) if step.option("by") == "samples" else None
    given = step.option("fraction")
    fraction = dict(given) if isinstance(given, tuple) else given

    def fits(one: Any) -> bool:  # noqa: ANN401
        return workshop.fits(one, flash, ticks)

    if fraction is None:
        fraction = shrink_to_fit(model, fits, multiple=multiple, scope=scope, samples=samples)
    if fraction == 0:
        workshop.fit(model, step.epochs)
        return Made(model, note="it fitted as it was")
    parts = _split(step.epochs, step.option("steps"))
    rest, train = iter(parts), _training(model, workshop, taught=step.option("taught"))
    narrow = shrink_in_steps(
        model,
        fraction,
        lambda one: train(one, next(rest)),
        steps=len(parts),
        multiple=multiple,
        scope=scope,
        samples=samples,
    )
    note = f"widths {', '.join(_widths(narrow))}"
    if given is None and scope == "global" and not fits(narrow):  # training between the steps has moved the choice
        note += "; trained between its steps it chose other channels, and is above the budget: shrink it in one step"
    return Made(narrow, note=note)


def _arrays(model: Any, workshop: Workshop) -> list[Any]:  # noqa: ANN401
    """Typical inputs, in the order of the model's."""
    return in_order(workshop.data.representative, [str(tensor.name) for tensor in model.inputs])


def _training(model: Any, workshop: Workshop, *, taught: bool) -> Callable[[Any, int], None]:  # noqa: ANN401
    """What trains what is left of the model, which may teach it."""
    if not taught:
        return workshop.fit
    from boardproof.compress import distilled, with_teacher

    distilled(model)  # it has to be one that can be taught
    train = workshop.data.train
    (labels,) = named(train.y).values()
    data = workshop.data.taught(with_teacher(labels, model.predict(train.x, batch_size=256, verbose=0)))
    return lambda one, epochs: workshop.fit(distilled(one), epochs, data=data)


def _widths(model: Any) -> Iterator[str]:  # noqa: ANN401
    """How many channels each layer makes that can lose some."""
    for layer in model.layers:
        width = getattr(layer, "filters", None) or getattr(layer, "units", None)
        if width:
            yield f"{layer.name} {width}"


def _split(epochs: int, steps: int) -> list[int]:
    """The epochs in as many parts, as equal as can be, each one at least; the last ones are the longer."""
    steps = min(steps, max(1, epochs))
    return [(epochs * (i + 1)) // steps - (epochs * i) // steps for i in range(steps)]

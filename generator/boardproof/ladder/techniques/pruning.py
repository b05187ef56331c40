"""Magnitude pruning."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from boardproof.ladder.techniques.base import Made

if TYPE_CHECKING:
    from boardproof.ladder.techniques.base import Workshop
    from boardproof.ladder.variants import Step


def prune(model: Any, step: Step, workshop: Workshop) -> Made:  # noqa: ANN401 a Keras model
    """To the sparsity asked for; what is all zero after that is removed."""
    from boardproof.compress import ConstantSparsity, MagnitudePruning, PolynomialSparsity, remove_dead, sparsity

    pattern = step.option("pattern")
    schedule = ConstantSparsity(0.5) if pattern else PolynomialSparsity(step.option("sparsity"))
    pruning = MagnitudePruning(schedule, scope=step.option("scope"), block=step.option("block"), pattern=pattern)
    workshop.fit(model, step.epochs, callbacks=[pruning])
    pruning.apply()  # what restored earlier weights at the end of training has undone it
    kernels = sparsity(model)
    zeros = sum(one.zeros for one in kernels) / sum(one.weights for one in kernels)
    narrow = remove_dead(model)
    gone = model.count_params() - narrow.count_params()
    return Made(narrow, note=f"{zeros:.1%} zeros; channels with {gone:,} parameters were all zero and are gone")

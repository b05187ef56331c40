"""Quantization-aware training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from boardproof.ladder.arrays import in_order
from boardproof.ladder.techniques.base import Made

if TYPE_CHECKING:
    from boardproof.ladder.techniques.base import Workshop
    from boardproof.ladder.variants import Step


def qat(model: Any, step: Step, workshop: Workshop) -> Made:  # noqa: ANN401 a Keras model
    """Converts in this process: a file of the model in training has classes that are not loaded."""
    from boardproof.compress import convert, left_in_float, quantization_aware, strip

    aware = quantization_aware(model, bits=step.option("bits"))
    workshop.fit(aware, step.epochs)
    left = left_in_float(aware)
    note = f"trained without rounding in {', '.join(left)}; ranges are of the representative samples" if left else ""
    representative = in_order(workshop.data.representative, [str(tensor.name) for tensor in model.inputs])
    return Made(strip(aware), convert(aware, representative), note)

"""Whether a model is one that a ladder can train and measure."""

from __future__ import annotations

from typing import Any

from boardproof.errors import InputError


def check_model(name: str, model: Any, sample: tuple[int, ...]) -> None:  # noqa: ANN401 what a user's function gave
    """Raises InputError unless it is a Keras model with one output and one input of the samples' shape.

    Args:
        name: What messages call it.
        model: What is to be measured.
        sample: The shape of one of the data's samples.
    """
    inputs, outputs = getattr(model, "inputs", None), getattr(model, "outputs", None)
    if not inputs or not outputs:
        raise InputError(
            f"{name} gave {type(model).__name__}, which is no Keras model whose layers are known.",
            "Build it with keras.Input and keras.Model(inputs, outputs), or as a Sequential that starts with an Input.",
        )
    for what, tensors in (("inputs", inputs), ("outputs", outputs)):
        if len(tensors) > 1:
            names = ", ".join(str(tensor.name) for tensor in tensors)
            raise InputError(
                f"{name} has {len(tensors)} {what} ({names}): a ladder trains and scores models with one.",
                f"Measure it with boardproof run, or build it with one of the {what} alone.",
            )
    wanted = tuple(inputs[0].shape)[1:]
    if len(wanted) != len(sample) or any(size not in {None, got} for size, got in zip(wanted, sample, strict=True)):
        raise InputError(
            f"{name} takes inputs of shape {list(wanted)}; a sample has {list(sample)}.",
            "Build it with keras.Input(shape) of the data's shape, or reshape the data.",
        )

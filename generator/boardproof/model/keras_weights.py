"""Weights of Keras layers and models."""

from __future__ import annotations

from typing import Any


def give_weights(target: Any, weights: list[Any]) -> None:  # noqa: ANN401 a layer or model of Keras 2 or 3, both untyped
    """Sets the weights of a layer or a model.

    A Normalization computes with values that it makes of its weights, and not with those: set_weights() alone leaves it
    at mean 0 and variance 1.
    """
    target.set_weights(weights)
    for layer in target._flatten_layers():
        if type(layer).__name__ == "Normalization":
            layer.finalize_state()

"""Recurrent layers of Keras 3: their loops, which boards do not have, written out step by step."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


def looping_layers(model: Any) -> tuple[Any, ...]:  # noqa: ANN401 an untyped Keras model
    """The layers that loop over time, those inside others as well."""
    layers = model._flatten_layers(include_self=False)
    return tuple({id(layer): layer for layer in layers if getattr(layer, "unroll", None) is False}.values())


@contextmanager
def unrolled(layers: tuple[Any, ...]) -> Iterator[None]:
    """Lets these layers compute their steps one after another, as `unroll=True` does, with the same values.

    Afterwards they are as they were: the model may be the user's own.
    """
    for layer in layers:
        layer.unroll = True
    try:
        yield
    finally:
        for layer in layers:
            layer.unroll = False

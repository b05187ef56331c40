"""Recurrent layers: their loops, which boards do not have, written out step by step."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


def looping_layers(model: Any) -> tuple[Any, ...]:  # noqa: ANN401 an untyped Keras model
    """The layers that loop over time, those inside others as well.

    Not tf-keras' LSTM: TensorFlow's converter makes one operator of it.
    """
    layers = {id(layer): layer for layer in model._flatten_layers(include_self=False)}.values()
    return tuple(layer for layer in layers if getattr(layer, "unroll", None) is False and not _is_fused(layer))


def _is_fused(layer: Any) -> bool:  # noqa: ANN401
    return type(layer).__name__ == "LSTM" and type(layer).__module__.startswith("tf_keras")


@contextmanager
def unrolled(layers: tuple[Any, ...]) -> Iterator[None]:
    """Lets these layers compute their steps one after another, as `unroll=True` does, with the same values.

    Afterwards they are as they were: the model may be the user's own.
    """
    before = [{name: getattr(layer, name) for name in _LOOPING if hasattr(layer, name)} for layer in layers]
    for layer, names in zip(layers, before, strict=True):
        for name in names:
            setattr(layer, name, name == "unroll")
    try:
        yield
    finally:
        for layer, names in zip(layers, before, strict=True):
            for name, value in names.items():
                setattr(layer, name, value)


_LOOPING = ("unroll", "_could_use_gpu_kernel")
"""tf-keras' GRU looks at the second one before the first."""

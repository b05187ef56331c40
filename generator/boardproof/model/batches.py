"""A Keras model that takes a fixed number of samples at a time, made to take one."""

from __future__ import annotations

from typing import Any

from boardproof.model.keras_weights import give_weights

_SHAPES = ("batch_shape", "batch_input_shape")


def with_free_batch(model: Any) -> Any:  # noqa: ANN401 Keras 2 or 3, both untyped
    """The same model, weights and all, for any number of samples; for one, where its layers keep state.

    Raises:
        Exception: whatever Keras raises when layers have the batch size built in.
    """
    stateful = any(getattr(layer, "stateful", False) for layer in model.layers)
    freed = type(model).from_config(_freed(model.get_config(), 1 if stateful else None))
    give_weights(freed, model.get_weights())
    return freed


def _freed(config: Any, batch: int | None) -> Any:  # noqa: ANN401 JSON
    """A configuration in which every shape of an input has another batch size."""
    if isinstance(config, dict):
        return {
            key: [batch, *value[1:]] if key in _SHAPES and value else _freed(value, batch)
            for key, value in config.items()
            if key != "build_config"  # the shapes that layers were built for; they are built anew when they are called
        }
    if isinstance(config, list | tuple):
        return type(config)(_freed(value, batch) for value in config)
    return config

"""Which values a model's input is made for, as far as its first layers tell."""

from __future__ import annotations

from typing import Any

import numpy as np

_BYTE = 255.0
_LOOKED_AT = 6
_BEFORE_ANY_ARITHMETIC = frozenset({"InputLayer", "Reshape", "ZeroPadding2D", "Resizing", "Permute", "CenterCrop"})


def picture_range(model: Any) -> tuple[float, float] | None:  # noqa: ANN401 Keras 2 or 3, both untyped
    """(0, 255) where the first layers scale such values down themselves; None where they do not tell.

    Args:
        model: A Keras model.
    """
    for layer in model.layers[:_LOOKED_AT]:
        name = type(layer).__name__
        if name == "Rescaling":
            scale = np.max(np.abs(np.asarray(layer.scale, np.float64)))
            return (0.0, _BYTE) if 0 < scale < 1 / 16 else None
        if name == "Normalization":
            return _range_of_statistics(layer.mean, layer.variance)
        if name == "BatchNormalization":
            return _range_of_statistics(layer.moving_mean, layer.moving_variance)
        if name not in _BEFORE_ANY_ARITHMETIC:
            return None
    return None


def _range_of_statistics(mean: Any, variance: Any) -> tuple[float, float] | None:  # noqa: ANN401 a Keras variable
    """Statistics far beyond those of values from -1 to 1 are those of bytes."""
    far = np.abs(np.asarray(mean)).max() > 4 or np.asarray(variance).max() > 16  # noqa: PLR2004
    return (0.0, _BYTE) if far else None

"""Between real values and the integers that stand for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from boardproof.model.graph import Quantization


def quantize_array(
    values: NDArray[np.generic], quantization: Quantization, dtype: np.dtype[np.generic]
) -> NDArray[np.generic]:
    """Real values in a quantized type: round(value / scale) + zero point, halves away from zero, saturated.

    The division is in float32, as in TensorFlow Lite's QUANTIZE operator (reference_ops::AffineQuantize).
    """
    scaled = values.astype(np.float32) / np.float32(quantization.scale)
    # float64 holds every float32 plus a half exactly, so that floor(x + 0.5) does not round twice.
    magnitude = np.floor(np.abs(scaled).astype(np.float64) + 0.5)
    limits = np.iinfo(dtype)  # type: ignore[type-var] # quantized types are integers
    real = np.copysign(magnitude, scaled) + quantization.zero_point
    quantized: NDArray[np.generic] = np.clip(real, limits.min, limits.max).astype(dtype)
    return quantized


def dequantize_array(values: NDArray[np.generic], quantization: Quantization | None) -> NDArray[np.float64]:
    """The real values of a tensor: scale * (q - zero point), or the values themselves when it is not quantized."""
    real = values.astype(np.float64)
    return real if quantization is None else (real - quantization.zero_point) * quantization.scale

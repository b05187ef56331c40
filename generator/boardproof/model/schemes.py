"""How a model can be quantized."""

from __future__ import annotations

from enum import StrEnum


class Scheme(StrEnum):
    """How a model is quantized."""

    INT8 = "int8"
    INT16X8 = "int16x8"
    INT8X4 = "int8x4"
    DYNAMIC = "dynamic"
    FLOAT16 = "float16"
    FLOAT32 = "float32"

    @property
    def needs_calibration(self) -> bool:
        """Whether activations are quantized ahead of time, from a representative dataset."""
        return self in {Scheme.INT8, Scheme.INT16X8, Scheme.INT8X4}

    @property
    def has_lstm(self) -> bool:
        """Whether TensorFlow quantizes an LSTM as one operator, and boards have a kernel for that."""
        return self in {Scheme.INT8, Scheme.INT8X4}

"""Smaller Keras models: techniques in pure Keras 3, each usable alone. Nothing here knows of boards.

Public API. What it takes and gives are Keras models; what it refuses is an InputError.
"""

from boardproof.compress.qat import FreezeRanges, convert, quantization_aware, strip

__all__ = ["FreezeRanges", "convert", "quantization_aware", "strip"]

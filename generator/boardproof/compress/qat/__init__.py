"""Quantization-aware training: rounding in the graph while it is trained, so that int8 costs less accuracy."""

from boardproof.compress.qat.deploy import convert, left_in_float, strip
from boardproof.compress.qat.insert import FreezeRanges, quantization_aware

__all__ = ["FreezeRanges", "convert", "left_in_float", "quantization_aware", "strip"]

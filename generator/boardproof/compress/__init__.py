"""Smaller Keras models: techniques in pure Keras 3, each usable alone. Nothing here knows of boards.

Public API. What it takes and gives are Keras models; what it refuses is an InputError.
"""

from boardproof.compress.dead import remove_dead
from boardproof.compress.distill import distilled, with_teacher
from boardproof.compress.pruning import LayerSparsity, MagnitudePruning, sparsity
from boardproof.compress.qat import FreezeRanges, convert, left_in_float, quantization_aware, strip
from boardproof.compress.schedules import ConstantSparsity, PolynomialSparsity, Schedule
from boardproof.compress.shrink import shrink, shrink_in_steps, shrink_to_fit
from boardproof.compress.statistics import recalibrate_batch_norm

__all__ = [
    "ConstantSparsity",
    "FreezeRanges",
    "LayerSparsity",
    "MagnitudePruning",
    "PolynomialSparsity",
    "Schedule",
    "convert",
    "distilled",
    "left_in_float",
    "quantization_aware",
    "recalibrate_batch_norm",
    "remove_dead",
    "shrink",
    "shrink_in_steps",
    "shrink_to_fit",
    "sparsity",
    "strip",
    "with_teacher",
]

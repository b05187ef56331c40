"""Checks on data that speak: what is odd about it, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.affine import dequantize_array
from boardproof.model.labels import safe_label
from boardproof.model.preflight import Finding, Severity
from boardproof.model.samples import arrays_for, input_specs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from boardproof.model.graph import Graph, Tensor
    from boardproof.model.samples import InputSpec, Samples

FEW_SAMPLES = 50

_CLIPPED_ERROR = 0.5
_CLIPPED_WARNING = 0.01
_NARROW = 1 / 20
_ENOUGH_VALUES = 16
_SAME_PREPARATION = (
    "Prepare the data exactly as it was prepared for training and calibration: same scaling, same offset."
)


def check_calibration(specs: tuple[InputSpec, ...], samples: Samples) -> tuple[Finding, ...]:
    """What is odd about a representative dataset for a model with these inputs.

    Raises:
        InputError: as `arrays_for` does.
    """
    arrays = arrays_for(specs, samples)
    return tuple(_check_count(len(arrays[0]), samples.source)) + tuple(
        finding
        for spec, array in zip(specs, arrays, strict=True)
        for finding in _check_values(array, f"{safe_label(spec.name)} in {samples.source}")
    )


def check_inputs(
    graph: Graph, samples: Samples, arrays: tuple[NDArray[np.generic], ...] | None = None
) -> tuple[Finding, ...]:
    """Whether real values cover what a quantized network's inputs can hold: not far more, not far less.

    Data that is quantized already is not looked at. `arrays`: what `arrays_for` made of the samples, if it did.

    Raises:
        InputError: as `arrays_for` does.
    """
    arrays = arrays_for(input_specs(graph), samples) if arrays is None else arrays
    return tuple(
        finding
        for tensor, array in zip(graph.input_tensors, arrays, strict=True)
        if tensor.quantization is not None and array.dtype != tensor.dtype.numpy
        for finding in _check_range(tensor, array, samples.source)
    )


def _check_count(samples: int, source: str) -> Iterator[Finding]:
    if samples < FEW_SAMPLES:
        yield Finding(
            Severity.WARNING,
            "few-samples",
            f"{source} holds {samples} samples: too few to show the activations' ranges.",
            "Give 100 to 500 typical ones, from every class.",
        )


def _check_values(array: NDArray[np.generic], place: str) -> Iterator[Finding]:
    if array.min() == array.max():
        yield Finding(
            Severity.ERROR,
            "constant-data",
            f"Every value of {place} is {array.flat[0]}: this calibrates nothing.",
            "Check how the samples were made; give real, typical inputs.",
        )
    elif len(array) > 1 and (array == array[0]).all():
        yield Finding(
            Severity.ERROR,
            "identical-samples",
            f"All {len(array)} samples of {place} are the same.",
            "Check how the samples were made; give different, typical inputs.",
        )
    if array.dtype == np.int8:
        yield Finding(
            Severity.WARNING,
            "already-quantized",
            f"{place} is int8: it looks quantized already, but a float model takes real values.",
            "Give the values as the model was trained on them.",
        )


def _check_range(tensor: Tensor, array: NDArray[np.generic], source: str) -> Iterator[Finding]:
    limits = np.iinfo(tensor.dtype.numpy)  # type: ignore[type-var] # quantized types are integers
    low, high = dequantize_array(np.array([limits.min, limits.max]), tensor.quantization)
    slack = (high - low) / 2**8
    real = array.astype(np.float64)
    clipped = float(((real < low - slack) | (real > high + slack)).mean())
    found = (
        f"{source} has values from {real.min():.6g} to {real.max():.6g}; the input {tensor.label} holds {low:.6g} to "
    )
    if clipped > _CLIPPED_WARNING:
        yield Finding(
            Severity.ERROR if clipped > _CLIPPED_ERROR else Severity.WARNING,
            "values-out-of-range",
            f"{found}{high:.6g}: {clipped:.0%} of them are cut off.",
            _SAME_PREPARATION,
            tensor=tensor.index,
        )
    elif array.size >= _ENOUGH_VALUES and np.abs(real).max() < _NARROW * max(abs(low), abs(high)):
        yield Finding(
            Severity.WARNING,
            "values-too-small",
            f"{found}{high:.6g}: they use almost nothing of it.",
            _SAME_PREPARATION,
            tensor=tensor.index,
        )

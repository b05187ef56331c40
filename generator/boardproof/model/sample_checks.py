"""Checks on data that speak: what is odd about it, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.affine import dequantize_array
from boardproof.model.graph import Gather
from boardproof.model.labels import safe_label
from boardproof.model.metrics import class_count
from boardproof.model.preflight import Finding, Severity
from boardproof.model.samples import arrays_for, input_specs
from boardproof.model.vectors import index_limit

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
_FEW_STEPS = 4
_MOST_COLUMNS = 64
_SHOWN_CLASSES = 8
_OUTLIER = 20
"""How many times the spread of nearly all values the whole range is, where a few values stretch it."""

_SAME_PREPARATION = (
    "Prepare the data exactly as it was prepared for training and calibration: same scaling, same offset."
)


def check_calibration(
    specs: tuple[InputSpec, ...], samples: Samples, arrays: tuple[NDArray[np.generic], ...]
) -> tuple[Finding, ...]:
    """What is odd about a representative dataset for a model with these inputs. `arrays`: `arrays_for` of both."""
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
    return (
        *_check_class_names(graph, samples),
        *check_indices(graph, arrays, samples.source),
        *_check_values_of(graph, samples, arrays),
    )


def check_indices(graph: Graph, arrays: tuple[NDArray[np.generic], ...], source: str) -> Iterator[Finding]:
    """Indices that are in no table: kernels do not look where they read.

    Args:
        graph: The network.
        arrays: The inputs in its order.
        source: How messages name the samples.
    """
    for tensor, array in zip(graph.input_tensors, arrays, strict=True):
        limit = index_limit(graph, tensor.index) if tensor.quantization is None else None
        if limit is None or array.dtype.kind not in "iu":
            continue
        rows = array.reshape(len(array), -1).astype(np.int64)
        lowest = 0 if _is_looked_up_directly(graph, tensor.index) else -limit  # Keras counts from the end below 0
        outside = ((rows >= limit) | (rows < lowest)).any(axis=1)
        if outside.any():
            first = int(np.flatnonzero(outside)[0])
            yield Finding(
                Severity.ERROR,
                "index-out-of-range",
                f"{source} holds indices from {rows.min()} to {rows.max()}, first in sample {first}; the input "
                f"{tensor.label} is looked up in a table of {limit} entries, 0 to {limit - 1}.",
                "Give the numbers that the model was trained on, or train it with a larger table (input_dim).",
                tensor=tensor.index,
            )


def _is_looked_up_directly(graph: Graph, index: int) -> bool:
    return any(index in operator.inputs and isinstance(operator, Gather) for operator in graph.operators)


def _check_values_of(graph: Graph, samples: Samples, arrays: tuple[NDArray[np.generic], ...]) -> tuple[Finding, ...]:
    return tuple(
        finding
        for tensor, array in zip(graph.input_tensors, arrays, strict=True)
        if tensor.quantization is not None and array.dtype != tensor.dtype.numpy
        for finding in (
            *_check_range(tensor, array, samples.source),
            *_check_columns(tensor, array, samples.source),
        )
    )


def _check_class_names(graph: Graph, samples: Samples) -> Iterator[Finding]:
    """Fewer words among the labels than the network has classes: then their order alone does not number them."""
    count = class_count(graph)
    if count is None or not 0 < len(samples.classes) < count:
        return
    names = ", ".join(map(safe_label, samples.classes[:_SHOWN_CLASSES]))
    yield Finding(
        Severity.WARNING,
        "missing-classes",
        f"{samples.source} names {len(samples.classes)} of the {count} classes that the network tells apart ({names}): "
        "which numbers they have is a guess.",
        "Name all of them with --labels, in the order of the network's outputs.",
    )


def _check_count(samples: int, source: str) -> Iterator[Finding]:
    if samples < FEW_SAMPLES:
        yield Finding(
            Severity.WARNING,
            "few-samples",
            f"{source} holds {samples} sample{'s' * (samples != 1)}: too few to show the activations' ranges.",
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


def _check_columns(tensor: Tensor, array: NDArray[np.generic], source: str) -> Iterator[Finding]:
    """Columns (or channels) of which a quantized input keeps almost nothing, as all have one scale."""
    assert tensor.quantization is not None  # noqa: S101 the caller has seen to that
    columns = array.reshape(-1, array.shape[-1] if array.ndim > 1 else 1).astype(np.float64)
    if not 1 < columns.shape[1] <= _MOST_COLUMNS or len(columns) < _ENOUGH_VALUES:
        return
    spans, scale = columns.max(axis=0) - columns.min(axis=0), tensor.quantization.scale
    narrow = [n for n, span in enumerate(spans) if 0 < span < _FEW_STEPS * scale]
    if narrow:
        worst = min(narrow, key=lambda n: float(spans[n]))
        steps = float(spans[worst]) / scale
        counted = f"less than {max(1, int(np.ceil(steps)))} step{'s' * (steps > 1)}"
        others = f" (and {len(narrow) - 1} more)" if len(narrow) > 1 else ""
        yield Finding(
            Severity.WARNING,
            "narrow-column",
            f"Column {worst}{others} of {source} spans {spans[worst]:.4g}, {counted} of {scale:.4g}, the scale of the "
            f"input {tensor.label}: quantized, hardly anything is left of it.",
            "All columns of an input share one scale: bring them to like ranges before the model (take a Normalization "
            "layer out of it, and prepare the data with it), or use --scheme float32.",
            tensor=tensor.index,
        )
    inner = float(np.subtract(*np.percentile(columns, [99.5, 0.5])))
    whole = float(columns.max() - columns.min())
    if not narrow and inner > 0 and whole > _OUTLIER * inner:
        yield Finding(
            Severity.WARNING,
            "outlier",
            f"A few values of {source} stretch its range to {whole:.4g}, where 99 % of them lie within {inner:.4g}.",
            "Clip them as for training, or leave those samples out: they cost all others their resolution.",
            tensor=tensor.index,
        )

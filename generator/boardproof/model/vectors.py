"""Random inputs for a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boardproof.errors import InputError
from boardproof.model.graph import DType, EmbeddingLookup, Gather
from boardproof.model.samples import Vectors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from boardproof.model.graph import Graph, Operator, Tensor

_INDEX_LIMIT = 100
"""32- and 64-bit integers are indices or counts: below this they are most likely valid."""

_INDEX_TYPES = frozenset({DType.BOOL, DType.INT32, DType.INT64})
"""What indices are computed in."""


def random_vectors(graph: Graph, samples: int, seed: int) -> Vectors:
    """Inputs that reach every part of the inputs' value ranges; the same for the same graph, count and seed.

    Quantized and small integer inputs are uniform over their whole type. From the second sample on there are also, as
    far as `samples` allows, all-lowest, all-highest, all-zero-point and alternating lowest and highest ones. Floats are
    normally distributed; 32- and 64-bit integers are indices of the tables that they are looked up in, or in [0, 100).

    Raises:
        InputError: when there should be none, or an input holds no numbers.
    """
    if samples < 1:
        raise InputError(f"{samples} random samples were asked for.", "Ask for at least 1.")
    rng = np.random.default_rng(seed)
    limits = {index: index_limit(graph, index) or _INDEX_LIMIT for index in graph.inputs}
    return Vectors(tuple(_random_array(tensor, samples, rng, limits[tensor.index]) for tensor in graph.input_tensors))


def index_limit(graph: Graph, index: int) -> int | None:
    """How many entries the smallest table has that an input, or what is computed of it, is looked up in; None for none.

    Args:
        graph: The network.
        index: The input's tensor.
    """
    reached, limits = {index}, []
    for operator in graph.operators:
        if not reached.intersection(operator.inputs):
            continue
        table = _table_size(graph, operator, reached)
        if table is not None:
            limits.append(table)
        elif all(graph.tensors[i].dtype in _INDEX_TYPES for i in operator.outputs):
            reached.update(operator.outputs)
    return min(limits, default=None)


def _table_size(graph: Graph, operator: Operator, reached: set[int]) -> int | None:
    """The entries of the table that an operator looks indices up in; None where it does something else."""
    if isinstance(operator, Gather) and operator.inputs[1] in reached:
        return graph.tensors[operator.inputs[0]].shape[operator.axis]
    if isinstance(operator, EmbeddingLookup) and operator.inputs[0] in reached:
        return graph.tensors[operator.inputs[1]].shape[0]
    return None


def _random_array(tensor: Tensor, samples: int, rng: np.random.Generator, index_limit: int) -> NDArray[np.generic]:
    shape = (samples, *tensor.shape)
    dtype = tensor.dtype
    if dtype in {DType.FLOAT16, DType.FLOAT32, DType.FLOAT64}:
        return rng.standard_normal(shape).astype(dtype.numpy)
    if dtype is DType.BOOL:
        return rng.integers(0, 2, shape).astype(np.bool_)
    if dtype.size_bytes == 0 or dtype.numpy.kind not in "iu":
        raise InputError(
            f"Input {tensor.label} takes {dtype} values: boardproof has no random ones.",
            "Give samples in a file, or move the layers that handle them out of the model.",
        )
    if dtype.size_bytes > 2 and tensor.quantization is None:  # noqa: PLR2004 wider than int16
        return rng.integers(0, index_limit, shape).astype(dtype.numpy)
    return _with_extremes(tensor, shape, rng)


def _with_extremes(tensor: Tensor, shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.generic]:
    dtype = tensor.dtype.numpy
    low, high = (-8, 7) if tensor.dtype is DType.INT4 else _limits(dtype)
    array = rng.integers(low, high, shape, dtype=np.int64, endpoint=True)
    zero = tensor.quantization.zero_point if tensor.quantization else 0
    alternating = np.resize([low, high], tensor.shape)
    for row, extreme in zip(array[1:], (low, high, zero, alternating), strict=False):
        row[...] = extreme
    return array.astype(dtype)


def _limits(dtype: np.dtype[np.generic]) -> tuple[int, int]:
    limits = np.iinfo(dtype)  # type: ignore[type-var] # the caller has checked that it is an integer type
    return int(limits.min), int(limits.max)

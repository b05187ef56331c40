"""Whether a converted network still computes what the float one does: TensorFlow's converter has faults of its own."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from boardproof.errors import InputError
from boardproof.model.oracle import run_litert
from boardproof.model.quiet import captured_output
from boardproof.model.samples import Vectors
from boardproof.model.tflite.reader import read_tflite

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from boardproof.model.graph import Graph
    from boardproof.model.network import FloatNetwork

    Arrays = tuple[NDArray[np.generic], ...]

_SAMPLES = 5
"""At most; one is enough where it agrees, as it nearly always does."""

_FAR = 0.02
"""Of the largest output; sums of floats in another order differ by a thousandth of that."""

_LEAST = 1e-3
"""Outputs that are all smaller are compared with this."""


def some_samples(network: FloatNetwork) -> Arrays:
    """Samples where there are none: normally distributed numbers; of whole numbers zeros, which every table has."""
    rng = np.random.default_rng(0)
    return tuple(
        rng.standard_normal((_SAMPLES, *spec.shape)).astype(np.float32)
        if spec.dtype.numpy.kind == "f"
        else np.zeros((_SAMPLES, *spec.shape), spec.dtype.numpy)
        for spec in network.inputs
    )


def require_same(network: FloatNetwork, converted: bytes, arrays: Arrays, source: str) -> None:
    """Raises InputError where most samples come out of the converter's network as something else.

    Nothing is said of a network that keeps a state, or that LiteRT cannot run.

    Args:
        network: The float network.
        converted: What the converter made of it, in float32 or float16.
        arrays: Samples, one array for each input.
        source: How messages name the model.
    """
    graph = read_tflite(converted)
    if any(operator.name == "ASSIGN_VARIABLE" for operator in graph.operators):
        return
    try:
        distances = [_distance(network, converted, graph, tuple(array[:1] for array in arrays))]
        if distances[0] > _FAR:
            others = range(1, min(_SAMPLES, len(arrays[0])))
            distances += [
                _distance(network, converted, graph, tuple(array[n : n + 1] for array in arrays)) for n in others
            ]
    except InputError:
        return
    if median(distances) > _FAR:
        raise InputError(
            f"TensorFlow's converter changed what {source} computes: outputs are {median(distances):.0%} of their "
            "largest value away from the model's.",
            "TensorFlow 2.21 turns a constant less a tensor around where its axes were moved (1 - x behind Permute, "
            "transpose or TimeDistributed): write x * -1 + 1. Else convert with another version of TensorFlow.",
        )


def _distance(network: FloatNetwork, converted: bytes, graph: Graph, sample: Arrays) -> float:
    """How far outputs for one sample are apart, relative to the largest; 0 where they are no numbers."""
    import tensorflow as tf

    typed = [array.astype(spec.dtype.numpy) for array, spec in zip(sample, network.inputs, strict=True)]
    with captured_output():
        expected = [np.asarray(output, np.float64).ravel() for output in network.call(list(map(tf.constant, typed)))]
    given = (
        np.ascontiguousarray(array).reshape(1, *tensor.shape)
        for array, tensor in zip(typed, graph.input_tensors, strict=True)
    )
    found = [np.asarray(output, np.float64).ravel() for output in run_litert(converted, Vectors(tuple(given))).arrays]
    pairs = [(one, other) for one, other in zip(expected, found, strict=True) if one.size == other.size]
    apart = [
        np.abs(one - other).max() / max(np.abs(one).max(), _LEAST) for one, other in pairs if np.isfinite(one).all()
    ]
    return float(max(apart, default=0.0))

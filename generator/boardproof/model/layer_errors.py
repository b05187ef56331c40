"""What quantization costs, layer by layer: the float model's tensors beside the quantized one's, on like samples."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import log10
from typing import TYPE_CHECKING

import numpy as np

from boardproof.errors import InputError
from boardproof.model.affine import dequantize_array, quantize_array
from boardproof.model.isolation import WorkerError, run_isolated
from boardproof.model.labels import safe_lines
from boardproof.model.layer_names import layer_of
from boardproof.model.samples import Samples, vectors_for
from boardproof.model.tflite.reader import read_tflite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from boardproof.model.graph import Graph, Tensor
    from boardproof.model.samples import Vectors

MAX_SAMPLES = 100
"""More do not change a ratio that is rounded to a decibel."""

_TAIL_PERCENT = 0.5
_FEW_STEPS = 4


@dataclass(frozen=True, slots=True)
class LayerError:
    """What quantization does to one tensor.

    Ratios are powers of noise to signal; the signal is what varies from sample to sample, as constants tell nothing.

    Attributes:
        tensor: Index in the quantized graph.
        operator: Index of the operator that computes it; None for an input.
        layer: The Keras layer, or what else names it.
        op: The operator's name; "input" for an input.
        noise: All noise that has come together here, to the signal.
        added: What this operator adds to the noisiest of its inputs.
        rounding: The noise if the float model's own values were rounded to this tensor's steps, and nothing else were.
        range: The float model's lowest and highest value.
        middle: The bounds of 99 % of its values, averaged over the samples.
        narrow: How many of its channels (along the last axis) span less than 4 of its steps, though they vary.
        channels: How many it has.
    """

    tensor: int
    operator: int | None
    layer: str
    op: str
    noise: float
    added: float
    rounding: float
    range: tuple[float, float]
    middle: tuple[float, float]
    narrow: int
    channels: int


def decibels(ratio: float) -> float | None:
    """Signal to noise in dB, from a ratio of noise to signal; None where there is no noise."""
    return -10 * log10(ratio) if ratio > 0 else None


def layer_errors(quantized: bytes, floats: bytes, samples: Samples, source: str) -> tuple[LayerError, ...]:
    """The errors of all activations that both networks have, in the order of execution; inputs first.

    Both run in LiteRT, in a process of their own.

    Args:
        quantized: The .tflite, in a scheme with quantized activations.
        floats: The same model in float32.
        samples: Typical inputs; of many, 100 are taken, evenly spread.
        source: How messages name the model.

    Raises:
        InputError: There is one sample only, the samples do not fit, or LiteRT cannot run the model.
    """
    import ai_edge_litert.interpreter  # noqa: F401 the fork shares it

    graph, reference = read_tflite(quantized), read_tflite(floats)
    given, real = (_spread(vectors_for(g, samples)) for g in (graph, reference))
    if given.samples < 2:  # noqa: PLR2004
        raise InputError(
            f"There is one sample only in {samples.source}: what varies between samples cannot be told.",
            "Give 100 typical ones with --representative.",
        )
    pairs = dict(_pairs(graph, reference))
    try:
        sums = run_isolated(_measure, (quantized, floats), (given, real), graph, pairs)
    except WorkerError as error:
        raise InputError(
            f"LiteRT cannot run {source}: errors of layers cannot be measured.",
            "Leave out --errors.",
            safe_lines(f"{error.reason}\n{error.output}"),
        ) from error
    return tuple(_in_order(graph, sums))


def _spread(vectors: Vectors) -> Vectors:
    chosen = np.linspace(0, vectors.samples - 1, min(vectors.samples, MAX_SAMPLES)).astype(int)
    return replace(vectors, arrays=tuple(array[chosen] for array in vectors.arrays))


def _pairs(graph: Graph, reference: Graph) -> Iterator[tuple[int, int]]:
    """Tensors of the quantized graph that are activations, and the float graph's of the same name and shape."""
    yield from zip(graph.inputs, reference.inputs, strict=True)
    by_name = {reference.tensors[i].name: reference.tensors[i] for op in reference.operators for i in op.outputs}
    for op in graph.operators:
        for index in op.outputs:
            tensor = graph.tensors[index]
            other = by_name.get(tensor.name)
            if other is not None and other.shape == tensor.shape and tensor.quantization is not None:
                yield index, other.index


class _Sums:
    """What is added up of one tensor over the samples."""

    def __init__(self, tensor: Tensor) -> None:
        self._tensor = tensor
        self._sum: NDArray[np.float64] = np.zeros(tensor.shape)
        self._squares: NDArray[np.float64] = np.zeros(tensor.shape)
        self._noise = self._rounding = 0.0
        self._count = 0
        self._ends: list[NDArray[np.float64]] = []
        self._low = np.full(tensor.shape[-1:], np.inf)
        self._high = np.full(tensor.shape[-1:], -np.inf)

    def add(self, quantized: NDArray[np.generic], real: NDArray[np.generic]) -> None:
        """One sample, by both networks."""
        quantization = self._tensor.quantization
        assert quantization is not None  # noqa: S101 only such tensors are paired
        exact = real.astype(np.float64)
        rounded = dequantize_array(quantize_array(real, quantization, self._tensor.dtype.numpy), quantization)
        self._noise += float(((dequantize_array(quantized, quantization) - exact) ** 2).sum())
        self._rounding += float(((rounded - exact) ** 2).sum())
        self._sum += exact
        self._squares += exact**2
        self._count += 1
        rows = exact.reshape(-1, *self._low.shape)
        self._low, self._high = np.minimum(self._low, rows.min(axis=0)), np.maximum(self._high, rows.max(axis=0))
        self._ends.append(np.percentile(exact, [0, _TAIL_PERCENT, 100 - _TAIL_PERCENT, 100]))

    def result(self) -> LayerError | None:
        """The ratios; None where nothing varies. Without what the graph says: `_in_order` adds that."""
        signal = float((self._squares - self._sum**2 / self._count).sum())
        if signal <= 1e-12 * float(self._squares.sum()):  # beyond float64's noise
            return None
        ends = np.array(self._ends)
        whole = float(ends[:, 0].min()), float(ends[:, 3].max())
        middle = float(ends[:, 1].mean()), float(ends[:, 2].mean())
        noise, rounding = self._noise / signal, self._rounding / signal
        assert self._tensor.quantization is not None  # noqa: S101 as above
        spans, limit = self._high - self._low, _FEW_STEPS * self._tensor.quantization.scale
        narrow = int(((spans > 0) & (spans < limit)).sum())
        return LayerError(
            self._tensor.index, None, "", "input", noise, noise, rounding, whole, middle, narrow, spans.size
        )


def _measure(
    data: tuple[bytes, bytes], inputs: tuple[Vectors, Vectors], graph: Graph, pairs: dict[int, int]
) -> dict[int, LayerError]:
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    interpreters = [
        Interpreter(
            model_content=content,
            num_threads=1,
            experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
            experimental_preserve_all_tensors=True,
        )
        for content in data
    ]
    sums = {index: _Sums(graph.tensors[index]) for index in pairs if graph.tensors[index].quantization is not None}
    for interpreter in interpreters:
        interpreter.allocate_tensors()
    for sample in range(inputs[0].samples):
        for interpreter, vectors in zip(interpreters, inputs, strict=True):
            for detail, array in zip(interpreter.get_input_details(), vectors.arrays, strict=True):
                interpreter.set_tensor(detail["index"], array[sample])
            interpreter.invoke()
        for index, found in sums.items():
            found.add(interpreters[0].get_tensor(index), interpreters[1].get_tensor(pairs[index]))
    results = {index: found.result() for index, found in sums.items()}
    return {index: result for index, result in results.items() if result is not None}


def _in_order(graph: Graph, found: dict[int, LayerError]) -> Iterator[LayerError]:
    """With the operators, and what each adds to the noise that reaches it, also through what was not measured."""
    reaches: dict[int, float] = {}
    for index in graph.inputs:
        if index in found:
            reaches[index] = found[index].noise
            yield replace(found[index], layer=graph.tensors[index].label)
    for op in graph.operators:
        before = max((reaches.get(i, 0.0) for i in op.inputs), default=0.0)
        for index in op.outputs:
            reaches[index] = before
            if index in found:
                error, name = found[index], graph.tensors[index].name
                reaches[index] = error.noise
                layer = layer_of(name) or graph.tensors[index].label
                yield replace(error, operator=op.index, op=op.name, layer=layer, added=max(0.0, error.noise - before))

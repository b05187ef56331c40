"""How large the cells of LSTMs become: TensorFlow's calibrator sees those of the last step only.

It looks at a state after each inference, when the steps before are forgotten, and gives the state a scale that they may
exceed. Here every step is computed again, in float.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.graph import SequenceLstm
from boardproof.model.isolation import WorkerError, run_isolated
from boardproof.model.tflite.reader import read_tflite

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from boardproof.model.graph import Graph

    Floats = NDArray[np.float32]

GATES = 4


@dataclass(frozen=True, slots=True)
class CellRange:
    """An LSTM of the float model, and the largest magnitude of its cells.

    Attributes:
        weights: Of its gates, by which the quantized model's is known: input [4, units, depth], then recurrent
            [4, units, units].
        largest: Over all steps of all samples.
    """

    weights: tuple[Floats, Floats]
    largest: float


def cell_ranges(floats: bytes, arrays: Sequence[NDArray[np.generic]]) -> tuple[CellRange, ...]:
    """Runs the float model in LiteRT, in a process of its own, and its LSTMs once more.

    Args:
        floats: The .tflite in float32.
        arrays: One per input, [samples, *shape of a sample], of the input's type.

    Returns:
        One per LSTM; none where LiteRT cannot run the model, so that the calibrator's scales stay.
    """
    graph = read_tflite(floats)
    found = [operator for operator in graph.operators if isinstance(operator, SequenceLstm)]
    if not found:
        return ()
    import ai_edge_litert.interpreter  # noqa: F401 the fork shares it

    try:
        largest = run_isolated(_measure, floats, arrays, graph, found)
    except WorkerError:
        return ()
    return tuple(
        CellRange((_stacked(graph, op.input_weights), _stacked(graph, op.recurrent_weights)), value)
        for op, value in zip(found, largest, strict=True)
    )


def _stacked(graph: Graph, tensors: Sequence[int]) -> Floats:
    return np.stack([graph.tensors[index].array() for index in tensors]).astype(np.float32)


def _measure(
    floats: bytes, arrays: Sequence[NDArray[np.generic]], graph: Graph, found: Sequence[SequenceLstm]
) -> list[float]:
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    interpreter = Interpreter(
        model_content=floats,
        num_threads=1,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        experimental_preserve_all_tensors=True,
    )
    interpreter.allocate_tensors()
    largest = [0.0] * len(found)
    for sample in range(len(arrays[0])):
        interpreter.reset_all_variables()
        for detail, array in zip(interpreter.get_input_details(), arrays, strict=True):
            interpreter.set_tensor(detail["index"], array[sample].reshape(detail["shape"]))
        interpreter.invoke()
        for position, op in enumerate(found):
            sequence = interpreter.get_tensor(op.input)
            steps = sequence if op.time_major else np.swapaxes(sequence, 0, 1)
            largest[position] = max(largest[position], _largest_cell(op, graph, steps))
    return largest


def _largest_cell(op: SequenceLstm, graph: Graph, steps: Floats) -> float:
    """The largest magnitude of a cell; `steps`: [steps, batches, depth]."""
    kernel, recurrent = _stacked(graph, op.input_weights), _stacked(graph, op.recurrent_weights)
    bias = _stacked(graph, op.biases)[:, None]
    hidden = cell = np.zeros((steps.shape[1], kernel.shape[1]), np.float32)
    largest = 0.0
    for step in steps:
        enter, keep, new, leave = (
            step @ kernel[gate].T + hidden @ recurrent[gate].T + bias[gate] for gate in range(GATES)
        )
        cell = _logistic(keep) * cell + _logistic(enter) * np.tanh(new)
        hidden = _logistic(leave) * np.tanh(cell)
        largest = max(largest, float(np.abs(cell).max()))
    return largest


def _logistic(x: Floats) -> Floats:
    result: Floats = 0.5 * (1 + np.tanh(0.5 * x))
    return result

"""The exact reference's tensors in between, for finding the operator at which a board goes astray."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boardproof.errors import ToolError
from boardproof.model.isolation import WorkerError, run_isolated
from boardproof.model.oracle import ARENA_SLACK_BYTES, oracle_available
from boardproof.model.tflite.reader import read_tflite

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from boardproof.model.samples import Vectors


def run_oracle_tensors(data: bytes, inputs: Vectors, sample: int) -> dict[int, NDArray[np.generic]]:
    """Every operator's outputs in tflite_micro, for one sample.

    The samples before it run first, so that a model that keeps state sees its history.

    Args:
        data: The .tflite file.
        inputs: One array per input tensor, as `Vectors` holds them.
        sample: Which of them.

    Returns:
        Array by tensor index of the graph, in the tensor's dtype and shape. States are left out.

    Raises:
        ToolError: There is no tflite_micro, or it fails when it is to keep all tensors.
    """
    if not oracle_available():
        raise ToolError("Intermediate tensors need the tflite_micro package.", "It exists for Linux on x86-64.")
    import tflite_micro  # noqa: F401 the fork shares it

    try:
        return run_isolated(_interpret, data, inputs, sample)
    except WorkerError as error:
        raise ToolError(
            f"tflite_micro failed while keeping all tensors: {error.reason}.",
            "Compare the outputs only; please report this with the model.",
            error.output,
        ) from error


def _interpret(data: bytes, inputs: Vectors, sample: int) -> dict[int, NDArray[np.generic]]:
    from tflite_micro import runtime

    graph = read_tflite(data)
    activations = sum(t.size_bytes for g in (graph, *graph.subgraphs) for t in g.tensors if not t.is_constant)
    interpreter = runtime.Interpreter.from_bytes(
        data,
        arena_size=2 * activations + 2 * len(data) + ARENA_SLACK_BYTES,
        intrepreter_config=runtime.InterpreterConfig.kPreserveAllTensors,
    )
    for number in range(sample + 1):
        for position, array in enumerate(inputs.arrays):
            interpreter.set_input(np.array(array[number], order="C"), position)
        interpreter.invoke()
    # tflite_micro crashes on the handle of a variable, which has no bytes anyway.
    computed = {i for operator in graph.operators for i in operator.outputs if graph.tensors[i].dtype.size_bytes}
    outputs = {i for i in computed if not graph.tensors[i].is_variable}  # another operator has gone on with it since
    return {tensor: np.array(interpreter.GetTensor(tensor, 0)["tensor_data"]) for tensor in sorted(outputs)}

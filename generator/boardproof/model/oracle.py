"""Reference outputs: what the board must reproduce, and what LiteRT says beside it.

The oracle is tflite_micro, TensorFlow Lite Micro's own interpreter with its reference kernels: 0 LSB is agreement.
LiteRT rounds differently and uses other kernels; its outputs are reported in LSB and in task metric only.
"""

from __future__ import annotations

import importlib.util
import re
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np

from boardproof.errors import InputError, ToolError
from boardproof.model.isolation import WorkerError, run_isolated
from boardproof.model.labels import safe_lines
from boardproof.model.tflite.reader import read_tflite

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from boardproof.model.graph import Graph
    from boardproof.model.samples import Vectors

ARENA_SLACK_BYTES = 40 << 20
"""More than malloc ever recycles, so that the arena begins as zeros like a board's: TensorFlow Lite Micro reads some
memory that it never wrote (SPACE_TO_BATCH_ND's padding value). Pages that nobody touches cost nothing."""

_MISSING_OPERATOR = re.compile(r"Didn't find op for builtin opcode '(\w+)'")
_FAILED_NODE = re.compile(r"Node (\w+) \(number (\d+)\) failed to")


@dataclass(frozen=True, slots=True)
class Outputs:
    """What an interpreter computed.

    Attributes:
        arrays: One per output tensor, shape [samples, *shape of the tensor], the tensor's dtype.
        interpreter: Its name, such as "tflite_micro".
        version: Its version.
    """

    arrays: tuple[NDArray[np.generic], ...]
    interpreter: str
    version: str


def oracle_available() -> bool:
    """Whether this machine has tflite_micro, which has wheels for Linux on x86-64 only."""
    return importlib.util.find_spec("tflite_micro") is not None


def run_oracle(data: bytes, inputs: Vectors) -> Outputs:
    """The exact reference: every sample through tflite_micro, in a process of its own.

    The samples run in order through one interpreter that starts fresh and is not reset between them, as on the board:
    a model that keeps state (variables, recurrent layers) sees the same history there and here.

    Args:
        data: The .tflite file.
        inputs: One array per input tensor, as `Vectors` holds them.

    Raises:
        InputError: when tflite_micro cannot run the model: an operator it does not have, or tensors it refuses.
        ToolError: when there is no tflite_micro.
    """
    if not oracle_available():
        raise ToolError(
            "The exact oracle, the tflite_micro package, is not installed.",
            "It exists for Linux on x86-64: `pip install tflite-micro` there. Elsewhere `quantize`, `inspect`, "
            "`generate`, `build` and `flash` work; `run`, `verify` and `compare` need it.",
        )
    import tflite_micro  # noqa: F401 the fork shares it

    arena_bytes = generous_arena_bytes(read_tflite(data), data)
    try:
        arrays = run_isolated(interpret, data, inputs, arena_bytes)
    except WorkerError as error:
        raise _refused(error) from error
    return Outputs(arrays, "tflite_micro", version("tflite_micro"))


def require_oracle_runs(data: bytes, inputs: Vectors) -> None:
    """One sample through tflite_micro, which takes milliseconds, so that no build precedes the news that it cannot.

    It leaves no state behind: the process that runs it ends. Where there is no tflite_micro nothing is checked.

    Args:
        data: The .tflite file.
        inputs: The samples; the first one runs.

    Raises:
        InputError: as run_oracle() does.
    """
    if oracle_available():
        run_oracle(data, replace(inputs, arrays=tuple(array[:1] for array in inputs.arrays)))


def interpret(data: bytes, inputs: Vectors, arena_bytes: int) -> tuple[NDArray[np.generic], ...]:
    """What `run_oracle` runs, in this process: a crash or a message on stderr is the caller's.

    Raises:
        RuntimeError: when tflite_micro refuses the model; the reason is on stderr.
    """
    from tflite_micro import runtime

    interpreter = runtime.Interpreter.from_bytes(data, arena_size=arena_bytes)
    outputs = len(read_tflite(data).outputs)
    rows = []
    for sample in range(inputs.samples):
        for position, array in enumerate(inputs.arrays):
            interpreter.set_input(np.array(array[sample], order="C"), position)
        interpreter.invoke()
        rows.append([np.array(interpreter.get_output(position)) for position in range(outputs)])
    return tuple(np.stack(column) for column in zip(*rows, strict=True))


def run_litert(data: bytes, inputs: Vectors) -> Outputs:
    """LiteRT's outputs for the same samples, in a process of its own: not exact, reported beside the oracle's.

    XNNPACK and other delegates are off: these are TFLite's own kernels, the same on every host.

    Args:
        data: The .tflite file.
        inputs: One array per input tensor, as `Vectors` holds them.

    Raises:
        InputError: when LiteRT cannot run the model.
    """
    import ai_edge_litert.interpreter  # noqa: F401 the fork shares it

    try:
        arrays = run_isolated(_interpret_litert, data, inputs)
    except WorkerError as error:
        details = safe_lines("\n".join(filter(None, (error.reason, error.output))))
        problem = "it crashed: " if error.crashed else ""  # on a depthwise convolution without bias, for one
        raise InputError(
            f"LiteRT cannot run this model: {problem}{(details.splitlines() or ['no reason given'])[0]}",
            "Look at its operators and types with `boardproof inspect`.",
            details,
        ) from error
    return Outputs(arrays, "ai_edge_litert", version("ai_edge_litert"))


def _interpret_litert(data: bytes, inputs: Vectors) -> tuple[NDArray[np.generic], ...]:
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    interpreter = Interpreter(
        model_content=data,
        num_threads=1,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    interpreter.allocate_tensors()
    sources = [detail["index"] for detail in interpreter.get_input_details()]
    results = [detail["index"] for detail in interpreter.get_output_details()]
    rows = []
    for sample in range(inputs.samples):
        for index, array in zip(sources, inputs.arrays, strict=True):
            interpreter.set_tensor(index, array[sample])
        interpreter.invoke()
        rows.append([interpreter.get_tensor(index) for index in results])
    return tuple(np.stack(column) for column in zip(*rows, strict=True))


def generous_arena_bytes(graph: Graph, data: bytes) -> int:
    """An arena that no model exceeds: every tensor apart, as much again for scratch, and room for bookkeeping."""
    activations = sum(t.size_bytes for g in (graph, *graph.subgraphs) for t in g.tensors if not t.is_constant)
    return 2 * activations + 2 * len(data) + ARENA_SLACK_BYTES


def _refused(error: WorkerError) -> InputError:
    """What tflite_micro's words mean for the user."""
    details = safe_lines(error.output)
    if error.crashed:
        return InputError(
            f"The oracle, tflite_micro, crashed on this model ({error.reason}): its tensors may not fit together.",
            "Convert the model again with a current TensorFlow; look at it with `boardproof inspect`.",
            details,
        )
    if missing := _MISSING_OPERATOR.search(details):
        return InputError(
            f"The oracle, tflite_micro, does not have the operator {missing[1]}.",
            "Replace the layer that makes it: TensorFlow Lite Micro cannot run it on a board either.",
            details,
        )
    if node := _FAILED_NODE.search(details):
        return InputError(
            f"The oracle, tflite_micro, refuses operator {node[2]} ({node[1]}): {details.splitlines()[0]}",
            "Its types or quantization are not what TensorFlow Lite Micro supports: convert to full-integer int8.",
            details,
        )
    return InputError(
        f"The oracle, tflite_micro, cannot run this model: {(details.splitlines() or [error.reason])[0]}",
        "Look at its operators and types with `boardproof inspect`; full-integer int8 models are supported best.",
        details,
    )

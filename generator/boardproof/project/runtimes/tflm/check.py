"""What will not run on TensorFlow Lite Micro, found before anything is compiled, with the way out of each.

What runs on no microcontroller at all (float16, open shapes) `boardproof.model.preflight` finds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.model.graph import DType
from boardproof.model.preflight import Finding, Severity
from boardproof.project.runtimes.tflm.crashes import check_crashes
from boardproof.project.runtimes.tflm.facts import NAME, OPERATOR_VERSIONS, VERSION
from boardproof.project.runtimes.tflm.memory import check_memory
from boardproof.project.runtimes.tflm.resolver import all_uses
from boardproof.project.runtimes.tflm.rounding import check_roundings
from boardproof.project.runtimes.tflm.slips import check_slips

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boardproof.model.graph import Graph, Tensor
    from boardproof.project.boards import Board
    from boardproof.project.runtimes.tflm.library import TflmLibrary
    from boardproof.project.runtimes.tflm.resolver import Use

_FULL_INTEGER = "Convert the Keras model with full-integer quantization: boardproof quantize MODEL --scheme int8."
_FIXED_SHAPE = (
    "Give every dimension of the model's input a size, the batch included, such as "
    "keras.Input(batch_shape=(1, 49, 10, 1)), and convert again."
)
_FLEX_PREFIX = "Flex"
_WEIGHT_INPUT = {
    "BATCH_MATMUL": 1,
    "CONV_2D": 1,
    "DEPTHWISE_CONV_2D": 1,
    "FULLY_CONNECTED": 1,
    "SVDF": 1,
    "TRANSPOSE_CONV": 1,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": 2,
}
"""Which input holds the weights."""
_DATA_INPUT = {"EMBEDDING_LOOKUP": 1, "SPLIT": 1, "TRANSPOSE_CONV": 2}
"""Which input holds the data, where it is not the first."""
_BIAS_INPUT = {"CONV_2D": 2, "DEPTHWISE_CONV_2D": 2, "SVDF": 3, "TRANSPOSE_CONV": 3}
"""Which input holds the bias."""
_BIAS_OF_INT16 = frozenset({"TRANSPOSE_CONV"})
"""Operators whose missing bias matters with int16 data only."""
_QUANTIZED_WEIGHTS = frozenset({DType.INT4, DType.INT8, DType.UINT8})


def check_graph(graph: Graph, library: TflmLibrary, board: Board) -> tuple[Finding, ...]:
    """Everything about a network that will not run with a library on a board; all of it, not the first."""
    findings: list[Finding] = []
    for use in all_uses(graph):
        findings += _check_operator(use, library)
    findings += check_memory(graph, board)
    findings += check_roundings(graph, library)
    return tuple(findings)


def check_library(library: TflmLibrary) -> Iterator[Finding]:
    """A note when the library is not here, so that its abilities could not be read."""
    if not library.inspected:
        yield Finding(
            Severity.NOTE,
            "library-not-read",
            f"{library.title} has not been fetched: what it can do is not read from it but taken to be what "
            f"{NAME} {VERSION} can.",
            "Give a copy with --tflm-lib PATH; `boardproof generate` and `run` fetch it, and check again.",
        )


def _check_operator(use: Use, library: TflmLibrary) -> Iterator[Finding]:
    operator = use.operator
    if library.method(use.opcode, is_custom=use.is_custom) is None:
        yield _missing_operator(use, library)
        return
    hybrid = _hybrid_weights(use)
    if hybrid is not None:
        yield Finding(
            Severity.ERROR,
            "hybrid-weights",
            f"{_place(use)} has {hybrid.dtype} weights and float32 activations (dynamic-range quantization), which "
            "TensorFlow Lite Micro does not implement: some kernels refuse it, others compute nonsense.",
            _FULL_INTEGER,
            operator.index,
            hybrid.index,
        )
    else:
        yield from _check_types(use, library)
        yield from _check_per_channel(use, library)
        yield from _check_bias(use, library)
        yield from check_crashes(use, library)
        yield from check_slips(use, library)
    yield from _check_version(use, library)
    if operator.name == "SHAPE":
        yield Finding(
            Severity.WARNING,
            "dynamic-shape",
            f"{_place(use)} computes a shape at run time, though the interpreter cannot resize tensors: Keras inserts "
            "it when the batch size is open. It costs flash and time for nothing.",
            _FIXED_SHAPE,
            operator.index,
        )


def _check_version(use: Use, library: TflmLibrary) -> Iterator[Finding]:
    newest = OPERATOR_VERSIONS.get(use.operator.name)
    if newest is None or use.operator.version <= newest or library.per_channel_fully_connected:
        return  # a library that knows per-channel FULLY_CONNECTED is newer than the table
    yield Finding(
        Severity.WARNING,
        "operator-version",
        f"{_place(use)} has version {use.operator.version}; {library.title} was made when {newest} was the newest.",
        "It may work if the model does not use what is new in that version; the comparison with the oracle tells. "
        "A newer library, or converting with an older TensorFlow, is the sure way.",
        use.operator.index,
    )


def _missing_operator(use: Use, library: TflmLibrary) -> Finding:
    kind = "custom operator" if use.is_custom else "operator"
    hint = "Replace the layer it comes from, or give a library that has the operator with --tflm-lib."
    if use.is_custom and use.opcode.startswith(_FLEX_PREFIX):
        hint = (
            "It is a TensorFlow operator that only TensorFlow itself runs: replace the layer it comes from, and "
            "convert with TFLITE_BUILTINS_INT8 alone."
        )
    return Finding(
        Severity.ERROR,
        "unsupported-operator",
        f"{library.title} has no {kind} {use.operator.name} (operator {use.operator.index}).",
        hint,
        use.operator.index,
    )


def _hybrid_weights(use: Use) -> Tensor | None:
    """The weights, when they are quantized and the data is not."""
    position = _WEIGHT_INPUT.get(use.operator.name)
    if position is None:
        return None
    weights, data = use.input(position), use.input(_DATA_INPUT.get(use.operator.name, 0))
    if weights is None or data is None or data.dtype is not DType.FLOAT32:
        return None
    return weights if weights.dtype in _QUANTIZED_WEIGHTS else None


def _check_types(use: Use, library: TflmLibrary) -> Iterator[Finding]:
    """A kernel that dispatches on the type and never mentions it refuses it."""
    known = library.kernel_types.get(use.operator.name, frozenset())
    if DType.FLOAT32 not in known:
        return  # the types it mentions are those of shapes or indices; the data it copies whatever it is
    positions = {_DATA_INPUT.get(use.operator.name, 0), _WEIGHT_INPUT.get(use.operator.name, 0)}
    for position in sorted(positions):
        tensor = use.input(position)
        if tensor is None or tensor.dtype in known or tensor.dtype is DType.FLOAT16:
            continue
        yield Finding(
            Severity.ERROR,
            "unsupported-type",
            f"{_place(use)} works on {tensor.dtype} ({_tensor(tensor)}), which {library.title} does not implement; it "
            f"has {', '.join(sorted(known))}.",
            _FULL_INTEGER,
            use.operator.index,
            tensor.index,
        )


def _check_per_channel(use: Use, library: TflmLibrary) -> Iterator[Finding]:
    if use.operator.name != "FULLY_CONNECTED" or library.per_channel_fully_connected:
        return
    weights = use.input(1)
    if weights is None or weights.quantization is None or not weights.quantization.per_channel:
        return
    yield Finding(
        Severity.ERROR,
        "per-channel-fully-connected",
        f"{_place(use)} has weights quantized per channel ({len(weights.quantization.scales)} scales); {library.title} "
        "uses the first scale for all of them and computes wrong results without a word.",
        "Convert with converter._experimental_disable_per_channel_quantization_for_dense_layers = True (boardproof "
        "quantize does), or give a newer library with --tflm-lib.",
        use.operator.index,
        weights.index,
    )


def _check_bias(use: Use, library: TflmLibrary) -> Iterator[Finding]:
    if use.opcode not in library.needs_bias:
        return
    data = use.input(_DATA_INPUT.get(use.opcode, 0))
    if use.opcode in _BIAS_OF_INT16 and (data is None or data.dtype is not DType.INT16):
        return
    if use.input(_BIAS_INPUT[use.opcode]) is None:
        yield Finding(
            Severity.ERROR,
            "missing-bias",
            f"{_place(use)} has no bias, and {library.title} reads it nevertheless: the firmware would crash.",
            "Convert with TensorFlow's own converter, which writes a bias of zeros, give a newer library with "
            "--tflm-lib, or use --runtime aot.",
            use.operator.index,
        )


def _place(use: Use) -> str:
    return f"Operator {use.operator.index}, {use.operator.name},"


def _tensor(tensor: Tensor) -> str:
    return f"tensor {tensor.index} ({tensor.label})"

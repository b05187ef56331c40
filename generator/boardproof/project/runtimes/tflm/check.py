"""What will not run on TensorFlow Lite Micro, found before anything is compiled, with the way out of each.

What runs on no microcontroller at all (float16, open shapes) `boardproof.model.preflight` finds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.model.graph import DType
from boardproof.model.preflight import Finding, Severity
from boardproof.project.runtimes.interpreted import FLEX_HINT, FLEX_PREFIX
from boardproof.project.runtimes.tflm.crashes import check_crashes
from boardproof.project.runtimes.tflm.element_types import DATA_INPUT, WEIGHT_INPUT, check_types
from boardproof.project.runtimes.tflm.facts import NAME, VERSION
from boardproof.project.runtimes.tflm.floats import check_floats
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
_OTHER_LIBRARY = ", or give a library that has the operator with --tflm-lib."
_IN_PLACE_OF = {
    "SELECT": "Look the rows of a keras.layers.Embedding up with tf.gather, make one side of a tf.where a constant "
    "(which gives SELECT_V2)"
}
_BIAS_INPUT = {"CONV_2D": 2, "DEPTHWISE_CONV_2D": 2, "SVDF": 3, "TRANSPOSE_CONV": 3}
"""Which input holds the bias."""
_BIAS_OF_INT16 = frozenset({"TRANSPOSE_CONV"})
"""Operators whose missing bias matters with int16 data only."""
_BIAS_OF_ZEROS = "Convert with TensorFlow's own converter, which writes a bias of zeros, "
_BIAS_FOR = {
    "TRANSPOSE_CONV": "TensorFlow leaves a bias of zeros out here: train the layer with one (use_bias=True), quantize "
    "to int8 (boardproof quantize MODEL --scheme int8), "
}
_WAYS_ON = "give a newer library with --tflm-lib, or use --runtime aot."
_QUANTIZED_WEIGHTS = frozenset({DType.INT4, DType.INT8, DType.UINT8})


def check_graph(graph: Graph, library: TflmLibrary, board: Board) -> tuple[Finding, ...]:
    """Everything about a network that will not run with a library on a board; all of it, not the first."""
    uses = tuple(all_uses(graph))
    found = [list(_check_operator(use, library)) for use in uses]
    findings = [finding for operator in found for finding in operator]
    failing = {use.code for use, operator in zip(uses, found, strict=True) if _has_error(operator)}
    for use in uses:
        if use.code not in failing:
            findings += _check_version(use, library)
    findings += check_memory(graph, board)
    findings += check_roundings(graph, library)
    findings += check_floats(graph)
    return tuple(findings)


def _has_error(findings: list[Finding]) -> bool:
    return any(finding.severity is Severity.ERROR for finding in findings)


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
    if library.method(use.opcode, is_custom=use.is_custom) is None:
        yield _missing_operator(use, library)
        return
    hybrid = _hybrid_weights(use)
    if hybrid is not None:
        yield use.finding(
            Severity.ERROR,
            "hybrid-weights",
            f"{use.place} has {hybrid.dtype} weights and float32 activations (dynamic-range quantization), which "
            "TensorFlow Lite Micro does not implement: some kernels refuse it, others compute nonsense.",
            _FULL_INTEGER,
            hybrid,
        )
    else:
        yield from check_types(use, library)
        yield from _check_per_channel(use, library)
        yield from _check_bias(use, library)
        yield from check_crashes(use, library)
        yield from check_slips(use, library)
    if use.operator.name == "SHAPE":
        yield use.finding(
            Severity.WARNING,
            "dynamic-shape",
            f"{use.place} computes a shape at run time, though the interpreter cannot resize tensors: Keras inserts "
            "it when the batch size is open. It costs flash and time for nothing.",
            _FIXED_SHAPE,
        )


def _check_version(use: Use, library: TflmLibrary) -> Iterator[Finding]:
    """A warning where a version is newer than the library: TensorFlow Lite Micro itself never looks at versions.

    All operators of one kind share the highest version that one of them needs, so none is warned of where another of
    its kind has an error.
    """
    newest = library.operator_versions.get(use.operator.name)
    if newest is None or use.operator.version <= newest:
        return
    yield use.finding(
        Severity.WARNING,
        "operator-version",
        f"{use.place} has version {use.operator.version}; {library.title} was made when {newest} was the newest.",
        "It may work if the model does not use what is new in that version; the comparison with the oracle tells. "
        "A newer library, or converting with an older TensorFlow, is the sure way.",
    )


def _missing_operator(use: Use, library: TflmLibrary) -> Finding:
    kind = "custom operator" if use.is_custom else "operator"
    hint = _IN_PLACE_OF.get(use.opcode, "Replace the layer it comes from") + _OTHER_LIBRARY
    if use.is_custom and use.opcode.startswith(FLEX_PREFIX):
        hint = FLEX_HINT
    return use.finding(
        Severity.ERROR,
        "unsupported-operator",
        f"{library.title} has no {kind} {use.operator.name} (operator {use.number}).",
        hint,
    )


def _hybrid_weights(use: Use) -> Tensor | None:
    """The weights, when they are quantized and the data is not."""
    position = WEIGHT_INPUT.get(use.operator.name)
    if position is None:
        return None
    weights, data = use.input(position), use.input(DATA_INPUT.get(use.operator.name, 0))
    if weights is None or data is None or data.dtype is not DType.FLOAT32:
        return None
    return weights if weights.dtype in _QUANTIZED_WEIGHTS else None


def _check_per_channel(use: Use, library: TflmLibrary) -> Iterator[Finding]:
    if use.operator.name != "FULLY_CONNECTED" or library.per_channel_fully_connected:
        return
    weights = use.input(1)
    if weights is None or weights.quantization is None or not weights.quantization.per_channel:
        return
    yield use.finding(
        Severity.ERROR,
        "per-channel-fully-connected",
        f"{use.place} has weights quantized per channel ({len(weights.quantization.scales)} scales); {library.title} "
        "uses the first scale for all of them and computes wrong results without a word.",
        "Convert with converter._experimental_disable_per_channel_quantization_for_dense_layers = True (boardproof "
        "quantize does), or give a newer library with --tflm-lib.",
        weights,
    )


def _check_bias(use: Use, library: TflmLibrary) -> Iterator[Finding]:
    if use.opcode not in library.needs_bias:
        return
    data = use.input(DATA_INPUT.get(use.opcode, 0))
    if use.opcode in _BIAS_OF_INT16 and (data is None or data.dtype is not DType.INT16):
        return
    if use.input(_BIAS_INPUT[use.opcode]) is None:
        yield use.finding(
            Severity.ERROR,
            "missing-bias",
            f"{use.place} has no bias, and {library.title} reads it nevertheless: the firmware would crash.",
            _BIAS_FOR.get(use.opcode, _BIAS_OF_ZEROS) + _WAYS_ON,
        )

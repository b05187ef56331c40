"""Which element types a library's kernels take and give, and what to do about a network that has others.

The types of inputs `headers.kernel_types` reads; those of outputs, where an operator may choose them, are read here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from boardproof.model.graph import DType
from boardproof.model.preflight import Severity
from boardproof.project.runtimes.tflm.headers import operator_sources, types_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from boardproof.model.graph import Tensor
    from boardproof.model.preflight import Finding
    from boardproof.project.runtimes.tflm.library import TflmLibrary
    from boardproof.project.runtimes.tflm.resolver import Use

WEIGHT_INPUT = {
    "BATCH_MATMUL": 1,
    "CONV_2D": 1,
    "DEPTHWISE_CONV_2D": 1,
    "FULLY_CONNECTED": 1,
    "SVDF": 1,
    "TRANSPOSE_CONV": 1,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": 2,
}
"""Which input holds the weights."""
DATA_INPUT = {"EMBEDDING_LOOKUP": 1, "SPLIT": 1, "TRANSPOSE_CONV": 2}
"""Which input holds the data, where it is not the first."""

_CHOOSES_OUTPUT = ("ARG_MAX", "ARG_MIN", "CAST", "SHAPE")
"""Operators whose output has a type of its own; the others' follows from their input's."""
_OUTPUT_IS = re.compile(r"\bout(?:put)?->type\s*[!=]=\s*kTfLite\w+")
_OUTPUT_SWITCH = re.compile(r"\bswitch\s*\(\s*out(?:put)?->type\s*\)\s*\{")

_WIDE = frozenset({DType.INT64, DType.UINT64, DType.FLOAT64})
_WHOLE = frozenset({DType.INT32, DType.UINT32, DType.BOOL, DType.UINT8, DType.UINT16})
_ADDS_INDICES = frozenset({"ADD", "SUB", "MUL"})
"""Operators that newer libraries and aot do on int32 too."""


def output_types(sources: Path) -> Mapping[str, frozenset[DType]]:
    """The element types that operators which choose their output's give, by what their kernels compare it with."""
    texts = operator_sources(sources)
    found = {opcode: _compared_with(texts.get(opcode, "")) for opcode in _CHOOSES_OUTPUT}
    return {opcode: types for opcode, types in found.items() if types}


def _compared_with(text: str) -> frozenset[DType]:
    tests = (match[0] for match in _OUTPUT_IS.finditer(text))
    switches = (_block(text, match.end()) for match in _OUTPUT_SWITCH.finditer(text))
    return frozenset(types_in(" ".join((*tests, *switches))))


def _block(text: str, start: int) -> str:
    """What follows an opening brace, up to the one that closes it."""
    depth = 1
    for position in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[position], 0)
        if depth == 0:
            return text[start:position]
    return text[start:]


def check_types(use: Use, library: TflmLibrary) -> Iterator[Finding]:
    """A kernel that dispatches on a type and never mentions the one at hand refuses it, or writes nothing."""
    known = library.kernel_types.get(use.operator.name, frozenset())
    positions = {DATA_INPUT.get(use.operator.name, 0), WEIGHT_INPUT.get(use.operator.name, 0)}
    for position in sorted(positions):
        tensor = use.input(position)
        if tensor is None or tensor.dtype in known or tensor.dtype is DType.FLOAT16:
            continue
        if DType.FLOAT32 in known:  # else they are those of shapes or indices; the data it copies whatever it is
            yield _unsupported(use, tensor, f"works on {tensor.dtype}", known, library)
    given, result = library.output_types.get(use.opcode), use.output(0)
    if given and result is not None and result.dtype not in given:
        yield _unsupported(use, result, f"gives {result.dtype}", given, library)


def _unsupported(use: Use, tensor: Tensor, what: str, known: frozenset[DType], library: TflmLibrary) -> Finding:
    return use.finding(
        Severity.ERROR,
        "unsupported-type",
        f"{use.place} {what} (tensor {tensor.index} ({tensor.label})), which {library.title} does not implement; it "
        f"has {', '.join(sorted(known))}.",
        _way_out(use, tensor, known),
        tensor,
    )


def _way_out(use: Use, tensor: Tensor, known: frozenset[DType]) -> str:
    """What helps with this type: quantizing changes neither indices nor what has no int8 kernel."""
    if use.opcode == "CAST" and tensor.dtype is DType.BOOL:
        return "Compare in place of tf.cast: tf.not_equal(x, 0) gives the same."
    if tensor.dtype in _WIDE:
        return (
            "Use 32 bits, such as tf.argmax(x, output_type=tf.int32), tf.shape(x, out_type=tf.int32) or "
            "tf.cast(x, tf.int32), or take this step out of the model."
        )
    if tensor.quantization is None and tensor.dtype in _WHOLE:
        return _way_out_of_indices(use)
    if DType.INT8 in known and tensor.dtype is not DType.INT8:
        return "Convert the Keras model with full-integer quantization: boardproof quantize MODEL --scheme int8."
    return (
        "Replace the layer it comes from, keep the model in float32 (--scheme float32), or give a newer library with "
        "--tflm-lib."
    )


def _way_out_of_indices(use: Use) -> str:
    """Whole numbers that stand for themselves: TensorFlow makes them, as a rule, where nobody asked for any."""
    if use.part != 0:
        return (
            "It counts the steps of a loop, which recurrent layers do without when unrolled (unroll=True); or give a "
            "newer library with --tflm-lib."
        )
    cast = "No quantization changes these whole numbers. Cast them to float32 first (tf.cast)"
    if use.opcode in _ADDS_INDICES:
        return (
            f"{cast}; for keras.layers.Embedding, look the rows up with tf.gather; give a newer library with "
            "--tflm-lib, or use --runtime aot."
        )
    return f"{cast}, or take this step out of the model."

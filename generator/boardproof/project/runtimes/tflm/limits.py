"""Reads in a TensorFlow Lite Micro library's sources what makes its firmware fail on what tflite_micro runs.

Each is a matter of how an old release was written; libraries made from newer ones have fewer of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from boardproof.project.runtimes.tflm.headers import MICRO, header_text, operator_sources, resolver_methods, source_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_INTERNAL = "tensorflow/lite/kernels/internal"
_SHAPE_AXES = re.compile(r"\bkMaxSmallSize\s*=\s*(\d+)")
_REDUCED_AXES = re.compile(r"\bkMaxNumberOfReducedAxis\s*=\s*(\d+)")
_BROADCASTS = re.compile(r"\bBroadcast\w*?DSlow")
_REFERENCE_HEADER = re.compile(r'#include\s*"([^"]*/kernels/internal/reference/[^"]+)"')
_DESCRIBED_AXES = re.compile(r"\bNdArrayDesc<(\d)>")
_WRITES_SHAPE = re.compile(r"\boutput(?:_shape|->dims)->data\[\w+\+\+\]\s*=[^=]")
_WRITABLE_SHAPE = "CreateWritableTensorDims"
_RETURNS_EARLY = re.compile(r"FlatSize\(\)\s*==\s*1\s*\)\s*\{\s*return kTfLiteOk")
_EQUAL_SCALES = re.compile(r"TF_LITE_ENSURE_EQ\([^;]*op_data->input_scale[^;]*op_data->output_scale")
_STOPS = re.compile(r"TFLITE_CHECK_GT\(\s*double_multiplier,\s*1\.\s*\)")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a library cannot do, though its operators' names and types promise it.

    Attributes:
        shape_axes: How many axes its shapes hold; it copies more of them over what lies behind. None: no matter.
        shaped: Operators whose kernels put shapes into such.
        broadcast_axes: How many axes operators can broadcast over; with more they call abort().
        reduced_axes: How many axes MEAN and SUM can reduce; they write more of them past an array on the stack.
        writes_model: Operators that write to a shape where the model has it, which is read-only memory.
        keeps_temporaries: Operators that refuse tensors of one element, as they do not give temporary memory back.
        equal_scales: Operators that stop where input and output have different scales.
        smallest_softmax: Whether a softmax whose differences are less than 2**-26 calls abort().
    """

    shape_axes: int | None = None
    shaped: frozenset[str] = frozenset()
    broadcast_axes: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    reduced_axes: int | None = None
    writes_model: frozenset[str] = frozenset()
    keeps_temporaries: frozenset[str] = frozenset()
    equal_scales: frozenset[str] = frozenset()
    smallest_softmax: bool = False


def limits(sources: Path) -> Limits:
    """What the library below `sources` cannot do."""
    known = resolver_methods(sources).builtin
    texts = {opcode: text for opcode, text in operator_sources(sources).items() if opcode in known}
    reductions = source_text(sources, f"{MICRO}/kernels/reduce_common")
    scaling = source_text(sources, f"{_INTERNAL}/quantization_util")
    return Limits(
        shape_axes=_shape_axes(sources),
        shaped=frozenset(opcode for opcode, text in texts.items() if "GetTensorShape(" in text),
        broadcast_axes={opcode: axes for opcode, text in texts.items() if (axes := _broadcast_axes(sources, text))},
        reduced_axes=_number(_REDUCED_AXES, reductions),
        writes_model=frozenset(
            opcode for opcode, text in texts.items() if _WRITES_SHAPE.search(text) and _WRITABLE_SHAPE not in text
        ),
        keeps_temporaries=frozenset(op for op in ("SELECT_V2",) if _RETURNS_EARLY.search(texts.get(op, ""))),
        equal_scales=frozenset({"REDUCE_MAX"} if _EQUAL_SCALES.search(reductions) else ()),
        smallest_softmax=_STOPS.search(scaling) is not None,
    )


def _shape_axes(sources: Path) -> int | None:
    """TensorFlow Lite's own shapes hold any number of axes: beyond the small size they point to a heap."""
    text = header_text(sources, f"{_INTERNAL}/runtime_shape.h") or header_text(sources, f"{_INTERNAL}/types.h")
    return None if "dims_pointer_" in text else _number(_SHAPE_AXES, text)


def _broadcast_axes(sources: Path, text: str) -> int | None:
    """As many as the descriptions in the reference kernels that the operator's sources include have."""
    if not _BROADCASTS.search(text):
        return None
    headers = (header_text(sources, name) for name in _REFERENCE_HEADER.findall(text))
    counts = [int(count) for header in headers for count in _DESCRIBED_AXES.findall(header)]
    return min(counts, default=None)


def _number(pattern: re.Pattern[str], text: str) -> int | None:
    match = pattern.search(text)
    return int(match[1]) if match else None

"""Comparisons, EQUAL to NOT_EQUAL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.fixed_point import quantize_multiplier, requantize
from boardproof.model.graph import Comparison, DType
from boardproof.project.runtimes.aot.entry import BOOL, FLOAT, INT8, INT32, INT64, Entry, Types
from boardproof.project.runtimes.aot.operands import SUFFIXES, quantization
from boardproof.project.runtimes.aot.operators.elementwise.lookup import inputs_of
from boardproof.project.runtimes.aot.operators.elementwise.pairing import Pairing, pairing_step
from boardproof.project.runtimes.aot.operators.elementwise.rescaling import is_below_one

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    from boardproof.model.graph import Compare, Graph, Tensor
    from boardproof.model.preflight import Finding
    from boardproof.project.runtimes.aot.checks.findings import Subject
    from boardproof.project.runtimes.aot.program import Step, Value

    Ints = NDArray[np.int64]

COMPARE_HEADROOM_BITS = 8
"""Quantized inputs are compared in units of 2^-8."""

_RELATIONS: Mapping[Comparison, tuple[str, bool, Callable[[Ints, Ints], NDArray[np.bool_]]]] = {
    Comparison.EQUAL: ("equal", False, np.equal),
    Comparison.GREATER: ("less", True, np.greater),
    Comparison.GREATER_EQUAL: ("less_equal", True, np.greater_equal),
    Comparison.LESS: ("less", False, np.less),
    Comparison.LESS_EQUAL: ("less_equal", False, np.less_equal),
    Comparison.NOT_EQUAL: ("not_equal", False, np.not_equal),
}
"""The kernel, whether it takes the inputs the other way round, and the relation."""


def lower_compare(op: Compare, graph: Graph) -> Step:
    """One kernel of nn_compare.h, or a table."""
    first, second = graph.tensors[op.inputs[0]], graph.tensors[op.inputs[1]]
    name, swapped, relation = _RELATIONS[op.function]
    if first.dtype is not DType.INT8:
        pairing = Pairing(f"nn_{name}_{SUFFIXES[first.dtype]}", "nn_compare.h", "nn_compare", swapped=swapped)
        return pairing_step(op, graph, pairing)

    def evaluate(a: Ints, b: Ints) -> Ints:
        return np.asarray(relation(scaled(first, a), scaled(second, b)), np.int64)

    if same_order(first, second):
        pairing = Pairing(f"nn_{name}_s8", "nn_compare.h", "nn_compare", (), evaluate, swapped=swapped)
    else:
        pairing = Pairing(
            f"nn_{name}_scaled_s8",
            "nn_compare.h",
            "nn_compare_scaled_s8",
            _scaling_fields(*((second, first) if swapped else (first, second))),
            evaluate,
            swapped=swapped,
        )
    return pairing_step(op, graph, pairing)


def scaled(tensor: Tensor, values: Ints) -> Ints:
    """What TensorFlow Lite Micro compares for values of a quantized tensor.

    Source: tensorflow/lite/micro/kernels/comparisons.cc and kernels/internal/reference/comparisons.h.
    """
    factor = quantize_multiplier(quantization(tensor).scale)
    return requantize((values - quantization(tensor).zero_point) << COMPARE_HEADROOM_BITS, *factor)


def same_order(first: Tensor, second: Tensor) -> bool:
    """Whether comparing int8 values as they are gives the same: one quantization, and no two values scaled alike."""
    one, other = quantization(first), quantization(second)
    values = np.sort(scaled(first, inputs_of(DType.INT8)))
    return (one.scale, one.zero_point) == (other.scale, other.zero_point) and bool((np.diff(values) > 0).all())


def _scaling_fields(*tensors: Tensor) -> tuple[tuple[str, Value], ...]:
    factors = [quantize_multiplier(quantization(tensor).scale) for tensor in tensors]
    return tuple(
        (f"{name}{suffix}", value)
        for suffix, tensor, (multiplier, shift) in zip("12", tensors, factors, strict=True)
        for name, value in (
            ("zero_point", quantization(tensor).zero_point),
            ("multiplier", multiplier),
            ("shift", shift),
        )
    )


def check_compare(op: Compare, subject: Subject) -> Iterator[Finding]:  # noqa: ARG001 one signature for all
    """int8: scales below one, or TFLM stops the program."""
    for tensor in dict.fromkeys((subject.input(0), subject.input(1))):
        if tensor.dtype is DType.INT8 and not is_below_one(quantization(tensor).scale):
            what = f"compares {tensor.label}, whose scale is not below 1, which TensorFlow Lite Micro cannot"
            yield subject.error("quantization", what, "Scale the values down before.", tensor)


_NUMBERS = (INT8, INT32, INT64, FLOAT)


def _compare(*dtypes: DType) -> Entry:
    types = tuple(Types((dtype, dtype), BOOL) for dtype in dtypes)
    return Entry(lower_compare, types, check_compare, limits="int8 scales are below 1")


ENTRIES: Mapping[str, Entry] = {
    "EQUAL": _compare(*_NUMBERS, BOOL),
    "GREATER": _compare(*_NUMBERS),
    "GREATER_EQUAL": _compare(*_NUMBERS),
    "LESS": _compare(*_NUMBERS),
    "LESS_EQUAL": _compare(*_NUMBERS),
    "NOT_EQUAL": _compare(*_NUMBERS, BOOL),
}

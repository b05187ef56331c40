"""The operators that work element by element, one line each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.model.graph import DType
from boardproof.project.runtimes.aot.checks.elementwise import (
    check_add_n,
    check_binary,
    check_compare,
    check_leaky_relu,
    check_prelu,
    check_quantize,
    check_select,
    check_unary,
)
from boardproof.project.runtimes.aot.entry import Entry, Types, alike
from boardproof.project.runtimes.aot.lowering.add_n import lower_add_n
from boardproof.project.runtimes.aot.lowering.compare import lower_compare, lower_select
from boardproof.project.runtimes.aot.lowering.convert import CAST_TYPES, lower_cast, lower_dequantize, lower_quantize
from boardproof.project.runtimes.aot.lowering.elementwise import lower_binary, lower_prelu
from boardproof.project.runtimes.aot.lowering.unary import lower_leaky_relu, lower_unary

if TYPE_CHECKING:
    from collections.abc import Mapping

_INT8, _UINT8, _INT16, _INT32, _INT64 = DType.INT8, DType.UINT8, DType.INT16, DType.INT32, DType.INT64
_FLOAT, _BOOL = DType.FLOAT32, DType.BOOL

_LIBRARY = "not float32, which depends on the C library"


def _unary(*dtypes: DType, limits: str = "", needs_scales: bool = True) -> Entry:
    return Entry(lower_unary, alike(*dtypes), check_unary, needs_scales, limits)


def _binary(*dtypes: DType, limits: str = "", needs_scales: bool = True) -> Entry:
    return Entry(lower_binary, alike(*dtypes, inputs=2), check_binary, needs_scales, limits)


def _compare(*dtypes: DType) -> Entry:
    types = tuple(Types((dtype, dtype), _BOOL) for dtype in dtypes)
    return Entry(lower_compare, types, check_compare, limits="int8 scales are below 1")


_NUMBERS = (_INT8, _INT32, _INT64, _FLOAT)

ELEMENTWISE: Mapping[str, Entry] = {
    "ABS": _unary(_INT8, _INT16, _FLOAT, needs_scales=False),
    "ADD": _binary(_INT8, _INT16, _INT32, _FLOAT),
    "ADD_N": Entry(lower_add_n, alike(_INT8, _FLOAT), check_add_n, limits="int8: up to 15 inputs"),
    "CAST": Entry(
        lower_cast,
        tuple(Types((source,), target) for source in CAST_TYPES for target in CAST_TYPES),
        needs_scales=False,
    ),
    "CEIL": _unary(_FLOAT),
    "DEQUANTIZE": Entry(lower_dequantize, tuple(Types((dtype,), _FLOAT) for dtype in (_INT8, _UINT8, _INT16))),
    "DIV": _binary(_INT8, _INT32, _FLOAT, limits="int8: where TensorFlow Lite Micro's arithmetic is defined"),
    "ELU": _unary(_INT8, limits=_LIBRARY),
    "EQUAL": _compare(*_NUMBERS, _BOOL),
    "EXP": _unary(_FLOAT),
    "FLOOR": _unary(_FLOAT),
    "GREATER": _compare(*_NUMBERS),
    "GREATER_EQUAL": _compare(*_NUMBERS),
    "HARD_SWISH": _unary(_INT8, _FLOAT),
    "LEAKY_RELU": Entry(lower_leaky_relu, alike(_INT8, _INT16, _FLOAT), check_leaky_relu),
    "LESS": _compare(*_NUMBERS),
    "LESS_EQUAL": _compare(*_NUMBERS),
    "LOGICAL_AND": _binary(_BOOL),
    "LOGICAL_NOT": _unary(_BOOL),
    "LOGICAL_OR": _binary(_BOOL),
    "LOGISTIC": _unary(_INT8, _INT16, _FLOAT),
    "MAXIMUM": _binary(_INT8, _INT16, _INT32, _INT64, _FLOAT, needs_scales=False),
    "MINIMUM": _binary(_INT8, _INT16, _INT32, _INT64, _FLOAT, needs_scales=False),
    "MUL": _binary(_INT8, _INT16, _INT32, _FLOAT),
    "NEG": _unary(_FLOAT),
    "NOT_EQUAL": _compare(*_NUMBERS, _BOOL),
    "PRELU": Entry(
        lower_prelu,
        (*alike(_INT8, _FLOAT, inputs=2), Types((_INT16, _INT8), _INT16)),
        check_prelu,
        limits="float32: up to 4 axes",
    ),
    "QUANTIZE": Entry(
        lower_quantize,
        (
            *(Types((_INT8,), target) for target in (_INT8, _UINT8, _INT16, _INT32)),
            *(Types((_INT16,), target) for target in (_INT8, _INT16, _INT32)),
            *(Types((_INT32,), target) for target in (_INT8, _INT16)),
            *(Types((_FLOAT,), target) for target in (_INT8, _INT16)),
            Types((_UINT8,), _INT8),
        ),
        check_quantize,
    ),
    "RELU": _unary(_INT8, _INT16, _FLOAT),
    "RELU6": _unary(_INT8, _INT16, _FLOAT),
    "ROUND": _unary(_FLOAT),
    "RSQRT": _unary(_INT8, _INT16, _FLOAT, limits="int8 and int16: for numbers that are not negative"),
    "SELECT_V2": Entry(
        lower_select,
        tuple(Types((_BOOL, dtype), dtype) for dtype in (_INT8, _INT16, _FLOAT)),
        check_select,
        needs_scales=False,
    ),
    "SQRT": _unary(_FLOAT),
    "SQUARE": _unary(_FLOAT),
    "SQUARED_DIFFERENCE": _binary(_INT8, _INT16, _INT32, _FLOAT),
    "SUB": _binary(_INT8, _INT16, _INT32, _FLOAT),
    "TANH": _unary(_INT8, _INT16, limits=_LIBRARY),
}

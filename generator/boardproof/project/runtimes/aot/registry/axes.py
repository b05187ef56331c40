"""The operators that work along axes, one line each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.model.graph import DType
from boardproof.project.runtimes.aot.checks.axes import (
    check_arg_extremum,
    check_l2_normalization,
    check_log_softmax,
    check_reduce,
    check_softmax,
)
from boardproof.project.runtimes.aot.entry import Entry, Types, alike
from boardproof.project.runtimes.aot.lowering.normalize import lower_l2_normalization, lower_log_softmax, lower_softmax
from boardproof.project.runtimes.aot.lowering.reduce import lower_arg_extremum, lower_reduce

if TYPE_CHECKING:
    from collections.abc import Mapping

_INT8, _INT16, _INT32, _FLOAT = DType.INT8, DType.INT16, DType.INT32, DType.FLOAT32
_BOOL = DType.BOOL

_ARG = Entry(
    lower_arg_extremum,
    tuple(Types((dtype, _INT32), _INT32) for dtype in (_INT8, _FLOAT)),
    check_arg_extremum,
    needs_scales=False,
    limits="the axis is a constant",
)


def _reduce(*dtypes: DType) -> Entry:
    types = tuple(Types((dtype, _INT32), dtype) for dtype in dtypes)
    return Entry(lower_reduce, types, check_reduce, limits="the axes are constants")


AXES: Mapping[str, Entry] = {
    "ARG_MAX": _ARG,
    "ARG_MIN": _ARG,
    "L2_NORMALIZATION": Entry(lower_l2_normalization, alike(_INT8, _FLOAT), check_l2_normalization),
    "LOG_SOFTMAX": Entry(
        lower_log_softmax,
        alike(_INT8),
        check_log_softmax,
        limits="not float32, which depends on the C library; up to 4,095 classes",
    ),
    "MEAN": _reduce(_INT8, _INT16, _FLOAT),
    "REDUCE_ALL": _reduce(_BOOL),
    "REDUCE_MAX": _reduce(_INT8, _FLOAT),
    "REDUCE_MIN": _reduce(_INT8, _FLOAT),
    "SOFTMAX": Entry(
        lower_softmax,
        (*alike(_INT8, _INT16, _FLOAT), Types((_INT8,), _INT16)),
        check_softmax,
        limits="int8: up to 4,095 classes",
    ),
    "SUM": _reduce(_INT8, _INT16, _FLOAT),
}

"""The operators that are compiled ahead of time, one line each. docs/operators.md is made from this."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.model.graph import DType
from boardproof.project.runtimes.aot.check_movement import check_renamed
from boardproof.project.runtimes.aot.check_operators import (
    check_add,
    check_logistic,
    check_mean,
    check_pad,
    check_pool,
    check_rescaling,
    check_softmax,
    check_weights,
)
from boardproof.project.runtimes.aot.entry import Entry, Types, alike
from boardproof.project.runtimes.aot.lower_conv import lower_conv2d, lower_depthwise, lower_fully_connected
from boardproof.project.runtimes.aot.lower_elementwise import (
    lower_add,
    lower_dequantize,
    lower_quantize,
    lower_unary,
)
from boardproof.project.runtimes.aot.lower_pool import lower_mean, lower_pool
from boardproof.project.runtimes.aot.lower_shape import lower_pad, lower_reshape, lower_softmax
from boardproof.project.runtimes.aot.registry_movement import MOVEMENT
from boardproof.project.runtimes.aot.registry_state import STATE

if TYPE_CHECKING:
    from collections.abc import Mapping

_INT8, _UINT8, _INT16, _INT32, _FLOAT = DType.INT8, DType.UINT8, DType.INT16, DType.INT32, DType.FLOAT32

OPERATORS: Mapping[str, Entry] = {
    "ADD": Entry(lower_add, alike(_INT8, inputs=2), check_add),
    "AVERAGE_POOL_2D": Entry(lower_pool, alike(_INT8), check_pool),
    "CONV_2D": Entry(lower_conv2d, alike(_INT8), check_weights),
    "DEPTHWISE_CONV_2D": Entry(lower_depthwise, alike(_INT8), check_weights),
    "DEQUANTIZE": Entry(lower_dequantize, (Types((_INT8,), _FLOAT), Types((_UINT8,), _FLOAT))),
    "FULLY_CONNECTED": Entry(lower_fully_connected, alike(_INT8), check_weights),
    "LOGISTIC": Entry(lower_unary, alike(_INT8), check_logistic),
    "MAX_POOL_2D": Entry(lower_pool, alike(_INT8), check_pool),
    "MEAN": Entry(lower_mean, alike(_INT8), check_mean),
    "PAD": Entry(lower_pad, alike(_INT8, _INT16, _INT32, _FLOAT), check_pad, limits="the paddings are constants"),
    "QUANTIZE": Entry(
        lower_quantize,
        (*alike(_INT8), Types((_FLOAT,), _INT8), Types((_INT8,), _UINT8), Types((_UINT8,), _INT8)),
        check_rescaling,
    ),
    "RELU": Entry(lower_unary, alike(_INT8), check_rescaling),
    "RELU6": Entry(lower_unary, alike(_INT8)),
    "RESHAPE": Entry(lower_reshape, (), check_renamed),
    "SOFTMAX": Entry(lower_softmax, alike(_INT8), check_softmax),
    **MOVEMENT,
    **STATE,
}
"""By the operator's name."""

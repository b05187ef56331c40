"""The operators that are compiled ahead of time, one line each. docs/operators.md is made from this."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.model.graph import DType
from boardproof.project.runtimes.aot.check_movement import check_renamed
from boardproof.project.runtimes.aot.check_operators import (
    check_pad,
    check_pool,
    check_weights,
)
from boardproof.project.runtimes.aot.entry import Entry, alike
from boardproof.project.runtimes.aot.lower_conv import lower_conv2d, lower_depthwise, lower_fully_connected
from boardproof.project.runtimes.aot.lower_pool import lower_pool
from boardproof.project.runtimes.aot.lower_shape import lower_pad, lower_reshape
from boardproof.project.runtimes.aot.registry_axes import AXES
from boardproof.project.runtimes.aot.registry_elementwise import ELEMENTWISE
from boardproof.project.runtimes.aot.registry_movement import MOVEMENT
from boardproof.project.runtimes.aot.registry_products import PRODUCTS
from boardproof.project.runtimes.aot.registry_state import STATE

if TYPE_CHECKING:
    from collections.abc import Mapping

_INT8, _UINT8, _INT16, _INT32, _FLOAT = DType.INT8, DType.UINT8, DType.INT16, DType.INT32, DType.FLOAT32

_WEIGHTS = "weights and biases are constants, int16 has int64 biases, and no sum can overflow"

OPERATORS: Mapping[str, Entry] = {
    "AVERAGE_POOL_2D": Entry(lower_pool, alike(_INT8, _INT16, _FLOAT), check_pool),
    "CONV_2D": Entry(lower_conv2d, alike(_INT8, _INT16, _FLOAT), check_weights, limits=_WEIGHTS),
    "DEPTHWISE_CONV_2D": Entry(lower_depthwise, alike(_INT8, _INT16, _FLOAT), check_weights, limits=_WEIGHTS),
    "FULLY_CONNECTED": Entry(lower_fully_connected, alike(_INT8, _INT16, _FLOAT), check_weights, limits=_WEIGHTS),
    "MAX_POOL_2D": Entry(lower_pool, alike(_INT8, _INT16, _FLOAT), check_pool),
    "PAD": Entry(lower_pad, alike(_INT8, _INT16, _INT32, _FLOAT), check_pad, limits="the paddings are constants"),
    "RESHAPE": Entry(lower_reshape, (), check_renamed),
    **AXES,
    **ELEMENTWISE,
    **MOVEMENT,
    **PRODUCTS,
    **STATE,
}
"""By the operator's name."""

"""The operators that are compiled ahead of time, one line each. docs/operators.md is made from this."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.model.graph import DType
from boardproof.project.runtimes.aot.checks.dense import check_dense
from boardproof.project.runtimes.aot.checks.movement import check_renamed
from boardproof.project.runtimes.aot.checks.operators import (
    check_pad,
    check_pool,
    check_weights,
)
from boardproof.project.runtimes.aot.entry import Entry, alike
from boardproof.project.runtimes.aot.lowering.conv import lower_conv2d, lower_depthwise
from boardproof.project.runtimes.aot.lowering.dense import lower_dense
from boardproof.project.runtimes.aot.lowering.pool import lower_pool
from boardproof.project.runtimes.aot.lowering.shape import lower_pad, lower_reshape
from boardproof.project.runtimes.aot.registry.axes import AXES
from boardproof.project.runtimes.aot.registry.elementwise import ELEMENTWISE
from boardproof.project.runtimes.aot.registry.movement import MOVEMENT
from boardproof.project.runtimes.aot.registry.products import PRODUCTS
from boardproof.project.runtimes.aot.registry.state import STATE

if TYPE_CHECKING:
    from collections.abc import Mapping

_INT8, _UINT8, _INT16, _INT32, _FLOAT = DType.INT8, DType.UINT8, DType.INT16, DType.INT32, DType.FLOAT32

_WEIGHTS = "weights and biases are constants, int16 has int64 biases, and no sum can overflow"
_DENSE = "biases are constants, with int16 weights too; int16 has int64 biases; no sum can overflow"

OPERATORS: Mapping[str, Entry] = {
    "AVERAGE_POOL_2D": Entry(
        lower_pool, alike(_INT8, _INT16, _FLOAT), check_pool, limits="int16: up to 32,768 elements in a window"
    ),
    "CONV_2D": Entry(lower_conv2d, alike(_INT8, _INT16, _FLOAT), check_weights, limits=_WEIGHTS),
    "DEPTHWISE_CONV_2D": Entry(lower_depthwise, alike(_INT8, _INT16, _FLOAT), check_weights, limits=_WEIGHTS),
    "FULLY_CONNECTED": Entry(lower_dense, alike(_INT8, _INT16, _FLOAT), check_dense, limits=_DENSE),
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

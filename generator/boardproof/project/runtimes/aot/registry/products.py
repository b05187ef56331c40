"""Products, running sums and interpolation, one line each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.model.graph import DType
from boardproof.project.runtimes.aot.checks.products import (
    check_batch_matmul,
    check_cumsum,
    check_resize_bilinear,
    check_transpose_conv,
)
from boardproof.project.runtimes.aot.entry import Entry, Types, alike
from boardproof.project.runtimes.aot.lowering.products import (
    lower_batch_matmul,
    lower_cumsum,
    lower_resize_bilinear,
    lower_transpose_conv,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

_INT8, _INT16, _INT32, _FLOAT = DType.INT8, DType.INT16, DType.INT32, DType.FLOAT32

PRODUCTS: Mapping[str, Entry] = {
    "BATCH_MATMUL": Entry(lower_batch_matmul, alike(_INT8, _INT16, _FLOAT, inputs=2), check_batch_matmul),
    "CUMSUM": Entry(lower_cumsum, alike(_INT8, _FLOAT), check_cumsum, limits="the axis is a constant"),
    "RESIZE_BILINEAR": Entry(
        lower_resize_bilinear, alike(_INT8, _FLOAT), check_resize_bilinear, limits="the size is a constant"
    ),
    "TRANSPOSE_CONV": Entry(
        lower_transpose_conv,
        (
            Types((_INT32, _INT8, _INT8), _INT8),
            Types((_INT32, _INT8, _INT16), _INT16),
            Types((_INT32, _FLOAT, _FLOAT), _FLOAT),
        ),
        check_transpose_conv,
        needs_scales=False,
        limits="weights, biases (int64 for int16) and output shape are constants, and no sum can overflow",
    ),
}
"""By the operator's name."""

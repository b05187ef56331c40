"""LOGISTIC and TANH of int16: one table for both, and how an input becomes an index into it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.graph import UnaryFunction

if TYPE_CHECKING:
    from numpy.typing import NDArray


_INPUT_BITS = 12
"""Fractional bits of an input of the preferred scale."""

_LARGEST_SHIFT = {UnaryFunction.LOGISTIC: 0, UnaryFunction.TANH: 1}
"""Up to which power of two an input may be coarser than that and still need no multiplication but by 3."""

_TOLERANCE = 1e-3

_ONE_ABOVE = (
    *(4, 8, 12, 14, 15, 16, 17, 19, 20, 21, 22, 25, 27, 28, 29, 30, 31, 33, 34, 35, 37, 39),
    *(40, 41, 43, 44, 45, 46, 49, 50, 54, 62, 63, 64, 66, 82, 86, 93, 100, 103, 112, 116, 135, 255),
)
"""Where TFLM's table (sigmoid_table_uint16 in tensorflow/lite/kernels/internal/common.h) is one above the nearest."""


def sigmoid_table() -> NDArray[np.uint16]:
    """The logistic function of i / 24 with 16 fractional bits, for i from 0 to 255, as TFLM has it."""
    table = np.round(65536 / (1 + np.exp(-np.arange(256) / 24)))
    table[list(_ONE_ABOVE)] += 1
    return table.astype(np.uint16)


def sigmoid_scaling(function: UnaryFunction, scale: float) -> tuple[int, int]:
    """(multiplier, right shift) from an input of a scale to units of 1 / (3 * 4096).

    Source: CalculateArithmeticOpData in tensorflow/lite/micro/kernels/tanh.cc and logistic_common.cc.
    """
    power, is_power = checked_log2(scale)
    shift = _INPUT_BITS + power
    if is_power and 0 <= shift <= _LARGEST_SHIFT[function]:
        return 3 << shift, 0
    multiplier, right = scale * 4096.0 * 3.0, 0
    while multiplier <= 32767.0 / 2 and right <= 30:  # noqa: PLR2004 as many bits as an int16 product leaves
        right += 1
        multiplier *= 2
    return int(multiplier), right


def checked_log2(x: float) -> tuple[int, bool]:
    """The nearest power of two, and whether x is as good as that; in float32, as TFLM decides it."""
    log2 = np.float32(math.log(x)) * (np.float32(1.0) / np.float32(math.log(2.0)))
    nearest = np.float32(np.round(log2))
    return int(nearest), bool(abs(log2 - nearest) < np.float32(_TOLERANCE))

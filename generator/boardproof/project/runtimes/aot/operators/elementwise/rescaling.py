"""How arithmetic of two quantized tensors scales its inputs and its result, as TensorFlow Lite Micro does it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.fixed_functions import reciprocal
from boardproof.model.fixed_point import quantize_multiplier, requantize
from boardproof.model.graph import DType
from boardproof.project.runtimes.aot.operands import INT8_MAX, INT8_MIN, quantization

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from boardproof.model.graph import Tensor

    Ints = NDArray[np.int64]

INT8_INPUTS = np.arange(INT8_MIN, INT8_MAX + 1, dtype=np.int64)
"""All values of int8, from the least."""

ADD_HEADROOM_BITS = 20
"""ADD and SUB scale int8 inputs up by this many bits, to keep precision."""

HEADROOM_BITS = {DType.INT8: ADD_HEADROOM_BITS, DType.INT16: 15}

SQUARE_HEADROOM_BITS = {DType.INT8: 7, DType.INT16: 0}
"""The same for SQUARED_DIFFERENCE, whose squares must fit in 32 bits."""


def add_factors(first: Tensor, second: Tensor, output: Tensor) -> tuple[float, float, float]:
    """Both inputs' scales relative to twice the larger one, and what takes their sum to the output's scale.

    Source: CalculateOpDataAdd in tensorflow/lite/micro/kernels/add_common.cc.
    """
    scale1, scale2 = quantization(first).scale, quantization(second).scale
    common = 2 * max(scale1, scale2)
    headroom = 1 << HEADROOM_BITS[output.dtype]
    return scale1 / common, scale2 / common, common / (headroom * quantization(output).scale)


def square_factors(first: Tensor, second: Tensor, output: Tensor) -> tuple[float, float, float]:
    """The same for SQUARED_DIFFERENCE, where the last factor takes a square to the output's scale.

    Source: tensorflow/lite/micro/kernels/squared_difference.cc.
    """
    scale1, scale2 = quantization(first).scale, quantization(second).scale
    common = 2 * max(scale1, scale2)
    headroom = 1 << 2 * SQUARE_HEADROOM_BITS[output.dtype]
    return scale1 / common, scale2 / common, common * common / (headroom * quantization(output).scale)


def product_factor(first: Tensor, second: Tensor, output: Tensor) -> float:
    """What takes a product to the output's scale."""
    return quantization(first).scale * quantization(second).scale / quantization(output).scale


def quotient_factor(first: Tensor, second: Tensor, output: Tensor) -> float:
    """What takes a quotient to the output's scale."""
    return quantization(first).scale / (quantization(second).scale * quantization(output).scale)


def quotient_shifts(dividends: Ints, divisors: Ints, output_shift: int) -> Ints:
    """By how much DIV shifts each quotient to the right at the end. Divisors are positive.

    TensorFlow Lite Micro's arithmetic is only defined from 0 to 31.
    """
    return reciprocal(divisors)[1] + headroom(dividends) - output_shift


def headroom(x: Ints) -> Ints:
    """Sign bits below the highest bit of an int32; 31 for 0."""
    magnitude = np.where(x < 0, ~x, x)
    return np.asarray(31 - np.ceil(np.log2(magnitude + 1)).astype(np.int64))  # exact for so small numbers


def is_below_one(factor: float) -> bool:
    """Whether TFLM takes it for a factor below one; it stops the program when not."""
    return factor < 1 and quantize_multiplier(factor)[1] <= 0


def exact_sums(first: Tensor, second: Tensor, output: Tensor, sign: int = 1) -> Ints:
    """What TensorFlow Lite Micro computes, before the clamp: [256, 256], by both inputs from -128.

    `sign` is that of the second input: 1 for ADD, -1 for SUB.
    """
    return sums_of(first, second, output, sign)(INT8_INPUTS[:, None], INT8_INPUTS[None, :])


def sums_of(first: Tensor, second: Tensor, output: Tensor, sign: int = 1) -> Callable[[Ints, Ints], Ints]:
    """The same for any int8 values of both inputs."""
    factors = [quantize_multiplier(factor) for factor in add_factors(first, second, output)]
    zero_points = [quantization(tensor).zero_point for tensor in (first, second, output)]

    def compute(a: Ints, b: Ints) -> Ints:
        scaled = [
            requantize((x - zero_point) << ADD_HEADROOM_BITS, *factor)
            for x, zero_point, factor in zip((a, b), zero_points[:2], factors[:2], strict=True)
        ]
        return requantize(scaled[0] + sign * scaled[1], *factors[2]) + zero_points[2]

    return compute

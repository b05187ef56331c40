"""Arithmetic of two quantized tensors of any shapes: the kernels of nn_pairs_dsp.h, where their arithmetic fits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from boardproof.model.fixed_point import quantize_multiplier, requantize
from boardproof.model.graph import Binary, BinaryFunction, DType, Prelu
from boardproof.project.runtimes.aot.kernelsets.dsp.add import linear_addition
from boardproof.project.runtimes.aot.operands import INT16_MAX, INT16_MIN, SUFFIXES, activation_range, quantization
from boardproof.project.runtimes.aot.operators.elementwise.binary import lower_binary
from boardproof.project.runtimes.aot.operators.elementwise.broadcast import broadcast_fields
from boardproof.project.runtimes.aot.operators.elementwise.pairing import in_place
from boardproof.project.runtimes.aot.operators.elementwise.prelu import lower_prelu, prelu_factors
from boardproof.project.runtimes.aot.operators.elementwise.rescaling import (
    HEADROOM_BITS,
    SQUARE_HEADROOM_BITS,
    add_factors,
    product_factor,
    square_factors,
)
from boardproof.project.runtimes.aot.program import Params, Step

if TYPE_CHECKING:
    from boardproof.model.graph import Graph, Tensor
    from boardproof.project.runtimes.aot.program import Fields

_HALF = 0.5
_MOST_SHIFT = {DType.INT8: 22, DType.INT16: 30}
"""With which the output's zero point, shifted so far, leaves room for the number it is added to."""

_INT8_UNITS = 255
"""The largest difference of two int8."""

_QUANTIZED = (DType.INT8, DType.INT16)


@dataclass(frozen=True, slots=True)
class _Rescale:
    """struct nn_rescale_dsp."""

    multiplier: int
    shift: int
    round: int

    @classmethod
    def of(cls, factor: tuple[int, int], added: int = 0, most: int = 30) -> _Rescale | None:
        """A (multiplier, shift) that shifts right, and what is added after; None if it does not fit."""
        multiplier, shift = factor[0], -factor[1]
        half = 1 << (shift - 1) if shift > 0 else 0
        fits = 1 <= shift <= most and abs(added << shift) + half < 1 << 30
        return cls(multiplier, shift, (added << shift) + half) if fits else None

    def fields(self, name: str) -> Fields:
        """Its members, in the member `name` of another struct."""
        return ((f"{name}.multiplier", self.multiplier), (f"{name}.shift", self.shift), (f"{name}.round", self.round))


@dataclass(frozen=True, slots=True)
class _Pair:
    """An operator's tensors, and its step with the portable kernel."""

    first: Tensor
    second: Tensor
    output: Tensor
    portable: Step

    def step(self, kernel: str, struct: str, fields: Fields, near: int = 0) -> Step:
        """The step with another kernel; `near` is the input, 0 or 1, that it takes first."""
        order = (self.first, self.second) if near == 0 else (self.second, self.first)
        shape = broadcast_fields(order[0].shape, order[1].shape, self.output.shape)
        return replace(
            self.portable,
            kernel=kernel,
            header="nn_pairs_dsp.h",
            params=Params(struct, (*shape, *fields)),
            inputs=tuple(tensor.index for tensor in order),
            in_place=in_place(order, self.output),
        )


def choose_pairs(op: Binary | Prelu, graph: Graph) -> Step | None:
    """The step with one of the kernels; None where there is none, or where a table is enough."""
    first, second, output = (graph.tensors[i] for i in (*op.inputs[:2], op.output))
    if output.dtype not in _QUANTIZED or first.quantization is None or second.quantization is None:
        return None
    portable = lower_prelu(op, graph) if isinstance(op, Prelu) else lower_binary(op, graph)
    pair = _Pair(first, second, output, portable)
    step: Step | None = None
    match op:
        case _ if portable.kernel == "nn_lookup_8":
            pass
        case Prelu():
            step = _prelu(pair)
        case Binary(function=BinaryFunction.MUL):
            step = _product(op, pair)
        case Binary(function=BinaryFunction.ADD | BinaryFunction.SUB):
            step = _linear_sum(op, pair) or _sum(op, pair)
        case Binary(function=BinaryFunction.SQUARED_DIFFERENCE):
            step = _squared_difference(pair)
        case _:
            pass
    return step


def _product(op: Binary, pair: _Pair) -> Step | None:
    first, second, output = pair.first, pair.second, pair.output
    factor = quantize_multiplier(product_factor(first, second, output))
    rescale = _Rescale.of(factor, quantization(output).zero_point, _MOST_SHIFT[output.dtype])
    if rescale is None or (output.dtype is DType.INT16 and not _largest_product_fits(factor, rescale)):
        return None
    fields: Fields = (
        ("offset1", -quantization(first).zero_point),
        ("offset2", -2 * quantization(second).zero_point),
        *rescale.fields("output"),
        *_limits(op, output),
    )
    return pair.step(f"nn_mul_{SUFFIXES[output.dtype]}_dsp", "nn_mul_dsp", fields)


def _largest_product_fits(factor: tuple[int, int], rescale: _Rescale) -> bool:
    """Whether the square of -2^15, which is one too small when doubled, gives the same output."""
    exact = int(requantize(INT16_MIN * INT16_MIN, *factor))
    found = (((2**31 - 1) * rescale.multiplier + 2**31 >> 32) + rescale.round) >> rescale.shift
    return min(exact, INT16_MAX) == min(found, INT16_MAX)


def _linear_sum(op: Binary, pair: _Pair) -> Step | None:
    """int8 as one linear function, where that is exact."""
    first, second, output = pair.first, pair.second, pair.output
    if output.dtype is not DType.INT8:
        return None
    sign = 1 if op.function is BinaryFunction.ADD else -1
    found = linear_addition(first, second, output, activation_range(op.activation, output), sign)
    if found is None:
        return None
    if first.shape == second.shape:
        params = Params("nn_add_s8_dsp", found.fields(output.elements))
        return replace(pair.portable, kernel="nn_add_s8_dsp", header="nn_add_dsp.h", params=params)
    return pair.step("nn_add_rows_s8_dsp", "nn_add_rows_dsp", found.fields(output.elements))


def _sum(op: Binary, pair: _Pair) -> Step | None:
    """With all roundings."""
    first, second, output = pair.first, pair.second, pair.output
    found = add_factors(first, second, output)
    near = 0 if found[1] == _HALF else 1
    signs = (1, 1 if op.function is BinaryFunction.ADD else -1)
    order = (first, second) if near == 0 else (second, first)
    (multiplier, shift), exact = quantize_multiplier(found[near]), found[near] == _HALF
    scaled = _Rescale.of((multiplier, -1 if exact else shift))
    result = _Rescale.of(quantize_multiplier(found[2]), quantization(output).zero_point, _MOST_SHIFT[output.dtype])
    if scaled is None or result is None or found[1 - near] != _HALF:
        return None
    bits = HEADROOM_BITS[output.dtype]
    zero_points = [quantization(tensor).zero_point for tensor in order]
    far = signs[1 - near] << bits
    fields: Fields = (
        ("unit", 2 << bits),
        ("offset", -zero_points[0] << (bits + 1)),
        *scaled.fields("input"),
        ("sign", signs[near] * (4 if exact else 2)),
        ("factor2", far),
        ("constant2", -zero_points[1] * far),
        *result.fields("output"),
        *_limits(op, output),
    )
    kernel = f"nn_add_scaled_{SUFFIXES[output.dtype]}_dsp"
    return pair.step(kernel, "nn_add_scaled_dsp", fields, near)


def _squared_difference(pair: _Pair) -> Step | None:
    first, second, output = pair.first, pair.second, pair.output
    if output.dtype is not DType.INT8:
        return None
    found = square_factors(first, second, output)
    near = 0 if found[1] == _HALF else 1
    order = (first, second) if near == 0 else (second, first)
    (multiplier, shift), exact = quantize_multiplier(found[near]), found[near] == _HALF
    bits = SQUARE_HEADROOM_BITS[DType.INT8]
    scaled = _Rescale.of((multiplier, -1 if exact else shift), quantization(order[1]).zero_point << (bits - 1))
    result = _Rescale.of(quantize_multiplier(found[2]), quantization(output).zero_point, _MOST_SHIFT[DType.INT8])
    if scaled is None or result is None or found[1 - near] != _HALF:
        return None
    unit = (4 if exact else 2) << bits
    fields: Fields = (
        ("unit", unit),
        ("offset", -unit * quantization(order[0]).zero_point),
        *scaled.fields("input"),
        *result.fields("output"),
    )
    return pair.step("nn_squared_difference_s8_dsp", "nn_squared_difference_dsp", fields, near)


def _prelu(pair: _Pair) -> Step | None:
    data, slopes, output = pair.first, pair.second, pair.output
    if output.dtype is not DType.INT8:
        return None
    (multiplier, shift), negative = (quantize_multiplier(factor) for factor in prelu_factors(data, slopes, output))
    zero_point = quantization(output).zero_point
    scaled = _Rescale.of(negative, zero_point, _MOST_SHIFT[DType.INT8])
    left, right = max(shift, 0), max(-shift, 0)
    if scaled is None or right > _MOST_SHIFT[DType.INT8] or _INT8_UNITS << (left + 1) >= 1 << 31:
        return None
    fields: Fields = (
        ("offset1", -quantization(data).zero_point),
        ("offset2", -2 * quantization(slopes).zero_point),
        ("unit", 2 << left),
        *_Rescale(multiplier, right, (zero_point << right) + (1 << right >> 1)).fields("positive"),
        *scaled.fields("negative"),
    )
    return pair.step("nn_prelu_s8_dsp", "nn_prelu_dsp", fields)


def _limits(op: Binary, output: Tensor) -> Fields:
    low, high = activation_range(op.activation, output)
    return (("count", output.elements), ("activation_min", low), ("activation_max", high))

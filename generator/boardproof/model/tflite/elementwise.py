"""Reads the operators of operators/elementwise.py."""

from __future__ import annotations

from functools import partial
from math import isfinite
from typing import TYPE_CHECKING

from tflite import AddOptions, BuiltinOptions, DivOptions, LeakyReluOptions, MulOptions, SubOptions

from boardproof.model.graph import (
    NO_TENSOR,
    Activation,
    AddN,
    Binary,
    BinaryFunction,
    Cast,
    Compare,
    Comparison,
    Dequantize,
    LeakyRelu,
    Prelu,
    Quantize,
    Select,
    Unary,
    UnaryFunction,
)
from boardproof.model.tflite.raw_operator import MANY, Reader
from boardproof.model.tflite.verifier import BYTE, Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boardproof.model.tflite.raw_operator import Activated, RawOperator

_ACTIVATED: Mapping[BinaryFunction, tuple[int, type[Activated]]] = {
    BinaryFunction.ADD: (BuiltinOptions.AddOptions, AddOptions),
    BinaryFunction.DIV: (BuiltinOptions.DivOptions, DivOptions),
    BinaryFunction.MUL: (BuiltinOptions.MulOptions, MulOptions),
    BinaryFunction.SUB: (BuiltinOptions.SubOptions, SubOptions),
}


def _unary(raw: RawOperator, function: UnaryFunction) -> Unary:
    return Unary(*raw.wiring, function=function)


def _binary(raw: RawOperator, function: BinaryFunction) -> Binary:
    if function not in _ACTIVATED:
        return Binary(*raw.wiring, function=function, activation=Activation.NONE)
    return Binary(
        *raw.wiring, function=function, activation=raw.activation(raw.optional_options(*_ACTIVATED[function]))
    )


def _compare(raw: RawOperator, function: Comparison) -> Compare:
    return Compare(*raw.wiring, function=function)


def _add_n(raw: RawOperator) -> AddN:
    if NO_TENSOR in raw.inputs:
        raise raw.error(f"input {raw.inputs.index(NO_TENSOR)} is missing")
    return AddN(*raw.wiring)


def _leaky_relu(raw: RawOperator) -> LeakyRelu:
    alpha = float(raw.require_options(BuiltinOptions.LeakyReluOptions, LeakyReluOptions).Alpha())
    if not isfinite(alpha):
        raise raw.error(f"alpha is {alpha}")
    return LeakyRelu(*raw.wiring, alpha=alpha)


READERS: Mapping[str, Reader] = {
    **{function.value: Reader(partial(_unary, function=function)) for function in UnaryFunction},
    **{function.value: Reader(partial(_binary, function=function), inputs=(2, 2)) for function in BinaryFunction},
    **{function.value: Reader(partial(_compare, function=function), inputs=(2, 2)) for function in Comparison},
    "ADD_N": Reader(_add_n, inputs=(2, MANY)),
    "CAST": Reader(lambda raw: Cast(*raw.wiring)),
    "DEQUANTIZE": Reader(lambda raw: Dequantize(*raw.wiring)),
    "LEAKY_RELU": Reader(_leaky_relu),
    "PRELU": Reader(lambda raw: Prelu(*raw.wiring), inputs=(2, 2)),
    "QUANTIZE": Reader(lambda raw: Quantize(*raw.wiring)),
    "SELECT_V2": Reader(lambda raw: Select(*raw.wiring), inputs=(3, 3)),
}

OPTIONS: Mapping[int, Table] = {
    BuiltinOptions.AddOptions: Table("its AddOptions", {0: BYTE, 1: BYTE}),
}
"""What of its options tables the verifier must know: fields by slot."""

"""Reads the operators of operators/axes.py."""

from __future__ import annotations

from functools import partial
from math import isfinite
from typing import TYPE_CHECKING

from tflite import BuiltinOptions, L2NormOptions, ReducerOptions, SoftmaxOptions

from boardproof.model.graph import ArgExtremum, Extremum, L2Normalization, LogSoftmax, Reduce, Reduction, Softmax
from boardproof.model.tflite.raw_operator import Reader
from boardproof.model.tflite.verifier import BYTE, INT, Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boardproof.model.tflite.raw_operator import RawOperator


def _reduce(raw: RawOperator, function: Reduction) -> Reduce:
    options = raw.optional_options(BuiltinOptions.ReducerOptions, ReducerOptions)
    return Reduce(*raw.wiring, function=function, keep_dims=bool(options.KeepDims()) if options else False)


def _arg_extremum(raw: RawOperator, function: Extremum) -> ArgExtremum:
    return ArgExtremum(*raw.wiring, function=function)


def _softmax(raw: RawOperator) -> Softmax:
    beta = float(raw.require_options(BuiltinOptions.SoftmaxOptions, SoftmaxOptions).Beta())
    if not isfinite(beta):
        raise raw.error(f"beta is {beta}")
    return Softmax(*raw.wiring, beta=beta)


def _l2_normalization(raw: RawOperator) -> L2Normalization:
    options = raw.optional_options(BuiltinOptions.L2NormOptions, L2NormOptions)
    return L2Normalization(*raw.wiring, activation=raw.activation(options))


READERS: Mapping[str, Reader] = {
    **{function.value: Reader(partial(_reduce, function=function), inputs=(2, 2)) for function in Reduction},
    **{function.value: Reader(partial(_arg_extremum, function=function), inputs=(2, 2)) for function in Extremum},
    "L2_NORMALIZATION": Reader(_l2_normalization),
    "LOG_SOFTMAX": Reader(lambda raw: LogSoftmax(*raw.wiring)),
    "SOFTMAX": Reader(_softmax),
}

OPTIONS: Mapping[int, Table] = {
    BuiltinOptions.SoftmaxOptions: Table("its SoftmaxOptions", {0: INT}),
    BuiltinOptions.ReducerOptions: Table("its ReducerOptions", {0: BYTE}),
}
"""What of its options tables the verifier must know: fields by slot."""

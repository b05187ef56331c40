"""Reads the operators of operators/products.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflite import (
    BatchMatMulOptions,
    BuiltinOptions,
    CumsumOptions,
    TransposeConvOptions,
)

from boardproof.model.graph import (
    BatchMatMul,
    CumSum,
    TransposeConv,
    Window,
)
from boardproof.model.tflite.raw_operator import Reader
from boardproof.model.tflite.verifier import BYTE, INT, Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boardproof.model.tflite.raw_operator import RawOperator


def _transpose_conv(raw: RawOperator) -> TransposeConv:
    options = raw.require_options(BuiltinOptions.TransposeConvOptions, TransposeConvOptions)
    window = Window(raw.padding(options), raw.positive("stride", options.StrideH(), options.StrideW()))
    return TransposeConv(*raw.wiring, window=window, activation=raw.activation(options))


def _batch_matmul(raw: RawOperator) -> BatchMatMul:
    options = raw.optional_options(BuiltinOptions.BatchMatMulOptions, BatchMatMulOptions)
    if options is None:
        return BatchMatMul(*raw.wiring, adjoint_left=False, adjoint_right=False)
    return BatchMatMul(*raw.wiring, adjoint_left=bool(options.AdjX()), adjoint_right=bool(options.AdjY()))


def _cumsum(raw: RawOperator) -> CumSum:
    options = raw.optional_options(BuiltinOptions.CumsumOptions, CumsumOptions)
    if options is None:
        return CumSum(*raw.wiring, exclusive=False, reverse=False)
    return CumSum(*raw.wiring, exclusive=bool(options.Exclusive()), reverse=bool(options.Reverse()))


READERS: Mapping[str, Reader] = {
    "BATCH_MATMUL": Reader(_batch_matmul, inputs=(2, 2)),
    "CUMSUM": Reader(_cumsum, inputs=(2, 2)),
    "TRANSPOSE_CONV": Reader(_transpose_conv, inputs=(3, 4)),
}

OPTIONS: Mapping[int, Table] = {
    BuiltinOptions.TransposeConvOptions: Table("its TransposeConvOptions", {0: BYTE, 1: INT, 2: INT, 3: BYTE, 4: BYTE}),
    BuiltinOptions.BatchMatMulOptions: Table("its BatchMatMulOptions", {0: BYTE, 1: BYTE, 2: BYTE}),
    BuiltinOptions.CumsumOptions: Table("its CumsumOptions", {0: BYTE, 1: BYTE}),
}
"""What of its options tables the verifier must know: fields by slot."""

"""Reads the operators of ops_selection.py and ops_products.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflite import (
    BatchMatMulOptions,
    BuiltinOptions,
    ConcatenationOptions,
    CumsumOptions,
    GatherOptions,
    PackOptions,
    StridedSliceOptions,
    TransposeConvOptions,
    UnpackOptions,
)

from boardproof.model.graph import (
    NO_TENSOR,
    BatchMatMul,
    Concatenation,
    CumSum,
    DynamicUpdateSlice,
    EmbeddingLookup,
    Gather,
    GatherNd,
    Pack,
    Slice,
    Split,
    SplitV,
    StridedSlice,
    TransposeConv,
    Unpack,
    Window,
)
from boardproof.model.tflite.raw_operator import MANY, Reader

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boardproof.model.tflite.raw_operator import RawOperator


def _concatenation(raw: RawOperator) -> Concatenation:
    options = raw.require_options(BuiltinOptions.ConcatenationOptions, ConcatenationOptions)
    _require_all(raw)
    return Concatenation(*raw.wiring, axis=int(options.Axis()), activation=raw.activation(options))


def _pack(raw: RawOperator) -> Pack:
    options = raw.require_options(BuiltinOptions.PackOptions, PackOptions)
    _require_all(raw)
    if options.ValuesCount() != len(raw.inputs):
        raise raw.error(f"there are {len(raw.inputs)} inputs, not {options.ValuesCount()} as its options say")
    return Pack(*raw.wiring, axis=int(options.Axis()))


def _unpack(raw: RawOperator) -> Unpack:
    options = raw.require_options(BuiltinOptions.UnpackOptions, UnpackOptions)
    if options.Num() != len(raw.outputs):
        raise raw.error(f"there are {len(raw.outputs)} outputs, not {options.Num()} as its options say")
    return Unpack(*raw.wiring, axis=int(options.Axis()))


def _require_all(raw: RawOperator) -> None:
    if NO_TENSOR in raw.inputs:
        raise raw.error(f"input {raw.inputs.index(NO_TENSOR)} is missing")


def _strided_slice(raw: RawOperator) -> StridedSlice:
    options = raw.require_options(BuiltinOptions.StridedSliceOptions, StridedSliceOptions)
    return StridedSlice(
        *raw.wiring,
        begin_mask=int(options.BeginMask()),
        end_mask=int(options.EndMask()),
        shrink_axis_mask=int(options.ShrinkAxisMask()),
        other_masks=int(options.EllipsisMask()) | int(options.NewAxisMask()),
        end_is_offset=bool(options.Offset()),
    )


def _gather(raw: RawOperator) -> Gather:
    options = raw.optional_options(BuiltinOptions.GatherOptions, GatherOptions)
    if options is None:
        return Gather(*raw.wiring, axis=0, batch_dims=0)
    return Gather(*raw.wiring, axis=int(options.Axis()), batch_dims=int(options.BatchDims()))


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


SELECTION_READERS: Mapping[str, Reader] = {
    "BATCH_MATMUL": Reader(_batch_matmul, inputs=(2, 2)),
    "CONCATENATION": Reader(_concatenation, inputs=(1, MANY)),
    "CUMSUM": Reader(_cumsum, inputs=(2, 2)),
    "DYNAMIC_UPDATE_SLICE": Reader(lambda raw: DynamicUpdateSlice(*raw.wiring), inputs=(3, 3)),
    "EMBEDDING_LOOKUP": Reader(lambda raw: EmbeddingLookup(*raw.wiring), inputs=(2, 2)),
    "GATHER": Reader(_gather, inputs=(2, 2)),
    "GATHER_ND": Reader(lambda raw: GatherNd(*raw.wiring), inputs=(2, 2)),
    "PACK": Reader(_pack, inputs=(1, MANY)),
    "SLICE": Reader(lambda raw: Slice(*raw.wiring), inputs=(3, 3)),
    "SPLIT": Reader(lambda raw: Split(*raw.wiring), inputs=(2, 2), outputs=(1, MANY)),
    "SPLIT_V": Reader(lambda raw: SplitV(*raw.wiring), inputs=(3, 3), outputs=(1, MANY)),
    "STRIDED_SLICE": Reader(_strided_slice, inputs=(4, 4)),
    "TRANSPOSE_CONV": Reader(_transpose_conv, inputs=(3, 4)),
    "UNPACK": Reader(_unpack, outputs=(1, MANY)),
}

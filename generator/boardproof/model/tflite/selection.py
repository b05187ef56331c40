"""Reads the operators of operators/selection.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflite import (
    BuiltinOptions,
    ConcatenationOptions,
    GatherOptions,
    PackOptions,
    StridedSliceOptions,
    UnpackOptions,
)

from boardproof.model.graph import (
    NO_TENSOR,
    Concatenation,
    DynamicUpdateSlice,
    EmbeddingLookup,
    Gather,
    GatherNd,
    Pack,
    Slice,
    Split,
    SplitV,
    StridedSlice,
    Unpack,
)
from boardproof.model.tflite.raw_operator import MANY, Reader
from boardproof.model.tflite.verifier import BYTE, INT, Table

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


READERS: Mapping[str, Reader] = {
    "CONCATENATION": Reader(_concatenation, inputs=(1, MANY)),
    "DYNAMIC_UPDATE_SLICE": Reader(lambda raw: DynamicUpdateSlice(*raw.wiring), inputs=(3, 3)),
    "EMBEDDING_LOOKUP": Reader(lambda raw: EmbeddingLookup(*raw.wiring), inputs=(2, 2)),
    "GATHER": Reader(_gather, inputs=(2, 2)),
    "GATHER_ND": Reader(lambda raw: GatherNd(*raw.wiring), inputs=(2, 2)),
    "PACK": Reader(_pack, inputs=(1, MANY)),
    "SLICE": Reader(lambda raw: Slice(*raw.wiring), inputs=(3, 3)),
    "SPLIT": Reader(lambda raw: Split(*raw.wiring), inputs=(2, 2), outputs=(1, MANY)),
    "SPLIT_V": Reader(lambda raw: SplitV(*raw.wiring), inputs=(3, 3), outputs=(1, MANY)),
    "STRIDED_SLICE": Reader(_strided_slice, inputs=(4, 4)),
    "UNPACK": Reader(_unpack, outputs=(1, MANY)),
}

OPTIONS: Mapping[int, Table] = {
    BuiltinOptions.ConcatenationOptions: Table("its ConcatenationOptions", {0: INT, 1: BYTE}),
    BuiltinOptions.PackOptions: Table("its PackOptions", {0: INT, 1: INT}),
    BuiltinOptions.UnpackOptions: Table("its UnpackOptions", {0: INT, 1: INT}),
    BuiltinOptions.StridedSliceOptions: Table(
        "its StridedSliceOptions", {0: INT, 1: INT, 2: INT, 3: INT, 4: INT, 5: BYTE}
    ),
    BuiltinOptions.GatherOptions: Table("its GatherOptions", {0: INT, 1: INT}),
}
"""What of its options tables the verifier must know: fields by slot."""

"""Reads the operators of operators/movement.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflite import (
    BuiltinOptions,
    MirrorPadOptions,
    SqueezeOptions,
)

from boardproof.model.graph import (
    BroadcastArgs,
    BroadcastTo,
    ExpandDims,
    Fill,
    MirrorPad,
    Pad,
    PadV2,
    Reshape,
    ReverseV2,
    Shape,
    Squeeze,
    Transpose,
    ZerosLike,
)
from boardproof.model.tflite.raw_operator import Reader
from boardproof.model.tflite.verifier import BYTE, INTS, Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boardproof.model.tflite.raw_operator import RawOperator

_MIRROR_PAD_MODES = {0: True, 1: False}
"""MirrorPadMode of the schema, REFLECT and SYMMETRIC: whether it reflects."""


def _mirror_pad(raw: RawOperator) -> MirrorPad:
    mode = raw.require_options(BuiltinOptions.MirrorPadOptions, MirrorPadOptions).Mode()
    if mode not in _MIRROR_PAD_MODES:
        raise raw.error(f"mode {mode} is unknown")
    return MirrorPad(*raw.wiring, reflect=_MIRROR_PAD_MODES[mode])


def _squeeze(raw: RawOperator) -> Squeeze:
    options = raw.optional_options(BuiltinOptions.SqueezeOptions, SqueezeOptions)
    axes = () if options is None else tuple(int(options.SqueezeDims(i)) for i in range(options.SqueezeDimsLength()))
    return Squeeze(*raw.wiring, axes=axes)


READERS: Mapping[str, Reader] = {
    "BROADCAST_ARGS": Reader(lambda raw: BroadcastArgs(*raw.wiring), inputs=(2, 2)),
    "BROADCAST_TO": Reader(lambda raw: BroadcastTo(*raw.wiring), inputs=(2, 2)),
    "EXPAND_DIMS": Reader(lambda raw: ExpandDims(*raw.wiring), inputs=(2, 2)),
    "FILL": Reader(lambda raw: Fill(*raw.wiring), inputs=(2, 2)),
    "MIRROR_PAD": Reader(_mirror_pad, inputs=(2, 2)),
    "PAD": Reader(lambda raw: Pad(*raw.wiring), inputs=(2, 2)),
    "PADV2": Reader(lambda raw: PadV2(*raw.wiring), inputs=(3, 3)),
    "RESHAPE": Reader(lambda raw: Reshape(*raw.wiring), inputs=(1, 2)),
    "REVERSE_V2": Reader(lambda raw: ReverseV2(*raw.wiring), inputs=(2, 2)),
    "SHAPE": Reader(lambda raw: Shape(*raw.wiring)),
    "SQUEEZE": Reader(_squeeze),
    "TRANSPOSE": Reader(lambda raw: Transpose(*raw.wiring), inputs=(2, 2)),
    "ZEROS_LIKE": Reader(lambda raw: ZerosLike(*raw.wiring)),
}

OPTIONS: Mapping[int, Table] = {
    BuiltinOptions.SqueezeOptions: Table("its SqueezeOptions", {0: INTS}),
    BuiltinOptions.MirrorPadOptions: Table("its MirrorPadOptions", {0: BYTE}),
}
"""What of its options tables the verifier must know: fields by slot."""

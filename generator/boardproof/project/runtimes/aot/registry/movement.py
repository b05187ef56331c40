"""The operators that only move elements, one line each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.model.graph import DType
from boardproof.project.runtimes.aot.checks.movement import (
    check_concatenation,
    check_fill,
    check_gather,
    check_pad_value,
    check_parts,
    check_renamed,
    check_resize,
    check_reverse,
    check_same_types,
    check_space_to_batch,
    check_strided_slice,
    check_update_slice,
    parameters,
)
from boardproof.project.runtimes.aot.entry import Entry, Types, alike
from boardproof.project.runtimes.aot.lowering.movement import lower_join, lower_move, lower_parts
from boardproof.project.runtimes.aot.lowering.picks import (
    lower_embedding,
    lower_fill,
    lower_gather,
    lower_gather_nd,
    lower_update_slice,
)
from boardproof.project.runtimes.aot.lowering.shape import lower_pad

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boardproof.project.runtimes.aot.entry import Check, Lowering

_INT8, _UINT8, _INT16, _INT32, _INT64 = DType.INT8, DType.UINT8, DType.INT16, DType.INT32, DType.INT64
_FLOAT, _BOOL = DType.FLOAT32, DType.BOOL
_FILLED = (_INT8, _INT32, _FLOAT)


def _moves(lower: Lowering, *dtypes: DType, check: Check | None = None, limits: str = "") -> Entry:
    return Entry(lower, alike(*dtypes), check, needs_scales=False, limits=limits)


def _after(first: DType, *dtypes: DType) -> tuple[Types, ...]:
    """Data as the second input, after integers."""
    return tuple(Types((first, dtype), dtype) for dtype in dtypes)


_CONSTANT = "all inputs but the data are constants"

MOVEMENT: Mapping[str, Entry] = {
    "BATCH_TO_SPACE_ND": _moves(lower_move, _INT8, _FLOAT, check=parameters(1, 2), limits=_CONSTANT),
    "BROADCAST_TO": _moves(
        lower_move,
        *(_INT8, _UINT8, _INT16, _INT32, _INT64, _FLOAT, _BOOL),
        check=parameters(1, max_rank=5, wide=True),
        limits=f"up to 5 axes; {_CONSTANT}",
    ),
    "CONCATENATION": _moves(
        lower_join,
        _INT8,
        _INT16,
        _INT32,
        _INT64,
        _FLOAT,
        _BOOL,
        check=check_concatenation,
        limits="up to 10 inputs; int8: one quantization for all",
    ),
    "DEPTH_TO_SPACE": _moves(lower_move, _INT8, _FLOAT),
    "DYNAMIC_UPDATE_SLICE": Entry(
        lower_update_slice,
        alike(_INT8, _INT16, _INT32, _FLOAT, inputs=2),
        check_update_slice,
        needs_scales=False,
        limits="1 to 6 axes; the start is int32",
    ),
    "EMBEDDING_LOOKUP": Entry(lower_embedding, _after(_INT32, _INT8, _FLOAT), check_gather, needs_scales=False),
    "EXPAND_DIMS": _moves(lower_move, _INT8, _INT16, _FLOAT, check=parameters(1), limits=_CONSTANT),
    "FILL": Entry(
        lower_fill,
        (*_after(_INT32, *_FILLED), *_after(_INT64, *_FILLED)),
        check_fill,
        needs_scales=False,
        limits=_CONSTANT,
    ),
    "GATHER": _moves(lower_gather, _INT8, _FLOAT, check=check_gather),
    "GATHER_ND": _moves(lower_gather_nd, _INT8, _FLOAT, check=check_gather),
    "MIRROR_PAD": _moves(lower_move, _INT8, _FLOAT, check=parameters(1, wide=True), limits=_CONSTANT),
    "PACK": _moves(lower_join, _INT8, _INT16, _INT32, _INT64, _FLOAT, check=check_same_types),
    "PADV2": _moves(lower_pad, _INT8, _INT16, _INT32, _FLOAT, check=check_pad_value, limits=_CONSTANT),
    "RESIZE_NEAREST_NEIGHBOR": _moves(lower_move, _INT8, _INT16, _FLOAT, check=check_resize, limits=_CONSTANT),
    "REVERSE_V2": _moves(
        lower_move,
        *(_INT8, _UINT8, _INT16, _INT32, _INT64, _FLOAT, _BOOL),
        check=check_reverse,
        limits=f"neighbouring axes; {_CONSTANT}",
    ),
    "SLICE": _moves(
        lower_move,
        *(_INT8, _INT16, _INT32, _FLOAT, _BOOL),
        check=parameters(1, 2, max_rank=5, wide=True),
        limits=f"up to 5 axes; {_CONSTANT}",
    ),
    "SPACE_TO_BATCH_ND": _moves(
        lower_move,
        *(_INT8, _FLOAT),
        check=check_space_to_batch,
        limits=f"pads with 0, whatever the zero point; {_CONSTANT}",
    ),
    "SPACE_TO_DEPTH": _moves(lower_move, _INT8, _FLOAT),
    "SPLIT": Entry(
        lower_parts,
        _after(_INT32, _INT8, _INT16, _INT32, _FLOAT),
        check_parts(0, data=1),
        needs_scales=False,
        limits=_CONSTANT,
    ),
    "SPLIT_V": _moves(lower_parts, _INT8, _INT16, _INT32, _FLOAT, check=check_parts(1, 2, wide=True), limits=_CONSTANT),
    "SQUEEZE": Entry(lower_move, (), check_renamed, needs_scales=False),
    "STRIDED_SLICE": _moves(
        lower_move,
        *(_INT8, _INT16, _INT32, _FLOAT, _BOOL),
        check=check_strided_slice,
        limits=f"up to 4 axes, no ellipsis, no new axes; {_CONSTANT}",
    ),
    "TRANSPOSE": _moves(
        lower_move,
        *(_INT8, _INT16, _FLOAT),
        check=parameters(1, max_rank=5),
        limits=f"up to 5 axes; {_CONSTANT}",
    ),
    "UNPACK": _moves(lower_parts, _INT8, _INT16, _INT32, _FLOAT, check=check_parts()),
    "ZEROS_LIKE": _moves(lower_fill, _INT8, _INT32, _INT64, _FLOAT),
}
"""By the operator's name."""

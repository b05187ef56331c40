"""Reads the operators of operators/state.py."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from tflite import (
    BuiltinOptions,
    CallOnceOptions,
    SVDFOptions,
    UnidirectionalSequenceLSTMOptions,
    VarHandleOptions,
)

from boardproof.model.graph import (
    LSTM_INPUTS,
    NO_TENSOR,
    AssignVariable,
    CallOnce,
    ReadVariable,
    SequenceLstm,
    Svdf,
    Unsupported,
    VarHandle,
)
from boardproof.model.tflite.raw_operator import MANY, Reader
from boardproof.model.tflite.verifier import BYTE, INT, Table, Text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from boardproof.model.tflite.raw_operator import RawOperator

_SVDF_INPUTS = 5

_LSTM_REQUIRED = (*range(9), *range(12, 16), 18, 19)
"""Inputs of an LSTM without peephole connections, projection or normalization."""


def _var_handle(raw: RawOperator) -> VarHandle:
    options = raw.require_options(BuiltinOptions.VarHandleOptions, VarHandleOptions)
    return VarHandle(*raw.wiring, container=_text(options.Container()), shared_name=_text(options.SharedName()))


def _text(value: bytes | None) -> str:
    return (value or b"").decode("utf-8", errors="replace")


def _call_once(raw: RawOperator) -> CallOnce:
    options = raw.require_options(BuiltinOptions.CallOnceOptions, CallOnceOptions)
    return CallOnce(*raw.wiring, subgraph=int(options.InitSubgraphIndex()))


def _svdf(raw: RawOperator) -> Svdf:
    options = raw.require_options(BuiltinOptions.SVDFOptions, SVDFOptions)
    _require(raw, _SVDF_INPUTS, (0, 1, 2, 4))
    return Svdf(
        *raw.wiring, rank=raw.positive("rank", options.Rank(), options.Rank())[0], activation=raw.activation(options)
    )


def _sequence_lstm(raw: RawOperator) -> SequenceLstm | Unsupported:
    options = raw.require_options(BuiltinOptions.UnidirectionalSequenceLSTMOptions, UnidirectionalSequenceLSTMOptions)
    _require(raw, LSTM_INPUTS, (0,))
    if any(raw.inputs[position] == NO_TENSOR for position in _LSTM_REQUIRED):
        return Unsupported(*raw.wiring, opcode_name="UNIDIRECTIONAL_SEQUENCE_LSTM without all gates and states")
    clips = float(options.CellClip()), float(options.ProjClip())
    if not all(isfinite(clip) for clip in clips):
        raise raw.error(f"the clips are {clips}")
    return SequenceLstm(
        *raw.wiring,
        time_major=bool(options.TimeMajor()),
        cell_clip=clips[0],
        projection_clip=clips[1],
        activation=raw.activation(options),
    )


def _require(raw: RawOperator, count: int, positions: Sequence[int]) -> None:
    """Raises InputError unless there are so many inputs, and those at the positions are not absent."""
    if len(raw.inputs) != count:
        raise raw.error(f"there are {len(raw.inputs)} inputs, not {count}")
    for position in positions:
        if raw.inputs[position] == NO_TENSOR:
            raise raw.error(f"input {position} is missing")


READERS: Mapping[str, Reader] = {
    "ASSIGN_VARIABLE": Reader(lambda raw: AssignVariable(*raw.wiring), inputs=(2, 2), outputs=(0, 0)),
    "CALL_ONCE": Reader(_call_once, inputs=(0, 0), outputs=(0, 0)),
    "READ_VARIABLE": Reader(lambda raw: ReadVariable(*raw.wiring)),
    "SVDF": Reader(_svdf, inputs=(1, MANY)),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": Reader(_sequence_lstm, inputs=(1, MANY)),
    "VAR_HANDLE": Reader(_var_handle, inputs=(0, 0)),
}

OPTIONS: Mapping[int, Table] = {
    BuiltinOptions.VarHandleOptions: Table("its VarHandleOptions", {0: Text(), 1: Text()}),
    BuiltinOptions.CallOnceOptions: Table("its CallOnceOptions", {0: INT}),
    BuiltinOptions.SVDFOptions: Table("its SVDFOptions", {0: INT, 1: BYTE, 2: BYTE}),
    BuiltinOptions.UnidirectionalSequenceLSTMOptions: Table(
        "its UnidirectionalSequenceLSTMOptions", {0: BYTE, 1: INT, 2: INT, 3: BYTE, 4: BYTE, 5: BYTE}
    ),
}
"""What of its options tables the verifier must know: fields by slot."""

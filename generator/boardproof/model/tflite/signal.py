"""Reads the operators of operators/signal.py: custom operators, whose options are a FlexBuffer."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar

from boardproof.model.operators.base import Operator
from boardproof.model.operators.signal import (
    SignalDelay,
    SignalEnergy,
    SignalFftAutoScale,
    SignalFilterBank,
    SignalFilterBankLog,
    SignalFilterBankSpectralSubtraction,
    SignalFilterBankSquareRoot,
    SignalFramer,
    SignalIrfft,
    SignalOverlapAdd,
    SignalPcan,
    SignalRfft,
    SignalStacker,
    SignalWindow,
)
from boardproof.model.tflite.flexbuffer import FlexBufferError, read_integers
from boardproof.model.tflite.raw_operator import Reader

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boardproof.model.tflite.raw_operator import RawOperator

Signal = TypeVar("Signal", bound=Operator)

_LIMIT = 1 << 31
"""TensorFlow Lite Micro takes every option as int32."""

_TYPE = "T"
"""An option that repeats the type of the tensors."""


def _read(kind: type[Signal], raw: RawOperator, *, typed: bool = False) -> Signal:
    names = sorted({field.name for field in fields(kind)} - {field.name for field in fields(Operator)})
    if not names:
        return kind(*raw.wiring)
    expected = sorted([*names, _TYPE] if typed else names)
    try:
        options = read_integers(raw.custom_options)
    except FlexBufferError as error:
        raise raw.error(f"its options cannot be read: {error}") from error
    if sorted(options) != expected:
        raise raw.error(f"its options are {', '.join(sorted(options))}, not {', '.join(expected)}")
    if any(not -_LIMIT <= value < _LIMIT for value in options.values()):
        raise raw.error("one of its options does not fit in 32 bits")
    values: dict[str, Any] = {name: options[name] for name in names}
    return kind(*raw.wiring, **values)


def _reader(kind: type[Operator], inputs: int = 1, outputs: int = 1, *, typed: bool = False) -> tuple[str, Reader]:
    read = Reader(lambda raw: _read(kind, raw, typed=typed), (inputs, inputs), (outputs, outputs))
    return kind.opcode, read


READERS: Mapping[str, Reader] = dict(
    (
        _reader(SignalDelay),
        _reader(SignalEnergy),
        _reader(SignalFftAutoScale, outputs=2),
        _reader(SignalFilterBank, inputs=6),
        _reader(SignalFilterBankLog),
        _reader(SignalFilterBankSpectralSubtraction, outputs=2),
        _reader(SignalFilterBankSquareRoot, inputs=2),
        _reader(SignalFramer, outputs=2),
        _reader(SignalIrfft, typed=True),
        _reader(SignalOverlapAdd, typed=True),
        _reader(SignalPcan, inputs=3),
        _reader(SignalRfft, typed=True),
        _reader(SignalStacker, outputs=2),
        _reader(SignalWindow, inputs=2),
    )
)
"""By the custom operator's name."""

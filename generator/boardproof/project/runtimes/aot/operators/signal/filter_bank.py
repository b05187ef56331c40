"""Filter banks and what follows them: SignalFilterBank…, SignalPCAN."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.model.graph import DType
from boardproof.project.runtimes.aot.operators.signal.common import (
    BITS,
    WIDE_BITS,
    check_bits,
    check_constants,
    check_types,
    entry,
    same_type,
    signal_step,
    signal_table,
)
from boardproof.project.runtimes.aot.program import InPlace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from boardproof.model.graph import Graph, Operator
    from boardproof.model.operators.signal import (
        SignalFilterBank,
        SignalFilterBankLog,
        SignalFilterBankSpectralSubtraction,
        SignalFilterBankSquareRoot,
        SignalPcan,
    )
    from boardproof.model.preflight import Finding
    from boardproof.project.runtimes.aot.checks.findings import Subject
    from boardproof.project.runtimes.aot.entry import Entry
    from boardproof.project.runtimes.aot.program import Fields, Step

_UINT32_MASK = 0xFFFFFFFF


def lower_filter_bank(op: SignalFilterBank, graph: Graph) -> Step:
    """One nn_signal_filter_bank_u32."""
    names = {"weights": 1, "unweights": 2, "start": 3, "weight_start": 4, "width": 5}
    tables = {name: signal_table(name, graph, op.inputs[position]) for name, position in names.items()}
    fields: Fields = (("channels", op.num_channels), *tables.items())
    return signal_step(op, graph, "filter_bank_u32", fields, inputs=1, header="nn_signal_bank.h")


def check_filter_bank(op: SignalFilterBank, subject: Subject) -> Iterator[Finding]:  # noqa: ARG001 one signature
    """All tables are constants."""
    yield from check_constants(subject, range(1, 6), DType.INT16)


def lower_square_root(op: SignalFilterBankSquareRoot, graph: Graph) -> Step:
    """One nn_signal_square_root_u64."""
    fields = (("channels", graph.tensors[op.input].elements),)
    return signal_step(op, graph, "square_root_u64", fields, header="nn_signal_bank.h", in_place=(InPlace(0),))


def check_square_root(op: Operator, subject: Subject) -> Iterator[Finding]:  # noqa: ARG001 one signature for all
    """The shift is an int32."""
    yield from check_types(subject, {1: DType.INT32})


def lower_spectral_subtraction(op: SignalFilterBankSpectralSubtraction, graph: Graph) -> Step:
    """One nn_signal_subtraction_u32."""
    fields: Fields = (
        ("channels", op.num_channels),
        ("smoothing", _unsigned(op.smoothing, op.alternate_smoothing)),
        ("one_minus_smoothing", _unsigned(op.one_minus_smoothing, op.alternate_one_minus_smoothing)),
        ("least", op.min_signal_remaining & _UINT32_MASK),
        ("smoothing_bits", op.smoothing_bits),
        ("bits", op.spectral_subtraction_bits),
        ("clamping", int(op.clamping != 0)),
    )
    return signal_step(op, graph, "subtraction_u32", fields, header="nn_signal_bank.h", in_place=(InPlace(0),))


def _unsigned(*values: int) -> tuple[int, ...]:
    """As uint32, which the options are not."""
    return tuple(value & _UINT32_MASK for value in values)


def check_spectral_subtraction(op: SignalFilterBankSpectralSubtraction, subject: Subject) -> Iterator[Finding]:
    """Shifts that exist."""
    yield from check_bits(subject, "smoothing_bits", op.smoothing_bits, BITS)
    yield from check_bits(subject, "spectral_subtraction_bits", op.spectral_subtraction_bits, WIDE_BITS)


def lower_pcan(op: SignalPcan, graph: Graph) -> Step:
    """One nn_signal_pcan_u32."""
    fields = (
        ("channels", graph.tensors[op.input].elements),
        ("snr_shift", op.snr_shift),
        ("gain", signal_table("gain", graph, op.inputs[2])),
    )
    in_place = (InPlace(0), InPlace(1))
    return signal_step(op, graph, "pcan_u32", fields, inputs=2, header="nn_signal_bank.h", in_place=in_place)


def check_pcan(op: SignalPcan, subject: Subject) -> Iterator[Finding]:
    """A constant table, a shift that exists."""
    yield from check_types(subject, {1: DType.UINT32})
    yield from check_constants(subject, (2,), DType.INT16)
    yield from check_bits(subject, "snr_shift", op.snr_shift, WIDE_BITS)


def lower_bank_log(op: SignalFilterBankLog, graph: Graph) -> Step:
    """One nn_signal_log_u32_s16."""
    fields = (
        ("channels", graph.tensors[op.input].elements),
        ("correction_bits", op.input_correction_bits),
        ("scale", op.output_scale & _UINT32_MASK),
    )
    return signal_step(
        op, graph, "log_u32_s16", fields, struct="log", header="nn_signal_bank.h", in_place=(InPlace(0),)
    )


def check_bank_log(op: SignalFilterBankLog, subject: Subject) -> Iterator[Finding]:
    """A shift that exists."""
    yield from check_bits(subject, "input_correction_bits", op.input_correction_bits, BITS)


ENTRIES: Mapping[str, Entry] = {
    "SignalFilterBank": entry(
        lower_filter_bank,
        DType.UINT32,
        DType.UINT64,
        check_filter_bank,
        "all inputs but the first are constants",
    ),
    "SignalFilterBankLog": entry(lower_bank_log, DType.UINT32, DType.INT16, check_bank_log),
    "SignalFilterBankSpectralSubtraction": same_type(
        lower_spectral_subtraction, DType.UINT32, check=check_spectral_subtraction
    ),
    "SignalFilterBankSquareRoot": entry(lower_square_root, DType.UINT64, DType.UINT32, check_square_root),
    "SignalPCAN": same_type(lower_pcan, DType.UINT32, check=check_pcan, limits="the gain table is a constant"),
}
"""By the operator's name."""

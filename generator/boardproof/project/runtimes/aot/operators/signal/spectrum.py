"""Before and after a Fourier transform: SignalWindow, SignalFftAutoScale, SignalEnergy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.model.graph import Cast, DType, StridedSlice
from boardproof.model.operators.signal import SignalFilterBank
from boardproof.model.shapes.rules import constant_ints
from boardproof.project.runtimes.aot.operators.signal.common import (
    BITS,
    check_bits,
    check_constants,
    entry,
    same_type,
    signal_step,
    signal_table,
)
from boardproof.project.runtimes.aot.program import InPlace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from boardproof.model.graph import Graph, Operator
    from boardproof.model.operators.signal import SignalEnergy, SignalFftAutoScale, SignalWindow
    from boardproof.model.preflight import Finding
    from boardproof.project.runtimes.aot.checks.findings import Subject
    from boardproof.project.runtimes.aot.entry import Entry
    from boardproof.project.runtimes.aot.program import Step

_OPEN_HINT = "Cut its output to what is computed, or let nothing depend on the rest."


def lower_signal_window(op: SignalWindow, graph: Graph) -> Step:
    """One nn_signal_window_s16."""
    window = graph.tensors[op.inputs[1]]
    fields = (
        ("count", graph.tensors[op.input].elements),
        ("size", window.elements),
        ("shift", op.shift),
        ("window", signal_table("window", graph, op.inputs[1])),
    )
    return signal_step(op, graph, "window_s16", fields, inputs=1, in_place=(InPlace(0),))


def check_signal_window(op: SignalWindow, subject: Subject) -> Iterator[Finding]:
    """A constant window, a shift of up to 31."""
    yield from check_constants(subject, (1,), DType.INT16)
    yield from check_bits(subject, "shift", op.shift, BITS)


def lower_auto_scale(op: SignalFftAutoScale, graph: Graph) -> Step:
    """One nn_signal_auto_scale_s16."""
    fields = (("count", graph.tensors[op.input].elements),)
    return signal_step(op, graph, "auto_scale_s16", fields, in_place=(InPlace(0),))


def lower_energy(op: SignalEnergy, graph: Graph) -> Step:
    """One nn_signal_energy_s16."""
    fields = (("count", graph.tensors[op.output].elements), ("begin", op.start_index), ("end", op.end_index))
    return signal_step(op, graph, "energy_s16", fields)


def check_energy(op: SignalEnergy, subject: Subject) -> Iterator[Finding]:
    """Nothing depends on energies that are not computed: in TensorFlow Lite Micro, they are what was there before."""
    count = subject.output.elements
    if (op.start_index, op.end_index) != (0, count) and _reads_beyond(
        subject.graph, op.output, op.start_index, op.end_index
    ):
        what = f"computes {op.start_index} to {op.end_index} of {count} energies, and something reads the others, "
        what += "which TensorFlow Lite Micro leaves as they were (here they are 0)"
        yield subject.warning("undefined-values", what, _OPEN_HINT)


def _reads_beyond(graph: Graph, tensor: int, begin: int, end: int) -> bool:
    """Whether elements outside of a range matter to anything."""
    readers = [op for op in graph.operators if tensor in op.inputs]
    return tensor in graph.outputs or not all(_stays_within(op, graph, begin, end) for op in readers)


def _stays_within(op: Operator, graph: Graph, begin: int, end: int) -> bool:
    match op:
        case Cast():
            return not _reads_beyond(graph, op.output, begin, end)
        case StridedSlice():
            ranges = [constant_ints(graph.tensors[i]) or [] for i in op.inputs[1:4]]
            starts, ends, strides = (values[0] if len(values) == 1 else -1 for values in ranges)
            return strides == 1 and begin <= starts <= ends <= end
        case SignalFilterBank():
            starts_of, widths = (constant_ints(graph.tensors[op.inputs[i]]) or [] for i in (3, 5))
            bands = [(s, s + w) for s, w in zip(starts_of, widths, strict=False) if w > 0]
            return all(begin <= first and last <= end for first, last in bands[: op.num_channels + 1])
        case _:
            return False


ENTRIES: Mapping[str, Entry] = {
    "SignalEnergy": entry(lower_energy, DType.INT16, DType.UINT32, check_energy),
    "SignalFftAutoScale": same_type(lower_auto_scale, DType.INT16),
    "SignalWindow": same_type(
        lower_signal_window, DType.INT16, check=check_signal_window, limits="the window is a constant"
    ),
}
"""By the operator's name."""

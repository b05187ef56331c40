"""Frames of a stream: SignalFramer, SignalOverlapAdd, SignalStacker, SignalDelay."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from boardproof.model.graph import DType, Select
from boardproof.model.signal_states import framer_capacity
from boardproof.project.runtimes.aot.operands import SUFFIXES
from boardproof.project.runtimes.aot.operators.signal.common import same_type, signal_step

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from boardproof.model.graph import Graph, Operator
    from boardproof.model.operators.signal import SignalDelay, SignalFramer, SignalOverlapAdd, SignalStacker
    from boardproof.model.preflight import Finding
    from boardproof.project.runtimes.aot.checks.findings import Subject
    from boardproof.project.runtimes.aot.entry import Entry
    from boardproof.project.runtimes.aot.program import Step


def lower_framer(op: SignalFramer, graph: Graph) -> Step:
    """One nn_signal_framer_s16."""
    shape = graph.tensors[op.input].shape
    fields = (
        ("rows", prod(shape[:-1])),
        ("frames", shape[-1] // op.frame_step),
        ("step", op.frame_step),
        ("size", op.frame_size),
        ("capacity", framer_capacity(op)),
        ("prefilled", op.frame_size - op.frame_step if op.prefill else 0),
    )
    return signal_step(op, graph, "framer_s16", fields)


def check_framer(op: SignalFramer, subject: Subject) -> Iterator[Finding]:
    """Frames that are not valid matter to nothing."""
    if not op.prefill:
        yield from _check_validity(op, subject)


def lower_overlap_add(op: SignalOverlapAdd, graph: Graph) -> Step:
    """One nn_signal_overlap_add_s16 or _f32."""
    data = graph.tensors[op.input]
    fields = (
        ("rows", prod(data.shape[:-2])),
        ("frames", data.shape[-2]),
        ("step", op.frame_step),
        ("size", data.shape[-1]),
    )
    return signal_step(op, graph, f"overlap_add_{SUFFIXES[data.dtype]}", fields)


def lower_stacker(op: SignalStacker, graph: Graph) -> Step:
    """One nn_signal_stacker_s16."""
    fields = (
        ("channels", op.num_channels),
        ("left", op.stacker_left_context),
        ("size", op.num_channels * op.frames),
        ("step", op.num_channels * op.stacker_step),
    )
    return signal_step(op, graph, "stacker_s16", fields)


def check_stacker(op: SignalStacker, subject: Subject) -> Iterator[Finding]:
    """Stacks that are not valid matter to nothing."""
    if op.stacker_right_context or op.stacker_step > 1:
        yield from _check_validity(op, subject)


def _check_validity(op: Operator, subject: Subject) -> Iterator[Finding]:
    """A warning unless all that reads the first output chooses by the second."""
    graph = subject.graph
    readers = [reader for reader in graph.operators if op.output in reader.inputs]
    guarded = all(isinstance(reader, Select) and reader.inputs[0] == op.outputs[1] for reader in readers)
    if op.output in graph.outputs or not guarded:
        what = "does not give a frame every time, and something reads its output without asking whether it did; "
        what += "TensorFlow Lite Micro then leaves it as it was (here it is 0)"
        yield subject.warning("undefined-values", what, "Choose by its second output, or prefill.")


def lower_delay(op: SignalDelay, graph: Graph) -> Step:
    """One nn_signal_delay_s16."""
    shape = graph.tensors[op.input].shape
    fields = (("rows", prod(shape[:-1])), ("count", shape[-1]), ("delay", op.delay_length))
    return signal_step(op, graph, "delay_s16", fields)


ENTRIES: Mapping[str, Entry] = {
    "SignalDelay": same_type(lower_delay, DType.INT16),
    "SignalFramer": same_type(lower_framer, DType.INT16, check=check_framer),
    "SignalOverlapAdd": same_type(lower_overlap_add, DType.INT16, DType.FLOAT32),
    "SignalStacker": same_type(lower_stacker, DType.INT16, check=check_stacker),
}
"""By the operator's name."""

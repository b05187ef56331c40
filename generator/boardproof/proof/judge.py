"""From what the board computed to a report: the one place that makes it, with accuracies and LiteRT beside them."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from boardproof import __version__
from boardproof.device.build.parts import read_parts
from boardproof.errors import BoardproofError
from boardproof.model.arithmetic import computes_in_float32, requantizes
from boardproof.model.macs import macs
from boardproof.model.metrics import accuracy, predicted_classes
from boardproof.model.oracle import run_litert
from boardproof.proof.compare import max_float_difference, max_lsb
from boardproof.proof.cycles import estimate_cycles
from boardproof.proof.metrics.of_run import Computed, float_outputs, labels_of_classes, quality_of
from boardproof.report.document import Accuracy, LiteRtDifference, Mistake, ModelFacts, OpTicks, Report, TickSummary
from boardproof.report.memory import memory_use

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from numpy.typing import NDArray

    from boardproof.device.types import BoardRun, Firmware
    from boardproof.model.graph import Graph
    from boardproof.model.oracle import Outputs
    from boardproof.model.samples import Vectors
    from boardproof.project.runtimes.base import Generated
    from boardproof.project.subject import Network, Target
    from boardproof.proof.metrics.own import OwnMetric
    from boardproof.report.verdict import Divergence, Verdict


MAX_MISTAKES = 20
"""Samples that are listed one by one."""


@dataclass(frozen=True, slots=True)
class Apart:
    """Layers that run together in bands of rows, and firmware where they run one after the other.

    Attributes:
        operators: Of the layers, in order.
        firmware: None where it would have to be flashed.
    """

    operators: tuple[int, ...]
    firmware: Firmware | None


def nothing_together(_: int) -> AbstractContextManager[Apart | None]:
    """A `Case.apart` where every operator runs alone."""
    return nullcontext()


@dataclass(frozen=True, slots=True)
class Case:
    """What is to be proven.

    Attributes:
        network: The network.
        target: Where it runs.
        inputs: The samples.
        firmware: What was built; None when it was on the board already.
        generated: What the runtime generated; None when the project, or the firmware, was there already.
        arena_how: How the arena's size was obtained, of a project that was there already.
        metric: The user's own measure, if there is one.
        apart: For an operator, the layers that run together with it; None where it runs alone.
    """

    network: Network
    target: Target
    inputs: Vectors
    firmware: Firmware | None
    generated: Generated | None
    arena_how: str | None = None
    metric: OwnMetric | None = None
    apart: Callable[[int], AbstractContextManager[Apart | None]] = nothing_together


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was found out about a run, beside its own numbers.

    Attributes:
        expected: The oracle's outputs.
        verdict: Whether the board's are the same.
        divergence: The first operator that went astray, where there is one and it was found.
        warnings: What else a reader should know.
        notes: Why the board's library may differ from the oracle.
    """

    expected: Outputs
    verdict: Verdict
    divergence: Divergence | None
    warnings: tuple[str, ...]
    notes: tuple[str, ...]


def judge(case: Case, run: BoardRun, found: Judgement) -> Report:
    """Puts everything together, with accuracies, and LiteRT's outputs on the same inputs beside it.

    Args:
        case: What was proven.
        run: What the board computed.
        found: What was found out about it.

    Raises:
        InputError: The labels do not fit.
    """
    network, inputs, firmware, generated = case.network, case.inputs, case.firmware, case.generated
    labels, floats = labels_of_classes(network, inputs, case.metric), float_outputs(network)
    quality, warnings = quality_of(network, inputs, Computed(floats, found.expected, run), case.metric)
    choices, ops = generated.choices if generated is not None else (), _op_ticks(network.graph, run)
    return Report(
        boardproof=__version__,
        model=ModelFacts(
            name=network.model.source,
            sha256=network.sha256,
            bytes=len(network.data),
            constant_bytes=sum(t.size_bytes for t in network.graph.tensors if t.is_constant),
            macs=sum(macs(network.graph, op) for op in network.graph.operators),
        ),
        scheme=network.scheme.value if network.scheme else None,
        runtime=run.hello.runtime,
        library=run.hello.library,
        kernels=run.hello.kernels,
        board=case.target.board.name,
        flash_bytes=firmware.flash_bytes if firmware is not None else None,
        ram_bytes=firmware.ram_bytes if firmware is not None else None,
        arena_bytes=run.hello.arena_bytes,
        arena_used_bytes=run.arena_used_bytes,
        arena_lower_bound_bytes=generated.arena_lower_bound_bytes if generated is not None else None,
        arena_how=generated.arena_how if generated is not None else case.arena_how,
        choices=choices,
        cycles=estimate_cycles(case.target.board, choices, ops),
        stack_bytes=run.stack_bytes,
        ticks=_summary(run),
        ops=ops,
        verdict=found.verdict,
        accuracy=None
        if labels is None
        else _accuracy(network, labels, found.expected, run, floats[0] if floats else None),
        litert=_litert(network, inputs, labels, run),
        repeats=run.repeats,
        boards=run.shares,
        divergence=found.divergence,
        warnings=(*warnings, *found.warnings),
        quality=quality,
        preparation=network.notes,
        notes=found.notes,
        memory=memory_use(network.graph, generated.plan if generated is not None else None),
        flash_parts=read_parts(firmware) if firmware is not None else (),
        mistakes=() if labels is None else _mistakes(network, labels, found.expected, run),
    )


def _summary(run: BoardRun) -> TickSummary:
    low, quarter, median, three_quarters, high = (int(np.percentile(run.ticks, q)) for q in (0, 25, 50, 75, 100))
    return TickSummary(run.hello.tick_unit.value, median, low, high, quarter, three_quarters)


def _op_ticks(graph: Graph, run: BoardRun) -> tuple[OpTicks, ...]:
    operators = (graph.operators[index] for index in run.hello.op_indices)
    total = max(1, sum(run.op_ticks))
    return tuple(
        OpTicks(op.index, op.name, ticks, macs(graph, op), low, high, ticks / total)
        for op, ticks, (low, high) in zip(operators, run.op_ticks, run.op_spread, strict=True)
    )


def _accuracy(
    network: Network,
    labels: NDArray[np.int64],
    expected: Outputs,
    run: BoardRun,
    floats: NDArray[np.generic] | None,
) -> Accuracy:
    quantization = network.graph.output_tensors[0].quantization
    return Accuracy(
        float_model=None if floats is None else accuracy(floats, labels),
        host=accuracy(expected.arrays[0], labels, quantization),
        board=accuracy(run.outputs[0], labels, quantization),
    )


def _mistakes(network: Network, labels: NDArray[np.int64], expected: Outputs, run: BoardRun) -> tuple[Mistake, ...]:
    """The first samples that the board takes for something else."""
    quantization = network.graph.output_tensors[0].quantization
    host = predicted_classes(expected.arrays[0], quantization)
    board = predicted_classes(run.outputs[0], quantization)
    names = network.samples.classes if network.samples is not None else ()

    def name(number: np.int64) -> str:
        return names[number] if number < len(names) else str(number)

    wrong = np.flatnonzero(board != labels)[:MAX_MISTAKES]
    return tuple(Mistake(int(i), name(labels[i]), name(host[i]), name(board[i])) for i in wrong)


def _litert(
    network: Network, inputs: Vectors, labels: NDArray[np.int64] | None, run: BoardRun
) -> LiteRtDifference | None:
    """LiteRT's difference from the board; None where LiteRT cannot run the model, which is no fault of the board's."""
    try:
        outputs = run_litert(network.data, inputs)
    except BoardproofError:
        return None
    differing = np.zeros(inputs.samples, bool)
    for theirs, ours in zip(outputs.arrays, run.outputs, strict=True):
        differing |= (theirs != ours).reshape(inputs.samples, -1).any(axis=1)
    quantization = network.graph.output_tensors[0].quantization
    return LiteRtDifference(
        version=outputs.version,
        max_lsb=max_lsb(outputs.arrays, run.outputs),
        samples_differing=int(differing.sum()),
        accuracy=None if labels is None else accuracy(outputs.arrays[0], labels, quantization),
        in_float=computes_in_float32(network.graph) and not requantizes(network.graph),
        max_abs=max_float_difference(outputs.arrays, run.outputs),
    )

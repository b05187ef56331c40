"""Finds the operator at which a board goes astray, by reading its tensors in between."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boardproof.errors import DeviceError
from boardproof.proof.compare import lsb_differences, plain
from boardproof.report.verdict import Divergence

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from boardproof.device.protocol.session import Session
    from boardproof.model.graph import Graph, Operator, Tensor
    from boardproof.model.samples import Vectors

_SHOWN = 5


def find_divergence(
    session: Session,
    graph: Graph,
    expected: Mapping[int, NDArray[np.generic]],
    inputs: Vectors,
    sample: int,
    *,
    stateful: bool = False,
    kept: Mapping[int, tuple[int, ...]] | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Divergence | None:
    """Runs the sample once for each operator, up to it, and compares what it wrote with the oracle's tensor.

    Args:
        session: A conversation with the board.
        graph: The network on the board.
        expected: The oracle's tensors, by index (`run_oracle_tensors`).
        inputs: The samples.
        sample: Which one.
        stateful: The network remembers earlier samples: they run first, afresh for each operator.
        kept: The channels that the board computes, by tensor, where it does not compute all: `Runtime.kept_channels`.
        on_progress: Is told (operators done, operators in all).

    Returns:
        None when every tensor that can be read agrees: then the difference arises after the last operator, or only
        when nothing stops in between.

    Raises:
        DeviceError: As `Session.op_outputs`; or the board was reset, and forgot the samples before.
    """
    indices = session.connect().op_indices
    arrays = [array[sample] for array in inputs.arrays]
    for position, index in enumerate(indices):
        operator = graph.operators[index]
        resets = session.resets
        if stateful:
            _remember(session, inputs, sample)
        outputs = session.op_outputs(arrays, position, len(operator.outputs))
        if stateful and session.resets > resets:
            raise DeviceError("The board was reset, and this network remembers earlier samples.", "Run it again.")
        for tensor, got in zip(operator.outputs, outputs, strict=True):
            if got is None or tensor not in expected:
                continue
            whole = _with_all_channels(got, expected[tensor], kept[tensor]) if kept and tensor in kept else got
            if not _equal(expected[tensor], whole):
                return _describe(sample, operator, graph.tensors[tensor], expected[tensor].ravel(), whole.ravel())
        if on_progress is not None:
            on_progress(position + 1, len(indices))
    return None


def _remember(session: Session, inputs: Vectors, sample: int) -> None:
    """Runs every sample before this one, from the state that the network begins with."""
    session.restart()
    for number in range(sample):
        session.infer([array[number] for array in inputs.arrays])


def _with_all_channels(
    got: NDArray[np.generic], expected: NDArray[np.generic], channels: tuple[int, ...]
) -> NDArray[np.generic]:
    """The board's tensor with those channels that it does not compute as the oracle has them.

    Channels below 0 are in the board's tensor, but are not the network's. A tensor of another size is left as it is.
    """
    if got.size * expected.shape[-1] != expected.size * len(channels) or got.dtype != expected.dtype:
        return got
    whole = expected.reshape(-1, expected.shape[-1]).copy()
    columns = np.array(channels)
    whole[:, columns[columns >= 0]] = got.reshape(-1, len(channels))[:, columns >= 0]
    return whole.reshape(expected.shape)


def _equal(expected: NDArray[np.generic], got: NDArray[np.generic]) -> bool:
    if (expected.dtype, expected.size) != (got.dtype, got.size):
        raise DeviceError(
            f"The board has {got.size} elements of {got.dtype}; the oracle {expected.size} of {expected.dtype}.",
            "Flash the firmware built for this model.",
        )
    return expected.tobytes() == got.tobytes()


def _describe(
    sample: int, operator: Operator, tensor: Tensor, expected: NDArray[np.generic], got: NDArray[np.generic]
) -> Divergence:
    lsb = lsb_differences(expected, got)
    first = int(np.flatnonzero(lsb)[0])
    shown = slice(max(0, first - _SHOWN), first + _SHOWN + 1)
    return Divergence(
        sample=sample,
        index=operator.index,
        op=operator.name,
        tensor=tensor.index,
        name=tensor.label,
        differing=int(np.count_nonzero(lsb)),
        elements=int(lsb.size),
        max_lsb=int(lsb.max()),
        first=first,
        shown_from=shown.start,
        expected=tuple(plain(value) for value in expected[shown]),
        got=tuple(plain(value) for value in got[shown]),
    )

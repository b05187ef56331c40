"""What signal operators keep from one inference to the next. The file has no tensors for it, so they are made here."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from boardproof.model.graph import DType, Tensor
from boardproof.model.operators.signal import (
    SignalDelay,
    SignalFilterBankSpectralSubtraction,
    SignalFramer,
    SignalOverlapAdd,
    SignalStacker,
)

if TYPE_CHECKING:
    from boardproof.model.graph import Graph, Operator

    Form = tuple[DType, int]
    """A type and a number of elements."""

_KEEPING = (SignalDelay, SignalFilterBankSpectralSubtraction, SignalFramer, SignalOverlapAdd, SignalStacker)


def keeps_state(operator: Operator) -> bool:
    """Whether an operator has a state that is no tensor of the file."""
    return isinstance(operator, _KEEPING)


def state_tensors(operator: Operator, graph: Graph, first: int) -> list[Tensor]:
    """Its states as tensors with indices from `first`; all their bytes are 0 before the first inference."""
    return [
        Tensor(first + i, f"state {i} of {operator.name} {operator.index}", (elements,), dtype, is_variable=True)
        for i, (dtype, elements) in enumerate(_forms(operator, graph))
    ]


def _forms(operator: Operator, graph: Graph) -> tuple[Form, ...]:
    match operator:
        case SignalDelay():
            rows = _rows(graph.tensors[operator.input], 1)
            return ((DType.INT16, max(rows * operator.delay_length, 1)),)
        case SignalFilterBankSpectralSubtraction():
            return ((DType.UINT32, operator.num_channels),)
        case SignalFramer():
            rows = _rows(graph.tensors[operator.input], 1)
            return (DType.INT32, 1), (DType.INT16, rows * framer_capacity(operator))
        case SignalOverlapAdd():
            data = graph.tensors[operator.input]
            return ((data.dtype, _rows(data, 2) * data.shape[-1]),)
        case SignalStacker():
            return (DType.INT32, 2), (DType.INT16, operator.num_channels * operator.frames)
        case _:
            return ()


def _rows(tensor: Tensor, inner: int) -> int:
    """How many rows of `inner` axes it has."""
    return prod(tensor.shape[: len(tensor.shape) - inner])


def framer_capacity(operator: SignalFramer) -> int:
    """Samples that wait in one row: a frame, rounded up to whole steps."""
    return -(-operator.frame_size // operator.frame_step) * operator.frame_step

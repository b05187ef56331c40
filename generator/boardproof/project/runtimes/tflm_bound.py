"""An upper bound of the arena TensorFlow Lite Micro needs, from the graph alone.

It stands in where nothing can be measured. The activations are placed as the library's GreedyMemoryPlanner places them;
everything the interpreter keeps beside them is counted generously.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from boardproof.model.graph import NO_TENSOR, Quantization

if TYPE_CHECKING:
    from collections.abc import Iterable

    from boardproof.model.graph import Graph, Operator
    from boardproof.model.graph import Tensor as GraphTensor

ALIGNMENT = 16

# Bytes of TensorFlow Lite Micro's structures on a 32-bit target, rounded up to hold for versions since 2022.
_FIXED_BYTES = 512
_PER_TENSOR_BYTES = 16
_PER_OPERATOR_BYTES = 320  # node, parsed options, the kernel's own data and its scratch requests
_PER_CHANNEL_BYTES = 8  # a multiplier and a shift for each output channel
_PER_INPUT_OR_OUTPUT_BYTES = 128
_PLANNER_BYTES_PER_BUFFER = 72
_TEMPORARIES_BYTES = 768


@dataclass(frozen=True, slots=True)
class _Block:
    size_bytes: int
    first: int
    last: int


def arena_bound_bytes(graph: Graph, bits: int) -> int:
    """A size, in bytes and a multiple of 16, at which the interpreter can be expected to start.

    Args:
        graph: The network.
        bits: Of the target's pointers; where they are 64, the interpreter's structures are taken to double.

    The larger of what running takes (activations and scratch) and what planning takes (temporaries), plus what stays.
    """
    parts = (graph, *graph.subgraphs)
    activations = sum(_placed_bytes(_blocks(part)) for part in parts)
    buffers = sum(len(part.tensors) + 2 * len(part.operators) for part in parts)
    scratch = max((_scratch_bytes(part, operator) for part in parts for operator in part.operators), default=0)
    planning = buffers * _PLANNER_BYTES_PER_BUFFER + _TEMPORARIES_BYTES
    widest = max((_channels(tensor.quantization) for part in parts for tensor in part.tensors), default=1)
    head = max(activations + _aligned(scratch), (planning + 4 * widest) * bits // 32)
    kept = sum(_persistent_bytes(part) for part in parts) + _FIXED_BYTES
    return _aligned(head + kept * bits // 32)


def _blocks(graph: Graph) -> tuple[_Block, ...]:
    """The run-time tensors with their lifetimes, as positions in execution order."""
    end = len(graph.operators)
    first = dict.fromkeys(graph.inputs, 0)
    last = dict.fromkeys(graph.outputs, end)
    for position, operator in enumerate(graph.operators):
        for index in operator.outputs:
            first.setdefault(index, position)
        for index in operator.inputs:
            last[index] = max(last.get(index, 0), position)
    return tuple(
        _Block(_aligned(graph.tensors[index].size_bytes), begin, max(begin, last.get(index, begin)))
        for index, begin in first.items()
        if index != NO_TENSOR and not graph.tensors[index].is_constant
    )


def _placed_bytes(blocks: Iterable[_Block]) -> int:
    """The height of a greedy plan: the largest first, each at the lowest offset free during its life."""
    placed: list[tuple[int, _Block]] = []
    for block in sorted(blocks, key=lambda block: -block.size_bytes):
        offset = 0
        for start, other in sorted(placed, key=lambda entry: entry[0]):
            if other.first > block.last or other.last < block.first:
                continue
            if start - offset >= block.size_bytes:
                break
            offset = max(offset, start + other.size_bytes)
        placed.append((offset, block))
    return max((offset + block.size_bytes for offset, block in placed), default=0)


def _scratch_bytes(graph: Graph, operator: Operator) -> int:
    """What an optimized kernel may want beside its tensors: two int16 columns of the filter, or int32 sums."""
    if operator.name in {"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV"}:
        weights = graph.tensors[operator.inputs[1]]
        outputs = graph.tensors[operator.outputs[0]]
        column = weights.elements // max(weights.shape[0], 1)
        return 4 * column + 4 * (outputs.elements if operator.name == "TRANSPOSE_CONV" else outputs.shape[-1])
    return 4 * max((_last_axis(graph.tensors[index]) for index in operator.outputs if index != NO_TENSOR), default=0)


def _persistent_bytes(graph: Graph) -> int:
    channels = sum(
        max(
            (_channels(graph.tensors[index].quantization) for index in operator.inputs if index != NO_TENSOR), default=0
        )
        for operator in graph.operators
    )
    variables = sum(_aligned(tensor.size_bytes) for tensor in graph.tensors if tensor.is_variable)
    return (
        len(graph.tensors) * _PER_TENSOR_BYTES
        + len(graph.operators) * _PER_OPERATOR_BYTES
        + channels * _PER_CHANNEL_BYTES
        + (len(graph.inputs) + len(graph.outputs)) * _PER_INPUT_OR_OUTPUT_BYTES
        + variables
    )


def _channels(quantization: Quantization | None) -> int:
    return 0 if quantization is None else len(quantization.scales)


def _last_axis(tensor: GraphTensor) -> int:
    return tensor.shape[-1] if tensor.shape else 1


def _aligned(size_bytes: int) -> int:
    return -(-size_bytes // ALIGNMENT) * ALIGNMENT

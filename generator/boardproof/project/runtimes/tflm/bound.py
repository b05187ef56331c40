"""An upper bound of the arena TensorFlow Lite Micro needs, where nothing can be measured on a 32-bit target.

The activations are placed as the library's GreedyMemoryPlanner places them. What the interpreter keeps beside them is
what tflite_micro recorded on this machine, corrected to the target's pointers; where there is no tflite_micro it is
counted, generously, by the graph.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from boardproof.model.graph import NO_TENSOR, Quantization

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from boardproof.model.allocations import Allocations
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

# The same, exactly, of what only exists while the interpreter prepares: see micro_allocation_info.h,
# greedy_memory_planner.h and micro_allocator.h.
_ALLOCATION_INFO_BYTES = 24  # for each tensor, constants included, and each scratch buffer
_PLANNER_ENTRY_BYTES = 40  # for each tensor that is not constant, and each scratch buffer
_SCRATCH_REQUEST_BYTES = 12
_SPARE_SCRATCH_REQUESTS = 12
_TEMPORARY_TENSORS_BYTES = 8 * 64
_SCRATCH_BUFFERS = {
    "ADD_N": 1,
    "AVERAGE_POOL_2D": 1,
    "BATCH_MATMUL": 3,
    "CONV_2D": 1,
    "DEPTHWISE_CONV_2D": 1,
    "FULLY_CONNECTED": 1,
    "MEAN": 3,
    "MIRROR_PAD": 1,
    "REDUCE_MAX": 3,
    "REDUCE_MIN": 3,
    "SUM": 3,
    "SVDF": 4,
    "TRANSPOSE_CONV": 2,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": 8,
}
"""How many scratch buffers an operator may ask for, reference kernels and CMSIS-NN's."""

# Other releases than the recorded one keep a little more or less: structures have grown and shrunk by a few words.
_MARGIN_BYTES = 256
_MARGIN_SHARE = 8


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


def recorded_bound_bytes(graph: Graph, recorded: Allocations, bits: int) -> int:
    """A size, in bytes and a multiple of 16, at which the interpreter can be expected to start.

    Args:
        graph: The network.
        recorded: What tflite_micro allocated for it on a 64-bit machine.
        bits: Of the target's pointers.

    What stays (arrays of pointers are half as large on 32 bits; the rest is taken as it is), plus the larger of what
    running takes and what planning takes, which is not recorded; plus a margin for other releases of the library.
    """
    parts = (graph, *graph.subgraphs)
    kept = recorded.tail_bytes - (recorded.pointer_bytes // 2 if bits == 32 else 0)  # noqa: PLR2004 bits
    planned = sum(_placed_bytes((*_blocks(part), *_cmsis_nn_blocks(part))) for part in parts)
    head = max(recorded.head_bytes, planned, _planning_bytes(parts) * bits // 32)
    return _aligned(kept + head + _MARGIN_BYTES + kept // _MARGIN_SHARE)


def _planning_bytes(parts: tuple[Graph, ...]) -> int:
    """What the interpreter needs for a moment on a 32-bit target: its memory planner's lists, or a node's tensors."""
    tensors = sum(len(part.tensors) for part in parts)
    scratch = sum(_SCRATCH_BUFFERS.get(operator.name, 0) for part in parts for operator in part.operators)
    buffers = sum(len(_blocks(part)) for part in parts)
    widest = max((_channels(tensor.quantization) for part in parts for tensor in part.tensors), default=1)
    planner = _ALLOCATION_INFO_BYTES * (tensors + scratch) + _PLANNER_ENTRY_BYTES * (buffers + scratch)
    preparing = _SPARE_SCRATCH_REQUESTS * _SCRATCH_REQUEST_BYTES + _TEMPORARY_TENSORS_BYTES + 4 * widest
    return scratch * _SCRATCH_REQUEST_BYTES + max(planner, preparing)


def _cmsis_nn_blocks(graph: Graph) -> Iterator[_Block]:
    """The scratch memory of CMSIS-NN's kernels, which the recorded reference kernels do not have."""
    for position, operator in enumerate(graph.operators):
        match operator.name:
            case "CONV_2D" | "DEPTHWISE_CONV_2D" | "TRANSPOSE_CONV":
                yield _Block(_aligned(_scratch_bytes(graph, operator)), position, position)
            case "AVERAGE_POOL_2D":
                yield _Block(_aligned(4 * _last_axis(graph.tensors[operator.output])), position, position)


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

"""What a network computes in: float32, integers that are requantized, or both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.model.graph import NO_TENSOR, DType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boardproof.model.graph import Graph, Tensor

_CONVERSIONS = frozenset({"QUANTIZE", "DEQUANTIZE"})
_REQUANTIZED = frozenset({DType.INT8, DType.UINT8, DType.INT16})


def computes_in_float32(graph: Graph) -> bool:
    """Whether an operator takes or gives float32 activations, other than to convert them to or from integers."""
    return any(tensor.dtype is DType.FLOAT32 for tensor in _activations(graph))


def requantizes(graph: Graph) -> bool:
    """Whether an operator takes or gives quantized integer activations, other than to convert them."""
    return any(tensor.dtype in _REQUANTIZED and tensor.quantization for tensor in _activations(graph))


def _activations(graph: Graph) -> Iterator[Tensor]:
    for part in (graph, *graph.subgraphs):
        for operator in part.operators:
            for index in (*operator.inputs, *operator.outputs):
                if operator.name not in _CONVERSIONS and index != NO_TENSOR and not part.tensors[index].is_constant:
                    yield part.tensors[index]

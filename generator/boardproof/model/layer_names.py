"""Which Keras layer an operator comes from, by the names that TensorFlow's converter gives to tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.model.labels import safe_label

if TYPE_CHECKING:
    from boardproof.model.graph import Graph
    from boardproof.model.operators.base import Operator

_PRODUCTS = ("convolution", "conv_transpose", "depthwise", "MatMul", "BatchMatMul")
"""Last parts of names that tell which of several fused layers computes."""

_LEAST_PARTS = 3


def layer_of(tensor_name: str) -> str | None:
    """A layer's name from an output's name: `model_1/conv2d_1/Relu;model_1/conv2d_1/convolution` is of `conv2d_1`.

    A fused activation or normalization gives way to the layer that multiplies. TensorFlow may number a name anew
    (`conv2d_1_2`). None for a name that holds no layer, such as an output's (`Identity`).
    """
    paths = [path.split("/") for path in tensor_name.split(";")]
    layered = [parts for parts in paths if len(parts) >= _LEAST_PARTS]
    computing = [parts for parts in layered if parts[-1].startswith(_PRODUCTS)]
    found = next(iter((*computing, *layered)), None)
    return None if found is None else safe_label("/".join(found[1:-1]))


def place_of(operator: Operator, graph: Graph) -> str | None:
    """How a sentence about an operator names its layer: "layer conv1 (operator 3, CONV_2D)"; None for none known."""
    layer = layer_of(graph.tensors[operator.output].name) if operator.outputs else None
    return None if layer is None else f"layer {layer} (operator {operator.index}, {operator.name})"

"""A PAD before a convolution without padding of its own becomes the convolution's padding, which costs nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from boardproof.model.graph import Conv2D, DepthwiseConv2D, DType, Pad, Padding
from boardproof.model.shapes.graph import constant_ints

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boardproof.model.graph import Graph, Operator

    Border = tuple[tuple[int, int], tuple[int, int]]


_INTEGERS = frozenset({DType.INT8, DType.INT16})


def absorb_padding(graph: Graph) -> tuple[Graph, Mapping[int, int]]:
    """The graph with convolutions that read what was padded as it was before, and which PAD each of them replaces.

    Adding nothing for what lies outside gives the sum that adding zero points does, in integers: PAD fills in the zero
    point. The PAD operators are still there, and nothing reads what they make.
    """
    uses = Counter([*graph.outputs, *(index for op in graph.operators for index in op.inputs)])
    pads = {op.output: op for op in graph.operators if isinstance(op, Pad) and uses[op.output] == 1}
    absorbed: dict[int, int] = {}
    operators: list[Operator] = []
    for op in graph.operators:
        if (
            isinstance(op, Conv2D | DepthwiseConv2D)
            and (pad := pads.get(op.input))
            and (border := _border(pad, op, graph))
        ):
            absorbed[op.index] = pad.index
            window = replace(op.window, border=border)
            operators.append(replace(op, inputs=(pad.inputs[0], *op.inputs[1:]), window=window))
        else:
            operators.append(op)
    return replace(graph, operators=tuple(operators)), absorbed


def _border(pad: Pad, op: Conv2D | DepthwiseConv2D, graph: Graph) -> Border | None:
    """Rows above and below, columns left and right; None where the convolution cannot take them over."""
    data, padded, weights = (graph.tensors[index] for index in (pad.input, pad.output, op.inputs[1]))
    amounts = constant_ints(graph.tensors[pad.inputs[1]])
    if (
        op.window.padding is not Padding.VALID
        or data.dtype not in _INTEGERS
        or data.quantization != padded.quantization
    ):
        return None
    if amounts is None or any(amounts[:2]) or any(amounts[6:]):
        return None
    rows, columns = (amounts[2], amounts[3]), (amounts[4], amounts[5])
    spans = [(k - 1) * d for k, d in zip(weights.shape[1:3], op.window.dilation, strict=True)]
    inside = all(0 <= side <= span for sides, span in zip((rows, columns), spans, strict=True) for side in sides)
    return (rows, columns) if inside else None  # else a window would have nothing of the image in it

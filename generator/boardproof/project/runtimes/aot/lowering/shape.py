"""Operators that move or rename elements: RESHAPE, PAD; and SOFTMAX, the one that works along an axis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.graph import DType, PadV2
from boardproof.model.shapes.graph import constant_ints
from boardproof.project.runtimes.aot.lowering.movement import lower_move
from boardproof.project.runtimes.aot.operands import flow_text, quantization
from boardproof.project.runtimes.aot.program import InPlace, Params, Step, View

if TYPE_CHECKING:
    from boardproof.model.graph import Graph, Operator, Pad, Reshape
    from boardproof.project.runtimes.aot.entry import Lowered

PAD_AXES = 5
"""NN_PAD_AXES in nn_pad.h, and TFLM's limit."""


def lower_reshape(op: Reshape, graph: Graph) -> View:  # noqa: ARG001 one signature for all
    """The same bytes under another shape."""
    return View(op.output, op.input, op.index)


def lower_pad(op: Pad | PadV2, graph: Graph) -> Lowered:
    """One nn_pad_s8; other types than int8 as any movement of elements."""
    output = graph.tensors[op.output]
    if output.dtype is not DType.INT8:
        return lower_move(op, graph)
    if isinstance(op, PadV2):
        return pad_step(op, graph, int(graph.tensors[op.inputs[2]].array().reshape(-1)[0]))
    return pad_step(op, graph, quantization(output).zero_point)


def pad_step(op: Operator, graph: Graph, fill: int) -> Step:
    """One nn_pad_s8; axes without padding are merged into the one before."""
    data, output = graph.tensors[op.input], graph.tensors[op.output]
    paddings = np.array(constant_ints(graph.tensors[op.inputs[1]]), np.int64).reshape(-1, 2)
    axes = merged_padding(data.shape, [(int(before), int(after)) for before, after in paddings])
    missing = PAD_AXES - len(axes)
    fields = (
        ("input", (1,) * missing + tuple(size for size, _, _ in axes)),
        ("before", (0,) * missing + tuple(before for _, before, _ in axes)),
        ("after", (0,) * missing + tuple(after for _, _, after in axes)),
        ("fill", fill),
    )
    inside = np.indices(data.shape).reshape(len(data.shape), -1)[:, -1] + paddings[:, 0]
    last = int(np.ravel_multi_index(tuple(inside), output.shape))
    return Step(
        operator=op.index,
        implements=(op.index,),
        kernel="nn_pad_s8",
        header="nn_pad.h",
        params=Params("nn_pad_s8", fields),
        inputs=(op.input,),
        outputs=(op.output,),
        in_place=(InPlace(0, data.elements - 1 - last),),
        description=flow_text(data, output),
    )


def merged_padding(shape: tuple[int, ...], paddings: list[tuple[int, int]]) -> list[tuple[int, int, int]]:
    """(size, before, after) of each axis, an axis without padding merged into the one before it."""
    axes: list[tuple[int, int, int]] = []
    for size, (before, after) in zip(shape, paddings, strict=True):
        if axes and (before, after) == (0, 0):
            outer, outer_before, outer_after = axes.pop()
            axes.append((outer * size, outer_before * size, outer_after * size))
        else:
            axes.append((size, before, after))
    return axes

"""PAD, PADV2 and MIRROR_PAD."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.graph import DType, PadV2
from boardproof.model.shapes.graph import constant_ints
from boardproof.project.runtimes.aot.checks.findings import RECONVERT_HINT, TFLM_HINT
from boardproof.project.runtimes.aot.checks.parameters import parameters, quantized_alike
from boardproof.project.runtimes.aot.entry import FLOAT, INT8, INT16, INT32, Entry, alike
from boardproof.project.runtimes.aot.operands import flow_text, quantization
from boardproof.project.runtimes.aot.operators.movement.move import CONSTANT, lower_move, moves
from boardproof.project.runtimes.aot.program import InPlace, Params, Step

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from boardproof.model.graph import Graph, Operator, Pad
    from boardproof.model.preflight import Finding
    from boardproof.project.runtimes.aot.checks.findings import Subject
    from boardproof.project.runtimes.aot.entry import Lowered


PAD_AXES = 5
"""NN_PAD_AXES in nn_pad.h, and TFLM's limit."""


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


def check_pad(op: Pad, subject: Subject) -> Iterator[Finding]:  # noqa: ARG001 one signature for all
    """Constant paddings, along as many axes as TFLM has."""
    paddings = subject.input(1)
    if not paddings.is_constant:
        what = f"has paddings that are computed ({paddings.label})"
        yield subject.error("dynamic-shape", what, TFLM_HINT, paddings)
    if len(subject.output.shape) > PAD_AXES:
        what = f"pads {len(subject.output.shape)} axes; kernels have {PAD_AXES}"
        yield subject.error("unsupported-shape", what, "Reshape so that fewer axes are padded.")


def check_pad_value(op: PadV2, subject: Subject) -> Iterator[Finding]:
    """A constant of the output's type and quantization, besides constant paddings."""
    yield from parameters(1, max_rank=5)(op, subject)
    value = subject.input(2)
    if not value.is_constant:
        what = f"pads with something that is computed ({value.label})"
        yield subject.error("dynamic-shape", what, TFLM_HINT, value)
    elif value.dtype is not subject.output.dtype:
        yield subject.error("unsupported-type", f"pads with {value.dtype} ({value.label})", RECONVERT_HINT, value)
    elif value.dtype is DType.INT8 and not quantized_alike(value, subject.output):
        what = f"pads with a number of another quantization than its output's ({value.label})"
        yield subject.error("quantization", what, RECONVERT_HINT, value)


ENTRIES: Mapping[str, Entry] = {
    "MIRROR_PAD": moves(INT8, FLOAT, check=parameters(1, wide=True), limits=CONSTANT),
    "PAD": Entry(lower_pad, alike(INT8, INT16, INT32, FLOAT), check_pad, limits="the paddings are constants"),
    "PADV2": moves(INT8, INT16, INT32, FLOAT, check=check_pad_value, limits=CONSTANT, lower=lower_pad),
}

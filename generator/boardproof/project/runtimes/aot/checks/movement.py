"""What must hold for operators that move elements, beyond their types: what TFLM demands, and constant parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.graph import Activation, DType
from boardproof.model.shapes.graph import constant_ints
from boardproof.project.runtimes.aot.checks.findings import QUANTIZE_HINT, RECONVERT_HINT, TFLM_HINT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boardproof.model.graph import (
        Concatenation,
        DynamicUpdateSlice,
        EmbeddingLookup,
        Fill,
        Gather,
        GatherNd,
        Operator,
        PadV2,
        Resize,
        ReverseV2,
        SpaceToBatchNd,
        StridedSlice,
        Tensor,
    )
    from boardproof.model.preflight import Finding
    from boardproof.project.runtimes.aot.checks.findings import Subject
    from boardproof.project.runtimes.aot.entry import Check

MAX_PARTS = 10
"""Inputs of TFLM's CONCATENATION."""

MAX_RANK = 6
"""NN_MOVE_AXES in nn_move.h."""

MAX_DEPTH = 5
"""Axes that TFLM's GATHER_ND indexes."""

_INDEX_TYPES = (DType.INT32,)
_WIDE_INDEX_TYPES = (DType.INT32, DType.INT64)
_RESHAPE_HINT = "Reshape so that the tensor has fewer axes."


def parameters(*positions: int, max_rank: int | None = None, wide: bool = False) -> Check:
    """A check that the inputs at these positions are constants, int32 (or `wide`: int64 too), and the axes not many."""
    dtypes = _WIDE_INDEX_TYPES if wide else _INDEX_TYPES

    def check(op: Operator, subject: Subject) -> Iterator[Finding]:
        for position in positions:
            yield from _check_parameter(subject, subject.input(position), dtypes)
        data = max((subject.graph.tensors[i].shape for i in (*op.inputs, *op.outputs)), key=len)
        if max_rank is not None and len(data) > max_rank:
            what = f"works on {len(data)} axes; TensorFlow Lite Micro has {max_rank}"
            yield subject.error("unsupported-shape", what, _RESHAPE_HINT)

    return check


def _check_parameter(subject: Subject, tensor: Tensor, dtypes: tuple[DType, ...]) -> Iterator[Finding]:
    if not tensor.is_constant:
        what = f"has a parameter that is computed ({tensor.label})"
        yield subject.error("dynamic-shape", what, TFLM_HINT, tensor)
    if tensor.dtype not in dtypes:
        what = f"has a parameter of {tensor.dtype} ({tensor.label}), not {' or '.join(dtypes)}"
        yield subject.error("unsupported-type", what, RECONVERT_HINT, tensor)


def check_concatenation(op: Concatenation, subject: Subject) -> Iterator[Finding]:
    """One type and one quantization; no activation; not too many."""
    tensors = [subject.input(position) for position in range(len(op.inputs))]
    for tensor in tensors:
        if tensor.dtype is not subject.output.dtype:
            what = f"takes {tensor.dtype} ({tensor.label}) to give {subject.output.dtype}"
            yield subject.error("unsupported-type", what, QUANTIZE_HINT, tensor)
        elif tensor.dtype is DType.INT8 and not _quantized_alike(tensor, subject.output):
            what = f"must have one quantization for all inputs and the output, not that of {tensor.label}"
            yield subject.error("quantization", what, RECONVERT_HINT, tensor)
    if op.activation is not Activation.NONE:
        what = f"has a fused {op.activation.name}, which TensorFlow Lite Micro does not apply"
        yield subject.error("unsupported-activation", what, "Make the activation a layer of its own.")
    if len(tensors) > MAX_PARTS:
        what = f"joins {len(tensors)} tensors; TensorFlow Lite Micro joins {MAX_PARTS}"
        yield subject.error("unsupported-shape", what, "Join them in several steps.")


def check_same_types(op: Operator, subject: Subject) -> Iterator[Finding]:
    """All inputs and outputs of one type."""
    yield from _check_types(subject, (*op.inputs, *op.outputs))


def check_renamed(op: Operator, subject: Subject) -> Iterator[Finding]:
    """The first input and the output of one type."""
    yield from _check_types(subject, (op.input, op.output))


def check_parts(*positions: int, data: int = 0, wide: bool = False) -> Check:
    """A check that the data at position `data` and all outputs are of one type, besides that of `parameters`."""

    def check(op: Operator, subject: Subject) -> Iterator[Finding]:
        yield from parameters(*positions, wide=wide)(op, subject)
        yield from _check_types(subject, (op.inputs[data], *op.outputs))

    return check


def _check_types(subject: Subject, tensors: tuple[int, ...]) -> Iterator[Finding]:
    first = subject.graph.tensors[tensors[0]].dtype
    for tensor in (subject.graph.tensors[index] for index in tensors):
        if tensor.dtype is not first:
            what = f"has {first} and {tensor.dtype} ({tensor.label})"
            yield subject.error("unsupported-type", what, RECONVERT_HINT, tensor)


def check_pad_value(op: PadV2, subject: Subject) -> Iterator[Finding]:
    """A constant of the output's type and quantization, besides constant paddings."""
    yield from parameters(1, max_rank=5)(op, subject)
    value = subject.input(2)
    if not value.is_constant:
        what = f"pads with something that is computed ({value.label})"
        yield subject.error("dynamic-shape", what, TFLM_HINT, value)
    elif value.dtype is not subject.output.dtype:
        yield subject.error("unsupported-type", f"pads with {value.dtype} ({value.label})", RECONVERT_HINT, value)
    elif value.dtype is DType.INT8 and not _quantized_alike(value, subject.output):
        what = f"pads with a number of another quantization than its output's ({value.label})"
        yield subject.error("quantization", what, RECONVERT_HINT, value)


def check_strided_slice(op: StridedSlice, subject: Subject) -> Iterator[Finding]:
    """Begin, end and strides for every axis, without ellipsis or new axes."""
    yield from parameters(1, 2, 3, max_rank=4)(op, subject)
    rank = len(subject.input(0).shape)
    if op.other_masks or op.end_is_offset or subject.input(1).shape != (rank,):
        what = "has an ellipsis, new axes, offsets, or fewer indices than axes, which TensorFlow Lite Micro ignores"
        yield subject.error("unsupported-shape", what, "Write the slice out in full: one begin:end:stride per axis.")


def check_reverse(op: ReverseV2, subject: Subject) -> Iterator[Finding]:
    """Neighbouring axes only."""
    problems = [*parameters(1, max_rank=6)(op, subject)]
    yield from problems
    axes = (
        [] if problems else sorted(axis % len(subject.input(0).shape) for axis in constant_ints(subject.input(1)) or ())
    )
    if axes and axes != list(range(axes[0], axes[0] + len(axes))):
        what = f"reverses the axes {axes}, which are not neighbours"
        yield subject.error("unsupported-shape", what, "Reverse one axis after another.")


def check_gather(op: Gather | GatherNd | EmbeddingLookup, subject: Subject) -> Iterator[Finding]:
    """int32 indices, not too many at once."""
    indices = subject.input(0 if op.name == "EMBEDDING_LOOKUP" else 1)
    if indices.dtype is not DType.INT32:
        yield subject.error(
            "unsupported-type", f"has {indices.dtype} indices ({indices.label})", RECONVERT_HINT, indices
        )
    if op.name == "GATHER_ND" and indices.shape[-1] > MAX_DEPTH:
        what = f"indexes {indices.shape[-1]} axes; TensorFlow Lite Micro indexes {MAX_DEPTH}"
        yield subject.error("unsupported-shape", what, _RESHAPE_HINT)


def check_update_slice(op: DynamicUpdateSlice, subject: Subject) -> Iterator[Finding]:  # noqa: ARG001
    """An int32 start, and as many axes as the kernel has."""
    start, rank = subject.input(2), len(subject.output.shape)
    if start.dtype is not DType.INT32:
        yield subject.error("unsupported-type", f"has a {start.dtype} start ({start.label})", RECONVERT_HINT, start)
    if not 1 <= rank <= MAX_RANK:
        yield subject.error("unsupported-shape", f"updates {rank} axes; kernels have {MAX_RANK}", _RESHAPE_HINT)


def check_fill(op: Fill, subject: Subject) -> Iterator[Finding]:
    """A constant shape and a scalar."""
    yield from parameters(0, wide=True)(op, subject)
    if subject.input(1).shape != ():
        what = "fills with a tensor that is no scalar"
        yield subject.error("unsupported-shape", what, RECONVERT_HINT, subject.input(1))


def check_resize(op: Resize, subject: Subject) -> Iterator[Finding]:
    """A constant size."""
    yield from parameters(1)(op, subject)


def check_space_to_batch(op: SpaceToBatchNd, subject: Subject) -> Iterator[Finding]:
    """Constant block and paddings; a warning where padding is not with the zero point."""
    problems = [*parameters(1, 2)(op, subject)]
    yield from problems
    zero_point = subject.output.quantization.zero_point if subject.output.quantization else 0
    if not problems and zero_point and np.any(subject.input(2).array()):
        what = f"pads with 0 as TensorFlow Lite Micro does, not with its zero point {zero_point}, as it was trained"
        yield subject.warning("padding", what, "Pad in a layer of its own before it, or use a dilated convolution.")


def _quantized_alike(one: Tensor, other: Tensor) -> bool:
    pairs = [(t.quantization.scale, t.quantization.zero_point) if t.quantization else None for t in (one, other)]
    return pairs[0] == pairs[1]

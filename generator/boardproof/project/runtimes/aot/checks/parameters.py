"""What must hold for inputs that are parameters, and for tensors whose elements are only moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.model.graph import DType
from boardproof.project.runtimes.aot.checks.findings import RECONVERT_HINT, TFLM_HINT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boardproof.model.graph import Operator, Tensor
    from boardproof.model.preflight import Finding
    from boardproof.project.runtimes.aot.checks.findings import Subject
    from boardproof.project.runtimes.aot.entry import Check


_INDEX_TYPES = (DType.INT32,)
_WIDE_INDEX_TYPES = (DType.INT32, DType.INT64)
RESHAPE_HINT = "Reshape so that the tensor has fewer axes."


def parameters(*positions: int, max_rank: int | None = None, wide: bool = False) -> Check:
    """A check that the inputs at these positions are constants, int32 (or `wide`: int64 too), and the axes not many."""
    dtypes = _WIDE_INDEX_TYPES if wide else _INDEX_TYPES

    def check(op: Operator, subject: Subject) -> Iterator[Finding]:
        for position in positions:
            yield from _check_parameter(subject, subject.input(position), dtypes)
        data = max((subject.graph.tensors[i].shape for i in (*op.inputs, *op.outputs)), key=len)
        if max_rank is not None and len(data) > max_rank:
            what = f"works on {len(data)} axes; TensorFlow Lite Micro has {max_rank}"
            yield subject.error("unsupported-shape", what, RESHAPE_HINT)

    return check


def _check_parameter(subject: Subject, tensor: Tensor, dtypes: tuple[DType, ...]) -> Iterator[Finding]:
    if not tensor.is_constant:
        what = f"has a parameter that is computed ({tensor.label})"
        yield subject.error("dynamic-shape", what, TFLM_HINT, tensor)
    if tensor.dtype not in dtypes:
        what = f"has a parameter of {tensor.dtype} ({tensor.label}), not {' or '.join(dtypes)}"
        yield subject.error("unsupported-type", what, RECONVERT_HINT, tensor)


def check_types(subject: Subject, tensors: tuple[int, ...]) -> Iterator[Finding]:
    """All of the type of the first."""
    first = subject.graph.tensors[tensors[0]].dtype
    for tensor in (subject.graph.tensors[index] for index in tensors):
        if tensor.dtype is not first:
            what = f"has {first} and {tensor.dtype} ({tensor.label})"
            yield subject.error("unsupported-type", what, RECONVERT_HINT, tensor)


def quantized_alike(one: Tensor, other: Tensor) -> bool:
    """Whether both have the same scale and zero point, or none."""
    pairs = [(t.quantization.scale, t.quantization.zero_point) if t.quantization else None for t in (one, other)]
    return pairs[0] == pairs[1]

"""What layers with constant weights have in common to check."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.fixed_point import INT32_MAX
from boardproof.model.graph import DType
from boardproof.project.runtimes.aot.checks.findings import QUANTIZE_HINT, RECONVERT_HINT, TFLM_HINT
from boardproof.project.runtimes.aot.operands import RANGES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from boardproof.model.graph import Tensor
    from boardproof.model.preflight import Finding
    from boardproof.project.runtimes.aot.checks.findings import Subject


_LARGEST_SUM = {DType.INT8: INT32_MAX, DType.INT16: 2**47 - 1}
"""What 32 bits hold, and what TFLM's arithmetic with 64-bit sums allows."""


def check_constant(subject: Subject, tensor: Tensor, dtype: DType, role: str) -> Iterator[Finding]:
    """A constant of a type; `role` is its plural."""
    if not tensor.is_constant:
        yield subject.error("weights", f"has {role} that are computed ({tensor.label})", TFLM_HINT, tensor)
    if tensor.dtype is not dtype:
        what = f"has {tensor.dtype} {role} ({tensor.label}), not {dtype}"
        yield subject.error("unsupported-type", what, QUANTIZE_HINT, tensor)


def check_symmetric_weights(
    subject: Subject, weights: Tensor, dtype: DType = DType.INT8, *, axis: int | None = None
) -> Iterator[Finding]:
    """Constant, zero points of 0, one scale for all or, along `axis` if there is one, one for each channel."""
    yield from check_constant(subject, weights, dtype, "weights")
    scales = weights.quantization
    if scales is None or any(scales.zero_points) or (scales.per_channel and scales.axis != axis):
        what = f"has weights whose scales or zero points do not fit it ({weights.label})"
        yield subject.error("quantization", what, RECONVERT_HINT, weights)


def check_single_scales(subject: Subject, tensors: Iterable[Tensor]) -> Iterator[Finding]:
    """One scale and zero point each."""
    for tensor in tensors:
        if tensor.quantization is None or tensor.quantization.per_channel:
            yield subject.error("quantization", f"needs one scale for {tensor.label}", QUANTIZE_HINT, tensor)


def check_sums(
    subject: Subject, weights: Tensor, biases: Tensor | None, dtype: DType = DType.INT8
) -> Iterator[Finding]:
    """Sums over all axes of the weights but the first fit for every input of a type, at every step on the way."""
    low, high = RANGES[dtype]
    largest_input = high - low + 1 if dtype is DType.INT8 else -low  # an int8 and its zero point one after the other
    sums = np.abs(weights.array().astype(np.int64)).reshape(weights.shape[0], -1).sum(axis=1) * largest_input
    if biases is not None:
        sums = sums + np.abs(biases.array().astype(np.int64)).reshape(-1)
    if int(sums.max(initial=0)) > _LARGEST_SUM[dtype]:
        what = f"can overflow its {32 if dtype is DType.INT8 else 48}-bit sum with the largest inputs"
        yield subject.error("accumulator-overflow", what, "Use fewer inputs to the layer or smaller weights.", weights)

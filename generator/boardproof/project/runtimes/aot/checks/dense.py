"""What must hold for FULLY_CONNECTED, whose weights may be computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.fixed_point import INT32_MAX
from boardproof.model.graph import DType
from boardproof.project.runtimes.aot.checks.findings import QUANTIZE_HINT, TFLM_HINT
from boardproof.project.runtimes.aot.checks.layers import check_constant, check_single_scales
from boardproof.project.runtimes.aot.checks.operators import check_activation, check_factors, check_weights
from boardproof.project.runtimes.aot.operands import convolution_factors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boardproof.model.graph import FullyConnected
    from boardproof.model.preflight import Finding
    from boardproof.project.runtimes.aot.checks.findings import Subject

_LARGEST_PRODUCT = 255 * 255
_BIAS_TYPES = {DType.INT8: DType.INT32, DType.FLOAT32: DType.FLOAT32}


def check_dense(op: FullyConnected, subject: Subject) -> Iterator[Finding]:
    """Constant weights as a convolution's; computed ones of the data's type."""
    data, weights = subject.input(0), subject.input(1)
    if weights.is_constant:
        yield from check_weights(op, subject)
        return
    yield from check_activation(op.activation, subject)
    if data.dtype is DType.INT16:
        yield subject.error("weights", f"has weights that are computed ({weights.label})", TFLM_HINT, weights)
        return
    if weights.dtype is not data.dtype:
        what = f"has {weights.dtype} weights ({weights.label}) for {data.dtype} data"
        yield subject.error("unsupported-type", what, QUANTIZE_HINT, weights)
        return
    bias = op.optional_input(2)
    problems: list[Finding] = []
    if bias is not None:
        problems += check_constant(subject, subject.graph.tensors[bias], _BIAS_TYPES[data.dtype], "biases")
    if data.dtype is DType.INT8:
        problems += check_single_scales(subject, (weights,))
    yield from problems
    if not problems and data.dtype is DType.INT8:
        yield from check_factors(subject, convolution_factors(data, weights, subject.output))
        yield from _check_products(op, subject)


def _check_products(op: FullyConnected, subject: Subject) -> Iterator[Finding]:
    """No sum of products and biases leaves 32 bits."""
    bias = op.optional_input(2)
    biases = np.zeros(1, np.int64) if bias is None else subject.graph.tensors[bias].array().astype(np.int64)
    if subject.input(1).shape[1] * _LARGEST_PRODUCT + int(np.abs(biases).max(initial=0)) > INT32_MAX:
        what = "can overflow its 32-bit sum with the largest inputs"
        yield subject.error("accumulator-overflow", what, "Multiply smaller matrices.")

"""What must hold for products, running sums and interpolation beyond their types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.model.fixed_point import INT32_MAX, quantize_multiplier
from boardproof.model.graph import DType
from boardproof.project.runtimes.aot.checks.findings import RECONVERT_HINT
from boardproof.project.runtimes.aot.checks.layers import (
    check_constant,
    check_single_scales,
    check_sums,
    check_symmetric_weights,
)
from boardproof.project.runtimes.aot.checks.movement import parameters
from boardproof.project.runtimes.aot.checks.operators import (
    MAX_SHIFT,
    MAX_SHIFT_INT16,
    check_activation,
    check_factors,
    check_symmetric,
)
from boardproof.project.runtimes.aot.lowering.products import bilinear_table, cumsum_factor, matmul_factor
from boardproof.project.runtimes.aot.operands import convolution_factors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boardproof.model.graph import BatchMatMul, CumSum, ResizeBilinear, TransposeConv
    from boardproof.model.preflight import Finding
    from boardproof.project.runtimes.aot.checks.findings import Subject

MAX_MATMUL_DEPTH = {DType.INT8: INT32_MAX // 255**2, DType.INT16: 2**17 - 1, DType.FLOAT32: INT32_MAX}
"""Products whose sum fits, zero points taken off."""

_BIAS_TYPES = {DType.INT8: DType.INT32, DType.INT16: DType.INT64, DType.FLOAT32: DType.FLOAT32}
_MAX_MATMUL_RANK = 5
_MAX_SHIFTS = {DType.INT8: MAX_SHIFT, DType.INT16: MAX_SHIFT_INT16}


def check_transpose_conv(op: TransposeConv, subject: Subject) -> Iterator[Finding]:
    """A constant output shape; weights and biases as for a convolution."""
    yield from parameters(0)(op, subject)
    yield from check_activation(op.activation, subject)
    weights, data, bias = subject.input(1), subject.input(2), op.optional_input(3)
    biases = None if bias is None else subject.graph.tensors[bias]
    problems: list[Finding] = []
    if biases is not None:
        problems += check_constant(subject, biases, _BIAS_TYPES[data.dtype], "biases")
    if data.dtype is DType.FLOAT32:
        problems += check_constant(subject, weights, DType.FLOAT32, "weights")
    else:
        problems += check_symmetric_weights(subject, weights, axis=0)
        problems += check_single_scales(subject, (data, subject.output))
        problems += check_symmetric(subject)
    yield from problems
    if not problems and data.dtype is not DType.FLOAT32:
        factors = convolution_factors(data, weights, subject.output)
        yield from check_factors(subject, factors, _MAX_SHIFTS[data.dtype])
        yield from check_sums(subject, weights, biases, data.dtype)


def check_batch_matmul(op: BatchMatMul, subject: Subject) -> Iterator[Finding]:
    """A factor and sums in range, not too many axes."""
    left, right = subject.input(0), subject.input(1)
    if max(len(left.shape), len(right.shape)) > _MAX_MATMUL_RANK:
        what = f"multiplies tensors of more than {_MAX_MATMUL_RANK} axes"
        yield subject.error("unsupported-shape", what, "Reshape so that the tensors have fewer axes.")
    if left.shape[-2 if op.adjoint_left else -1] > MAX_MATMUL_DEPTH[left.dtype]:
        what = f"sums more than {MAX_MATMUL_DEPTH[left.dtype]} products"
        yield subject.error("accumulator-overflow", what, "Multiply smaller matrices.")
    if left.dtype is not DType.FLOAT32:
        yield from check_symmetric(subject)
        yield from check_factors(subject, [matmul_factor(left, right, subject.output)], _MAX_SHIFTS[left.dtype])


def check_cumsum(op: CumSum, subject: Subject) -> Iterator[Finding]:
    """A constant axis, and an output scale that is not far finer than the input's."""
    yield from parameters(1)(op, subject)
    if subject.input(0).dtype is DType.FLOAT32:
        return
    factor = cumsum_factor(subject.input(0), subject.output)
    if factor >= 1 or quantize_multiplier(factor)[1] > 0:
        what = "has an output scale more than 2^19 times finer than its input's"
        yield subject.error("quantization", what, RECONVERT_HINT)


def check_resize_bilinear(op: ResizeBilinear, subject: Subject) -> Iterator[Finding]:
    """A constant size, no contradicting options, and no output so large that rounding leaves the image."""
    problems = [*parameters(1)(op, subject)]
    yield from problems
    if op.align_corners and op.half_pixel_centers:
        yield subject.error("unsupported-option", "both aligns corners and uses half-pixel centers", RECONVERT_HINT)
    data, output = subject.input(0), subject.output
    if problems or data.dtype is DType.FLOAT32:
        return
    for size, output_size in zip(data.shape[1:3], output.shape[1:3], strict=True):
        if bilinear_table(op, size, output_size)[:, 0].max() >= size:
            what = f"resizes {size} to {output_size}, for which the arithmetic is not fine enough"
            yield subject.error("unsupported-shape", what, "Resize in two steps.")

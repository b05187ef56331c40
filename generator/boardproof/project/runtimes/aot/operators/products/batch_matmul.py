"""BATCH_MATMUL."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from boardproof.model.fixed_point import INT32_MAX, quantize_multiplier
from boardproof.model.graph import DType
from boardproof.project.runtimes.aot.checks.scales import MAX_SHIFTS, check_factors, check_symmetric
from boardproof.project.runtimes.aot.entry import FLOAT, INT8, INT16, Entry, alike
from boardproof.project.runtimes.aot.operands import INT16_MAX, quantization, shape_text
from boardproof.project.runtimes.aot.steps import kernel_step, typed_params

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from boardproof.model.graph import BatchMatMul, Graph, Tensor
    from boardproof.model.preflight import Finding
    from boardproof.project.runtimes.aot.checks.findings import Subject
    from boardproof.project.runtimes.aot.program import Fields, Step


BATCH_AXES = 3
"""NN_MATMUL_BATCH_AXES in nn_batch_matmul.h."""

MAX_MATMUL_DEPTH = {DType.INT8: INT32_MAX // 255**2, DType.INT16: 2**17 - 1, DType.FLOAT32: INT32_MAX}
"""Products whose sum fits, zero points taken off."""

_MAX_MATMUL_RANK = 5


def lower_batch_matmul(op: BatchMatMul, graph: Graph) -> Step:
    """One nn_batch_matmul."""
    left, right, output = (graph.tensors[i] for i in (*op.inputs, op.output))
    fields = (*matmul_fields(op, graph), *_product_fields(left, right, output))
    text = f"{shape_text(left)} * {shape_text(right)} -> {shape_text(output)}"
    return kernel_step(op, "nn_batch_matmul.h", typed_params("nn_batch_matmul", left, fields), op.inputs, text)


def matmul_fields(op: BatchMatMul, graph: Graph) -> Fields:
    """The `shape` member of a parameter struct: adjoints are other strides."""
    left, right, output = (graph.tensors[i] for i in (*op.inputs, op.output))
    left_strides, right_strides = (_strides(tensor, output) for tensor in (left, right))
    left_row, left_depth = left_strides[:-3:-1] if op.adjoint_left else left_strides[-2:]
    right_depth, right_column = right_strides[:-3:-1] if op.adjoint_right else right_strides[-2:]
    batches = output.shape[:-2]
    missing = BATCH_AXES - len(batches)
    return (
        ("shape.batches", (1,) * missing + batches),
        ("shape.left_batch", (0,) * missing + left_strides[:-2]),
        ("shape.right_batch", (0,) * missing + right_strides[:-2]),
        ("shape.rows", output.shape[-2]),
        ("shape.depth", left.shape[-2 if op.adjoint_left else -1]),
        ("shape.columns", output.shape[-1]),
        ("shape.left_row", left_row),
        ("shape.left_depth", left_depth),
        ("shape.right_depth", right_depth),
        ("shape.right_column", right_column),
    )


def _product_fields(left: Tensor, right: Tensor, output: Tensor) -> Fields:
    if left.dtype is DType.FLOAT32:
        return ()
    multiplier, shift = quantize_multiplier(matmul_factor(left, right, output))
    if left.dtype is DType.INT16:  # as operands.requant_int16_fields
        return (("multiplier", min((multiplier + (1 << 15)) >> 16, INT16_MAX)), ("shift", 15 - shift))
    return (
        ("left_zero_point", quantization(left).zero_point),
        ("right_zero_point", quantization(right).zero_point),
        ("output_zero_point", quantization(output).zero_point),
        ("multiplier", multiplier),
        ("shift", shift),
    )


def matmul_factor(left: Tensor, right: Tensor, output: Tensor) -> float:
    """Accumulator scale to output scale, as TFLM's BATCH_MATMUL computes it.

    Source: GetQuantizedConvolutionMultipler in tensorflow/lite/kernels/kernel_util.cc.
    """
    return quantization(left).scale * quantization(right).scale / quantization(output).scale


def _strides(tensor: Tensor, output: Tensor) -> tuple[int, ...]:
    """Elements per index of each of the output's axes; 0 for batch axes that are repeated."""
    shape = (1,) * (len(output.shape) - len(tensor.shape)) + tensor.shape
    last = len(shape) - 2
    return tuple(0 if size == 1 and axis < last else prod(shape[axis + 1 :]) for axis, size in enumerate(shape))


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
        yield from check_factors(subject, [matmul_factor(left, right, subject.output)], MAX_SHIFTS[left.dtype])


ENTRIES: Mapping[str, Entry] = {
    "BATCH_MATMUL": Entry(lower_batch_matmul, alike(INT8, INT16, FLOAT, inputs=2), check_batch_matmul),
}

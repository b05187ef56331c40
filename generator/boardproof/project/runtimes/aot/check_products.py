"""What must hold for products, running sums, interpolation and recurrent layers beyond their types."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.fixed_point import INT32_MAX, quantize_multiplier
from boardproof.model.graph import Activation, DType
from boardproof.project.runtimes.aot.check_movement import parameters
from boardproof.project.runtimes.aot.check_operators import check_activation, check_factors, check_symmetric
from boardproof.project.runtimes.aot.findings import QUANTIZE_HINT, RECONVERT_HINT, TFLM_HINT
from boardproof.project.runtimes.aot.lower_products import bilinear_table, cumsum_factor, matmul_factor
from boardproof.project.runtimes.aot.lower_recurrent import gate_factors, lstm_factors, svdf_factors, tanh_shift
from boardproof.project.runtimes.aot.operands import RANGES, convolution_factors, quantization
from boardproof.project.runtimes.aot.sigmoid import checked_log2

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boardproof.model.graph import BatchMatMul, CumSum, ResizeBilinear, SequenceLstm, Svdf, Tensor, TransposeConv
    from boardproof.model.preflight import Finding
    from boardproof.project.runtimes.aot.findings import Subject

MAX_MATMUL_DEPTH = INT32_MAX // 255**2
"""Products of two int8, zero points taken off, whose sum fits in int32."""

_MAX_MATMUL_RANK = 5
_MAX_TANH_SHIFT = 14
_BIAS_TOLERANCE = 1e-5
_UNUSED_LSTM_INPUTS = (9, 10, 11, 16, 17, 20, 21, 22, 23)


def check_transpose_conv(op: TransposeConv, subject: Subject) -> Iterator[Finding]:
    """A constant output shape; weights and biases as for a convolution."""
    yield from parameters(0)(op, subject)
    yield from check_activation(op.activation, subject)
    weights, data, bias = subject.input(1), subject.input(2), op.optional_input(3)
    problems = [*_check_weights(subject, weights, axis=0), *_check_scales(subject, (data, subject.output))]
    biases = None if bias is None else subject.graph.tensors[bias]
    if biases is not None:
        problems += _check_constant(subject, biases, DType.INT32, "biases")
    yield from problems
    if problems:
        return
    yield from check_factors(subject, convolution_factors(data, weights, subject.output))
    yield from _check_sum(subject, data, weights, biases)


def check_batch_matmul(op: BatchMatMul, subject: Subject) -> Iterator[Finding]:
    """A factor and sums in range, not too many axes."""
    left, right = subject.input(0), subject.input(1)
    if max(len(left.shape), len(right.shape)) > _MAX_MATMUL_RANK:
        what = f"multiplies tensors of more than {_MAX_MATMUL_RANK} axes"
        yield subject.error("unsupported-shape", what, "Reshape so that the tensors have fewer axes.")
    if left.shape[-2 if op.adjoint_left else -1] > MAX_MATMUL_DEPTH:
        what = f"sums more than {MAX_MATMUL_DEPTH} products"
        yield subject.error("accumulator-overflow", what, "Multiply smaller matrices.")
    yield from check_factors(subject, [matmul_factor(left, right, subject.output)])


def check_cumsum(op: CumSum, subject: Subject) -> Iterator[Finding]:
    """A constant axis, and an output scale that is not far finer than the input's."""
    yield from parameters(1)(op, subject)
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
    for axis in (1, 2):
        if not problems and bilinear_table(op, data.shape[axis], output.shape[axis])[:, 0].max() >= data.shape[axis]:
            what = f"resizes {data.shape[axis]} to {output.shape[axis]}, for which the arithmetic is not fine enough"
            yield subject.error("unsupported-shape", what, "Resize in two steps.")


def check_svdf(op: Svdf, subject: Subject) -> Iterator[Finding]:
    """Types of weights and state, scales that fit each other, constant weights."""
    graph = subject.graph
    data, feature, time, state = (graph.tensors[i] for i in (*op.inputs[:3], op.inputs[4]))
    bias = op.optional_input(3)
    problems = [*_check_weights(subject, feature), *_check_weights(subject, time, state.dtype)]
    if state.dtype not in {DType.INT8, DType.INT16} or not state.is_variable:
        problems.append(subject.error("unsupported-type", f"has no int8 or int16 state ({state.label})", QUANTIZE_HINT))
    if bias is None:
        problems.append(subject.error("weights", "has no biases, without which TFLM reads beyond", RECONVERT_HINT))
    else:
        problems += _check_constant(subject, graph.tensors[bias], DType.INT32, "biases")
    problems += _check_scales(subject, (data, state, subject.output))
    problems += check_symmetric(subject)
    yield from problems
    if not problems and bias is not None:
        yield from check_factors(subject, svdf_factors(op, graph))
        yield from _check_sum(subject, data, feature, None)
        product = quantization(state).scale * quantization(time).scale
        scale = graph.tensors[bias].quantization
        if scale is None or abs(scale.scale - product) >= _BIAS_TOLERANCE:
            yield subject.error("quantization", "has biases of another scale than its sums", RECONVERT_HINT)


def check_lstm(op: SequenceLstm, subject: Subject) -> Iterator[Finding]:
    """An LSTM without extensions, int8 with an int16 cell, all weights constant, all factors in range."""
    graph = subject.graph
    data, hidden, cell = (graph.tensors[i] for i in (op.input, op.hidden_state, op.cell_state))
    problems = []
    if any(op.optional_input(position) is not None for position in _UNUSED_LSTM_INPUTS):
        what = "has peephole connections, a projection or a normalization"
        problems.append(subject.error("unsupported-option", what, "Use a plain LSTM layer."))
    if op.activation is not Activation.TANH:
        what = f"has the activation {op.activation.name}, not TANH"
        problems.append(subject.error("unsupported-activation", what, "Use a plain LSTM layer."))
    if (hidden.dtype, cell.dtype) != (DType.INT8, DType.INT16) or not (hidden.is_variable and cell.is_variable):
        what = f"has states of {hidden.dtype} and {cell.dtype}, not int8 and int16"
        problems.append(subject.error("unsupported-type", what, QUANTIZE_HINT))
    for index in (*op.input_weights, *op.recurrent_weights):
        problems += _check_weights(subject, graph.tensors[index])
    for index in op.biases:
        problems += _check_constant(subject, graph.tensors[index], DType.INT32, "biases")
    problems += _check_scales(subject, (data, hidden, cell, subject.output))
    yield from problems
    if not problems:
        yield from _check_lstm_arithmetic(op, subject)


def _check_lstm_arithmetic(op: SequenceLstm, subject: Subject) -> Iterator[Finding]:
    graph = subject.graph
    data, hidden, cell = (graph.tensors[i] for i in (op.input, op.hidden_state, op.cell_state))
    yield from check_factors(subject, lstm_factors(hidden, cell))
    for position in range(4):
        yield from check_factors(subject, gate_factors(op, graph, position))
        yield from _check_sum(
            subject, data, graph.tensors[op.input_weights[position]], graph.tensors[op.biases[position]]
        )
        yield from _check_sum(subject, hidden, graph.tensors[op.recurrent_weights[position]], None)
    scale = quantization(cell).scale
    if not checked_log2(scale)[1] or abs(tanh_shift(cell)) > _MAX_TANH_SHIFT or quantization(cell).zero_point:
        what = f"has a cell state of scale {scale:g} and zero point {quantization(cell).zero_point}"
        yield subject.error(
            "quantization", f"{what}: it must be a power of two near 2^-12, and 0", RECONVERT_HINT, cell
        )


def _check_weights(
    subject: Subject, weights: Tensor, dtype: DType = DType.INT8, *, axis: int | None = None
) -> Iterator[Finding]:
    """Constant and symmetric; one scale for all or, along `axis` if there is one, one for each channel."""
    yield from _check_constant(subject, weights, dtype, "weights")
    scales = weights.quantization
    if scales is None or any(scales.zero_points) or (scales.per_channel and scales.axis != axis):
        what = f"has weights whose scales or zero points do not fit it ({weights.label})"
        yield subject.error("quantization", what, RECONVERT_HINT, weights)


def _check_constant(subject: Subject, tensor: Tensor, dtype: DType, role: str) -> Iterator[Finding]:
    if not tensor.is_constant:
        yield subject.error("weights", f"has {role} that are computed ({tensor.label})", TFLM_HINT, tensor)
    if tensor.dtype is not dtype:
        what = f"has {tensor.dtype} {role} ({tensor.label}), not {dtype}"
        yield subject.error("unsupported-type", what, QUANTIZE_HINT, tensor)


def _check_scales(subject: Subject, tensors: tuple[Tensor, ...]) -> Iterator[Finding]:
    for tensor in tensors:
        if tensor.quantization is None or tensor.quantization.per_channel:
            yield subject.error("quantization", f"needs one scale for {tensor.label}", QUANTIZE_HINT, tensor)


def _check_sum(subject: Subject, data: Tensor, weights: Tensor, biases: Tensor | None) -> Iterator[Finding]:
    """Sums over all axes of the weights but the first fit in int32 for every input."""
    low, high = RANGES[data.dtype]
    zero_point = quantization(data).zero_point
    magnitudes = np.abs(weights.array().astype(np.int64)).reshape(weights.shape[0], -1).sum(axis=1)
    sums = magnitudes * max(high - zero_point, zero_point - low)
    if biases is not None:
        sums = sums + np.abs(biases.array().astype(np.int64)).reshape(-1)
    if int(sums.max(initial=0)) > INT32_MAX:
        what = "can overflow its 32-bit sum with the largest inputs"
        yield subject.error("accumulator-overflow", what, "Use fewer inputs to the layer or smaller weights.", weights)

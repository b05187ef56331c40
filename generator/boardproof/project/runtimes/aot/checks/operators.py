"""What must hold for an operator beyond its types: mostly what TFLM demands when it prepares the operator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.fixed_point import INT32_MAX, quantize_multiplier
from boardproof.model.graph import Activation, AveragePool2D, Conv2D, DepthwiseConv2D, DType, FullyConnected
from boardproof.project.runtimes.aot.checks.findings import QUANTIZE_HINT, RECONVERT_HINT, TFLM_HINT
from boardproof.project.runtimes.aot.entry import QUANTIZED_TYPES
from boardproof.project.runtimes.aot.lowering.shape import PAD_AXES
from boardproof.project.runtimes.aot.operands import RANGES, activation_fits, convolution_factors, quantization

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from boardproof.model.graph import Operator, Pad, Pool2D, Tensor
    from boardproof.model.preflight import Finding
    from boardproof.project.runtimes.aot.checks.findings import Subject

MAX_SHIFT = 30
"""The largest left shift of a rescaling that TFLM's arithmetic defines."""

MAX_SHIFT_INT16 = 7
"""The same for the 64-bit sums of int16 data."""

_COMPILED_ACTIVATIONS = {Activation.NONE, Activation.RELU, Activation.RELU6, Activation.RELU_N1_TO_1}
_WEIGHT_TYPES = {
    DType.INT8: {DType.INT8, DType.INT4},
    DType.INT16: {DType.INT8},
    DType.FLOAT32: {DType.FLOAT32},
}
_BIAS_TYPES = {DType.INT8: DType.INT32, DType.INT16: DType.INT64, DType.FLOAT32: DType.FLOAT32}
_POOL_SCALE_TOLERANCE = 1e-6
_LARGEST_AVERAGES = {DType.INT8: 2**23, DType.INT16: 2**15}
"""How many elements the sums of nn_pool.h have room for."""


def check_activation(activation: Activation, subject: Subject) -> Iterator[Finding]:
    """TFLM's integer kernels ignore other fused activations without a word."""
    if activation not in _COMPILED_ACTIVATIONS:
        what = f"has a fused {activation.name}, which kernels do not apply"
        yield subject.error("unsupported-activation", what, "Make the activation a layer of its own.")
    elif subject.output.dtype in QUANTIZED_TYPES and not activation_fits(activation, subject.output):
        what = f"has an output scale too fine for its fused {activation.name}"
        yield subject.error("quantization", what, RECONVERT_HINT, subject.output)


def check_weights(op: Conv2D | DepthwiseConv2D | FullyConnected, subject: Subject) -> Iterator[Finding]:
    """Weights and biases: constant, symmetric, of the right types; factors and sums in range."""
    yield from check_activation(op.activation, subject)
    weights, bias = subject.input(1), op.optional_input(2)
    biases = None if bias is None else subject.graph.tensors[bias]
    problems = [*_check_constants(subject, weights, biases)]
    is_float = subject.input(0).dtype is DType.FLOAT32
    if not is_float and weights.dtype in _WEIGHT_TYPES[subject.input(0).dtype]:
        problems += _check_scales(op, subject, weights)
    yield from problems
    if problems or is_float:
        return
    yield from check_symmetric(subject)
    yield from _check_sums(op, subject, biases)


def _check_sums(
    op: Conv2D | DepthwiseConv2D | FullyConnected, subject: Subject, biases: Tensor | None
) -> Iterator[Finding]:
    """Factors and sums in the range of the arithmetic for the data's type."""
    data, weights = subject.input(0), subject.input(1)
    narrow = not isinstance(op, DepthwiseConv2D) and op.narrow_sums
    if data.dtype is DType.INT16 and biases is None and narrow:
        yield subject.error("unsupported-type", "sums int16 products in 32 bits", RECONVERT_HINT, data)
    factors = convolution_factors(data, weights, subject.output)
    largest, bits, most = (INT32_MAX, 32, MAX_SHIFT) if data.dtype is DType.INT8 else (2**47 - 1, 48, MAX_SHIFT_INT16)
    yield from check_factors(subject, factors, most)
    if _largest_sum(op, data, weights, biases) > largest:
        what = f"can overflow its {bits}-bit sum with the largest inputs"
        yield subject.error("accumulator-overflow", what, "Use fewer inputs to the layer or smaller weights.", weights)


def _check_constants(subject: Subject, weights: Tensor, biases: Tensor | None) -> Iterator[Finding]:
    data = subject.input(0).dtype
    if not weights.is_constant:
        yield subject.error("weights", f"has weights that are computed ({weights.label})", TFLM_HINT, weights)
    elif weights.dtype not in _WEIGHT_TYPES[data]:
        what = f"has {weights.dtype} weights ({weights.label}) for {data} data"
        yield subject.error("unsupported-type", what, QUANTIZE_HINT, weights)
    if biases is not None and not (biases.is_constant and biases.dtype is _BIAS_TYPES[data]):
        article = "a" if data is DType.FLOAT32 else "an"
        what = f"has biases ({biases.label}) that are not {article} {_BIAS_TYPES[data]} constant"
        yield subject.error("weights", what, RECONVERT_HINT, biases)


def _check_scales(
    op: Conv2D | DepthwiseConv2D | FullyConnected, subject: Subject, weights: Tensor
) -> Iterator[Finding]:
    if weights.quantization is None:
        yield subject.error("quantization", f"has weights without a scale ({weights.label})", QUANTIZE_HINT, weights)
        return
    if any(weights.quantization.zero_points):
        what = f"has weights whose zero point is not 0 ({weights.label})"
        yield subject.error("quantization", what, RECONVERT_HINT, weights)
    axis = 3 if isinstance(op, DepthwiseConv2D) else 0
    if weights.quantization.per_channel and weights.quantization.axis != axis:
        what = f"has weights with scales along axis {weights.quantization.axis}, not {axis} ({weights.label})"
        yield subject.error("quantization", what, RECONVERT_HINT, weights)
    if isinstance(op, FullyConnected) and weights.quantization.per_channel and weights.dtype is DType.INT4:
        yield subject.error("quantization", "has int4 weights with a scale per output", RECONVERT_HINT, weights)


def check_symmetric(subject: Subject) -> Iterator[Finding]:
    """int16 tensors have zero points of 0, on which TFLM insists or relies."""
    tensors = (*(subject.graph.tensors[i] for i in subject.op.inputs if i >= 0), subject.output)
    for tensor in dict.fromkeys(tensors):
        if tensor.dtype is DType.INT16 and tensor.quantization is not None and any(tensor.quantization.zero_points):
            what = f"has the zero point {tensor.quantization.zero_point} for int16 ({tensor.label}), which must be 0"
            yield subject.error("quantization", what, RECONVERT_HINT, tensor)


def check_factors(subject: Subject, factors: Iterable[float], most: int = MAX_SHIFT) -> Iterator[Finding]:
    """Factors that are not too large: below 2^most."""
    if any(quantize_multiplier(factor)[1] > most for factor in factors):
        what = f"would scale its result up by more than 2^{most}: its scales do not fit each other"
        yield subject.error("quantization", what, RECONVERT_HINT)


def _largest_sum(
    op: Conv2D | DepthwiseConv2D | FullyConnected, data: Tensor, weights: Tensor, biases: Tensor | None
) -> int:
    """The largest magnitude an accumulator can reach, over all inputs and output channels."""
    low, high = RANGES[data.dtype]
    zero_point = quantization(data).zero_point
    channel_axis = 3 if isinstance(op, DepthwiseConv2D) else 0
    magnitudes = np.abs(np.moveaxis(weights.array(), channel_axis, 0).astype(np.int64))
    sums = magnitudes.reshape(magnitudes.shape[0], -1).sum(axis=1) * max(high - zero_point, zero_point - low)
    if biases is not None:
        sums = sums + np.abs(biases.array().astype(np.int64)).reshape(-1)
    return int(sums.max(initial=0))


def check_pool(op: Pool2D, subject: Subject) -> Iterator[Finding]:
    """TFLM's pools copy quantized values, so both sides must mean the same by them."""
    yield from check_activation(op.activation, subject)
    if subject.input(0).dtype is DType.FLOAT32:
        return
    source, target = quantization(subject.input(0)), quantization(subject.output)
    close = abs(np.float32(source.scale) - np.float32(target.scale)) <= _POOL_SCALE_TOLERANCE
    if not close or source.zero_point != target.zero_point:
        yield subject.error("quantization", "must have one quantization for input and output", RECONVERT_HINT)
    if isinstance(op, AveragePool2D):
        yield from _check_average(op, subject)


def _check_average(op: AveragePool2D, subject: Subject) -> Iterator[Finding]:
    """Windows whose sum fits in int32; only what is inside the image counts."""
    height, width = map(min, op.filter_size, subject.input(0).shape[1:3])
    most = _LARGEST_AVERAGES[subject.input(0).dtype]
    if height * width > most:
        what = f"averages {height}x{width} elements, which can overflow their 32-bit sum: at most {most:,} fit"
        yield subject.error("accumulator-overflow", what, "Pool in two steps.")


def check_rescaling(op: Operator, subject: Subject) -> Iterator[Finding]:  # noqa: ARG001 one signature for all
    """Input to output scale."""
    if subject.input(0).dtype is not DType.FLOAT32:
        yield from check_factors(subject, [quantization(subject.input(0)).scale / quantization(subject.output).scale])


def check_pad(op: Pad, subject: Subject) -> Iterator[Finding]:  # noqa: ARG001 one signature for all
    """Constant paddings, along as many axes as TFLM has."""
    paddings = subject.input(1)
    if not paddings.is_constant:
        what = f"has paddings that are computed ({paddings.label})"
        yield subject.error("dynamic-shape", what, TFLM_HINT, paddings)
    if len(subject.output.shape) > PAD_AXES:
        what = f"pads {len(subject.output.shape)} axes; kernels have {PAD_AXES}"
        yield subject.error("unsupported-shape", what, "Reshape so that fewer axes are padded.")

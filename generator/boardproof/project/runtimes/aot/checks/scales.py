"""What must hold for activations and scales, beyond types: mostly what TFLM demands when it prepares an operator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.model.fixed_point import quantize_multiplier
from boardproof.model.graph import Activation, DType
from boardproof.project.runtimes.aot.checks.findings import RECONVERT_HINT
from boardproof.project.runtimes.aot.entry import QUANTIZED_TYPES
from boardproof.project.runtimes.aot.operands import activation_fits, quantization

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from boardproof.model.graph import Operator
    from boardproof.model.preflight import Finding
    from boardproof.project.runtimes.aot.checks.findings import Subject


MAX_SHIFT = 30
"""The largest left shift of a rescaling that TFLM's arithmetic defines."""

MAX_SHIFT_INT16 = 7
"""The same for the 64-bit sums of int16 data."""

_COMPILED_ACTIVATIONS = {Activation.NONE, Activation.RELU, Activation.RELU6, Activation.RELU_N1_TO_1}
MAX_SHIFTS = {DType.INT8: MAX_SHIFT, DType.INT16: MAX_SHIFT_INT16}


def check_activation(activation: Activation, subject: Subject) -> Iterator[Finding]:
    """TFLM's integer kernels ignore other fused activations without a word."""
    if activation not in _COMPILED_ACTIVATIONS:
        what = f"has a fused {activation.name}, which kernels do not apply"
        yield subject.error("unsupported-activation", what, "Make the activation a layer of its own.")
    elif subject.output.dtype in QUANTIZED_TYPES and not activation_fits(activation, subject.output):
        what = f"has an output scale too fine for its fused {activation.name}"
        yield subject.error("quantization", what, RECONVERT_HINT, subject.output)


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


def check_rescaling(op: Operator, subject: Subject) -> Iterator[Finding]:  # noqa: ARG001 one signature for all
    """Input to output scale."""
    if subject.input(0).dtype is not DType.FLOAT32:
        yield from check_factors(subject, [quantization(subject.input(0)).scale / quantization(subject.output).scale])

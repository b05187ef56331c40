"""What this runtime cannot compile, all of it at once, before anything is generated."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from boardproof.model.graph import (
    Add,
    AveragePool2D,
    Conv2D,
    DepthwiseConv2D,
    Dequantize,
    DType,
    FullyConnected,
    Logistic,
    MaxPool2D,
    Mean,
    Pad,
    Quantize,
    Relu,
    Relu6,
    Reshape,
    Softmax,
    Unsupported,
)
from boardproof.model.preflight import Finding, Severity
from boardproof.project.runtimes.aot.check_operators import (
    check_activation,
    check_add,
    check_logistic,
    check_mean,
    check_pad,
    check_pool,
    check_rescaling,
    check_softmax,
    check_weights,
)
from boardproof.project.runtimes.aot.findings import QUANTIZE_HINT, TFLM_HINT, Subject
from boardproof.project.runtimes.aot.operands import shape_text
from boardproof.project.runtimes.aot.page import MODEL_DTYPES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boardproof.model.graph import AnyOperator, Graph, SupportedOperator

_INT8 = frozenset({DType.INT8})
_BYTES = frozenset({DType.INT8, DType.UINT8})
_FLOAT = frozenset({DType.FLOAT32})

_TYPES: dict[type, tuple[tuple[frozenset[DType], frozenset[DType]], ...]] = {
    Quantize: ((_FLOAT, _INT8), (_BYTES, _INT8), (_INT8, _BYTES)),
    Dequantize: ((_BYTES, _FLOAT),),
}
"""Types of data and output an operator is compiled for, where that is not int8 to int8."""


def check_graph(graph: Graph) -> tuple[Finding, ...]:
    """Every reason why this graph cannot be compiled ahead of time; empty when there is none."""
    findings: list[Finding] = [*_check_ports(graph)]
    for op in graph.operators:
        findings += _check_operator(op, graph)
    return tuple(findings)


def _check_ports(graph: Graph) -> Iterator[Finding]:
    """Inputs, outputs, and what holds for tensors everywhere."""
    for tensor in dict.fromkeys((*graph.input_tensors, *graph.output_tensors)):
        if tensor.dtype not in MODEL_DTYPES:
            yield Finding(
                Severity.ERROR,
                "unsupported-type",
                f"The network's input or output {tensor.label} is {tensor.dtype}, which the firmware cannot hold.",
                "Change the model so that it takes and gives numbers.",
                tensor=tensor.index,
            )
    for tensor in graph.tensors:
        if any(axis > 0 for axis in tensor.dynamic_axes):
            yield Finding(
                Severity.ERROR,
                "dynamic-shape",
                f"Tensor {tensor.label} ({shape_text(tensor)}) has no fixed size along axis {tensor.dynamic_axes[-1]}.",
                "Give the model's input a fixed shape before converting it.",
                tensor=tensor.index,
            )
            return
    for tensor in graph.tensors:
        if tensor.is_variable:
            yield Finding(
                Severity.ERROR,
                "variable-tensor",
                f"Tensor {tensor.label} keeps its value between inferences, which this runtime does not do.",
                TFLM_HINT,
                tensor=tensor.index,
            )


def _check_operator(op: AnyOperator, graph: Graph) -> Iterator[Finding]:
    subject = Subject(op, graph)
    if isinstance(op, Unsupported):
        kind = "a custom operator" if op.is_custom else "not among the operators that are compiled ahead of time"
        yield subject.error("unsupported-operator", f"is {kind}", f"Replace its layer. {TFLM_HINT}")
        return
    problems = [*_check_types(op, subject)]
    yield from problems or _check_details(op, subject)


def _check_types(op: SupportedOperator, subject: Subject) -> Iterator[Finding]:
    data, output = subject.input(0), subject.output
    if isinstance(op, Reshape):
        return
    pairs = _TYPES.get(type(op), ((_INT8, _INT8),))
    if not any(data.dtype in source and output.dtype in target for source, target in pairs):
        what = f"takes {data.dtype} ({data.label}) and gives {output.dtype}: there is no kernel for that"
        yield subject.error("unsupported-type", what, QUANTIZE_HINT, data)
        return
    for tensor in (data, output, *([subject.input(1)] if isinstance(op, Add) else [])):
        if tensor.dtype is DType.FLOAT32:
            continue
        if tensor.dtype is not DType.INT8 and isinstance(op, Add):
            what = f"takes {tensor.dtype} ({tensor.label}): there is no kernel for that"
            yield subject.error("unsupported-type", what, QUANTIZE_HINT, tensor)
        elif tensor.quantization is None or tensor.quantization.per_channel:
            what = f"needs one scale and zero point for {tensor.label}, which has "
            what += "none" if tensor.quantization is None else f"{len(tensor.quantization.scales)}"
            yield subject.error("quantization", what, QUANTIZE_HINT, tensor)


def _check_details(op: SupportedOperator, subject: Subject) -> Iterator[Finding]:
    match op:
        case Conv2D() | DepthwiseConv2D() | FullyConnected():
            yield from check_activation(op.activation, subject)
            yield from check_weights(op, subject)
        case AveragePool2D() | MaxPool2D():
            yield from check_activation(op.activation, subject)
            yield from check_pool(subject)
        case Add():
            yield from check_activation(op.activation, subject)
            yield from check_add(subject)
        case Mean():
            yield from check_mean(subject)
        case Pad():
            yield from check_pad(subject)
        case Softmax():
            yield from check_softmax(op, subject)
        case Logistic():
            yield from check_logistic(subject)
        case Relu() | Quantize():
            yield from check_rescaling(subject)
        case Relu6() | Dequantize() | Reshape():
            pass
        case _:
            assert_never(op)

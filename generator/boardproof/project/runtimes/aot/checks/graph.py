"""What this runtime cannot compile, all of it at once, before anything is generated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.model.graph import Unsupported
from boardproof.model.operators.signal import SignalOperator
from boardproof.model.preflight import Finding, Severity, needs_full_integer
from boardproof.model.variables import VariableOperator, check_states
from boardproof.project.runtimes.aot.checks.findings import OR_TFLM, QUANTIZE_HINT, TFLM_HINT, Subject, without_tflm
from boardproof.project.runtimes.aot.checks.host_functions import check_host_functions
from boardproof.project.runtimes.aot.entry import QUANTIZED_TYPES
from boardproof.project.runtimes.aot.operands import shape_text
from boardproof.project.runtimes.aot.operators import OPERATORS
from boardproof.project.runtimes.aot.page import MODEL_DTYPES
from boardproof.project.runtimes.aot.passes import RESOLVING, fold_constants, is_done, prepare
from boardproof.project.runtimes.interpreted import CUSTOM_METHODS, FLEX_HINT, FLEX_PREFIX, METHODS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boardproof.model.graph import Graph, Operator, Tensor
    from boardproof.model.variables import Problem
    from boardproof.project.runtimes.aot.entry import Entry


CONTROL_FLOW_HINTS = {
    "IF": "Compute both branches and choose with tf.where, which TensorFlow can also quantize.",
    "WHILE": "TensorFlow cannot quantize a loop: unroll it (Keras' recurrent layers take unroll=True).",
}
"""Control flow is not compiled: the arena plan and the ticks of each operator rely on every step running once."""


MISSING_HINTS = {
    "GELU": "Use the activation silu, or --scheme int8, where GELU is a table.",
    "SELECT": "Make one side of the choice a constant, which gives SELECT_V2, or write it with maximum or minimum.",
    "TILE": "Instead of UpSampling2D use keras.layers.Resizing with interpolation='nearest'; else Concatenate copies.",
}
"""What to use instead of operators that Keras makes and TensorFlow Lite Micro does not have."""

_NO_TFLM_HINT = "TensorFlow Lite Micro does not have it, either."


def check_graph(graph: Graph) -> tuple[Finding, ...]:
    """Every reason why this graph cannot be compiled ahead of time; empty when there is none.

    Raises:
        InputError: A parameter that had to be computed from constants does not fit its operator.
    """
    findings: list[Finding] = [*_check_ports(graph)]
    folded = prepare(graph, (fold_constants,)).graph
    problems = [_state_finding(problem, graph) for problem in check_states(folded)]
    prepared = folded if problems else prepare(graph, RESOLVING).graph
    for op in prepared.operators:
        if not (is_done(op, prepared) or (problems and isinstance(op, VariableOperator))):
            findings += _check_operator(op, prepared)
    found = (*findings, *problems, *check_host_functions(prepared))
    return tuple(map(without_tflm, found)) if _never_runs_with_tflm(graph) else found


def _never_runs_with_tflm(graph: Graph) -> bool:
    """Whether TensorFlow Lite Micro refuses this model, whatever its version: then it is no way out."""
    foreign = any(
        isinstance(op, SignalOperator) or (isinstance(op, Unsupported) and op.is_custom)
        for op in graph.operators
        if op.name not in CUSTOM_METHODS
    )
    return foreign or needs_full_integer(graph)


def _state_finding(problem: Problem, graph: Graph) -> Finding:
    if problem.operator is not None:
        operator = graph.operators[problem.operator]
        subject = f"Operator {operator.index} ({operator.name})"
    else:
        subject = "The model" if problem.tensor is None else f"Tensor {graph.tensors[problem.tensor].label}"
    return Finding(
        Severity.ERROR, "variable-tensor", f"{subject} {problem.what}.", TFLM_HINT, problem.operator, problem.tensor
    )


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


def _check_operator(op: Operator, graph: Graph) -> Iterator[Finding]:
    subject = Subject(op, graph)
    entry = OPERATORS.get(op.name)
    if entry is None or isinstance(op, Unsupported):
        is_custom = isinstance(op, Unsupported) and op.is_custom
        kind = "a custom operator" if is_custom else "not among the operators that are compiled ahead of time"
        yield subject.error("unsupported-operator", f"is {kind}", _instead_of(op.name, is_custom=is_custom))
        return
    problems = [*_check_types(entry, subject)]
    yield from problems
    if entry.check is not None and not problems:
        yield from entry.check(op, subject)


def _instead_of(name: str, *, is_custom: bool) -> str:
    """What to do about an operator that is not compiled."""
    if is_custom and name.startswith(FLEX_PREFIX):
        return FLEX_HINT
    hint = {**CONTROL_FLOW_HINTS, **MISSING_HINTS}.get(name, "Replace its layer.")
    if is_custom:
        return f"{hint.removesuffix('.')}{OR_TFLM}" if name in CUSTOM_METHODS else hint
    return f"{hint.removesuffix('.')}{OR_TFLM}" if name in METHODS else f"{hint} {_NO_TFLM_HINT}"


def _check_types(entry: Entry, subject: Subject) -> Iterator[Finding]:
    if not entry.types:
        return
    inputs = [subject.input(i) for i in range(len(entry.types[0].inputs))]
    if not any(types.fit(subject.op, subject.graph) for types in entry.types):
        takes = " and ".join(f"{tensor.dtype} ({tensor.label})" for tensor in dict.fromkeys(inputs))
        what = f"takes {takes} and gives {subject.output.dtype}: there is no kernel for that"
        yield subject.error("unsupported-type", what, QUANTIZE_HINT, inputs[0])
    elif entry.needs_scales:
        for tensor in dict.fromkeys((*inputs, subject.output)):
            yield from _check_scale(tensor, subject)


def _check_scale(tensor: Tensor, subject: Subject) -> Iterator[Finding]:
    if tensor.dtype in QUANTIZED_TYPES and (tensor.quantization is None or tensor.quantization.per_channel):
        what = f"needs one scale and zero point for {tensor.label}, which has "
        what += "none" if tensor.quantization is None else f"{len(tensor.quantization.scales)}"
        yield subject.error("quantization", what, QUANTIZE_HINT, tensor)

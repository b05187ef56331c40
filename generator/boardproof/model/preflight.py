"""What will not run on the chosen runtime and board, found before anything is compiled."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from boardproof.errors import InputError
from boardproof.model.graph import DType, Unsupported
from boardproof.model.layer_names import place_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boardproof.model.graph import Graph, Operator


_NUMBER = re.compile(r"\d+")
_SUBJECT = re.compile(r"Layer \S+ \(operator \d+, \w+\)|Operator \d+(, \w+,| \(\w+\)(, which computes [^,]*,)?)")
"""How the text of a finding about an operator begins."""
_SHOWN_PLACES = 12


class Severity(StrEnum):
    """Whether a finding stops the run (error), may spoil it (warning), or explains what it shows (note)."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about a model that will not work, or that its owner should know.

    Attributes:
        severity: Whether it stops the run.
        code: A short, stable, kebab-case name, such as "unsupported-operator".
        message: What is wrong, and where.
        hint: What to do about it.
        operator: The operator's index in the graph, when it is about one.
        tensor: The tensor's index, when it is about one.
    """

    severity: Severity
    code: str
    message: str
    hint: str
    operator: int | None = None
    tensor: int | None = None


def preflight(graph: Graph, found: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Everything about a network that will not run, or that its owner should know; errors first, notes last.

    What only follows from a cause already named is left out: a dynamic-range model is one finding, not one for each of
    its operators.

    Args:
        graph: The network.
        found: What a runtime has found out about it.
    """
    causes = tuple(check_graph(graph))
    implied = {code for cause in causes for code in (cause.code, *_IMPLIED.get(cause.code, ()))}
    others = [finding for finding in found if finding.code not in implied]
    return by_severity(merged((*causes, *others), graph))


def merged(findings: tuple[Finding, ...], graph: Graph) -> tuple[Finding, ...]:
    """One finding for all operators of a kind with the same trouble: the first, which lists where else it is.

    Two are the same when their texts differ in nothing but the layer, the operator, the tensors and numbers.
    """
    groups: dict[object, list[Finding]] = {}
    for position, finding in enumerate(findings):
        groups.setdefault(_kind(finding, graph) or position, []).append(finding)
    return tuple(_together(group, graph) for group in groups.values())


def _kind(finding: Finding, graph: Graph) -> tuple[str, ...] | None:
    """What findings of one kind have in common; None for one that is not about an operator of the main graph."""
    if finding.operator is None:
        return None
    operator = graph.operators[finding.operator]
    text = _SUBJECT.sub("", finding.message)
    for tensor in sorted({t for t in (*operator.inputs, *operator.outputs) if t >= 0}):
        text = text.replace(graph.tensors[tensor].label, "")
    return finding.severity, finding.code, finding.hint, operator.name, _NUMBER.sub("", text)


def _together(group: list[Finding], graph: Graph) -> Finding:
    first, *rest = group
    if not rest:
        return first
    places = [_short_place(graph.operators[finding.operator or 0], graph) for finding in rest]
    shown = ", ".join(places[:_SHOWN_PLACES] + [f"… {len(rest)} in all"] * (len(rest) > _SHOWN_PLACES))
    return replace(first, message=f"{first.message} The same holds for {shown}.")


def _short_place(operator: Operator, graph: Graph) -> str:
    return place_of(operator, graph) or f"operator {operator.index} ({operator.name})"


def by_severity(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Errors first, notes last."""
    order = list(Severity)
    return tuple(sorted(findings, key=lambda finding: order.index(finding.severity)))


def is_runnable(findings: tuple[Finding, ...]) -> bool:
    """Whether none of the findings is an error."""
    return all(finding.severity is not Severity.ERROR for finding in findings)


def require_runnable(findings: tuple[Finding, ...]) -> None:
    """Raises one InputError with every error among the findings, each with its way out; returns when there is none."""
    raise_errors(findings, "keep this model from running")


def raise_errors(findings: tuple[Finding, ...], headline: str) -> None:
    """Raises one InputError with every error among the findings; its message is "<n> problems <headline>."."""
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if not errors:
        return
    if len(errors) == 1:
        raise InputError(errors[0].message, errors[0].hint)
    hints = list(dict.fromkeys(error.hint for error in errors))
    raise InputError(
        f"{len(errors)} problems {headline}; the first: {errors[0].message}",
        hints[0] if len(hints) == 1 else "Each has its own way out, given with it.",
        "\n".join(f"{number}. {error.message}\n   {error.hint}" for number, error in enumerate(errors, start=1)),
    )


def check_graph(graph: Graph) -> Iterator[Finding]:
    """What no runtime on a microcontroller will run, whichever it is."""
    yield from _check_weights(graph)
    yield from _check_float16(graph)
    yield from _check_uint8(graph)
    yield from _check_shapes(graph)
    yield from _check_types(graph)


def needs_full_integer(graph: Graph) -> bool:
    """Whether it is a dynamic-range or float16 model, which nothing runs before it is quantized in full."""
    return any(True for _ in (*_check_weights(graph), *_check_float16(graph)))


_FULL_INTEGER = "Quantize the Keras model with `boardproof quantize --scheme int8` and a representative dataset."

_OF_TYPES = frozenset({"unsupported-type", "quantization", "per-channel-fully-connected"})

_IMPLIED = {
    "dynamic-range": _OF_TYPES | {"hybrid-weights"},
    "float16-weights": _OF_TYPES | {"weights"},
    "uint8-quantization": _OF_TYPES | {"weights"},
}
"""Codes of findings that only follow from another."""

_WEIGHTED = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"})
_WITHOUT_SIZE = frozenset({DType.STRING, DType.RESOURCE, DType.VARIANT})


def _check_weights(graph: Graph) -> Iterator[Finding]:
    hybrid = [operator for operator in graph.operators if _is_hybrid(graph, operator)]
    if hybrid:
        yield Finding(
            Severity.ERROR,
            "dynamic-range",
            "This is a dynamic-range quantized model: weights are integers, but activations are float, as in "
            f"operator {hybrid[0].index} ({hybrid[0].name}).",
            _FULL_INTEGER,
            operator=hybrid[0].index,
        )


def _is_hybrid(graph: Graph, operator: Operator) -> bool:
    if operator.name not in _WEIGHTED or isinstance(operator, Unsupported):
        return False
    weights = graph.tensors[operator.inputs[1]]
    return graph.tensors[operator.input].dtype is DType.FLOAT32 and weights.dtype in {DType.INT8, DType.INT4}


def _check_float16(graph: Graph) -> Iterator[Finding]:
    halves = [tensor for tensor in graph.tensors if tensor.dtype is DType.FLOAT16]
    if halves:
        yield Finding(
            Severity.ERROR,
            "float16-weights",
            f"This is a float16 model: {halves[0].label}, for one, is stored in float16.",
            _FULL_INTEGER,
            tensor=halves[0].index,
        )


def _check_uint8(graph: Graph) -> Iterator[Finding]:
    """How TensorFlow 1 quantized: every operator with weights is of unsigned bytes, and none of them has a kernel."""
    old = [
        operator
        for operator in graph.operators
        if operator.name in _WEIGHTED
        and not isinstance(operator, Unsupported)
        and graph.tensors[operator.inputs[1]].dtype is DType.UINT8
    ]
    if old:
        yield Finding(
            Severity.ERROR,
            "uint8-quantization",
            f"This model is quantized to uint8, as TensorFlow 1 did it: {len(old)} of its {len(graph.operators)} "
            f"operators have uint8 weights, first operator {old[0].index} ({old[0].name}).",
            "Convert the float model that it was made from again, to int8: "
            "`boardproof quantize MODEL --representative SAMPLES`.",
            operator=old[0].index,
        )


def _check_shapes(graph: Graph) -> Iterator[Finding]:
    """An open batch size alone does no harm: one sample at a time runs, as the shape in the file says."""
    dynamic = [tensor for tensor in graph.tensors if any(axis > 0 for axis in tensor.dynamic_axes)]
    if dynamic:
        shape = ", ".join("?" if axis in dynamic[0].dynamic_axes else str(n) for axis, n in enumerate(dynamic[0].shape))
        yield Finding(
            Severity.ERROR,
            "dynamic-shape",
            f"The model leaves shapes open, first that of {dynamic[0].label}: [{shape}].",
            "Give every axis of the model's inputs a size, such as keras.Input(shape=(49, 10, 1)), and convert again.",
            tensor=dynamic[0].index,
        )


def _check_types(graph: Graph) -> Iterator[Finding]:
    for tensor in (*graph.input_tensors, *graph.output_tensors):
        if tensor.dtype in _WITHOUT_SIZE:
            yield Finding(
                Severity.ERROR,
                "no-numbers",
                f"The model takes or gives {tensor.dtype}s ({tensor.label}), which a board cannot hold.",
                "Move the layers that handle them out of the model, so that it starts and ends with numbers.",
                tensor=tensor.index,
            )

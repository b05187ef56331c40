"""Why quantization costs what it does, where that can be told, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.graph import DType
from boardproof.model.layer_errors import decibels
from boardproof.model.preflight import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boardproof.model.graph import Graph
    from boardproof.model.layer_errors import LayerError

_GOOD_DB = 20.0
"""A network whose outputs have this much signal above the noise loses little; nothing is said of its layers."""

_DOMINATES = 0.5
_STRETCHED = 8
"""How many times the range of 99 % of a tensor's values the whole one is, where a few values stretch it."""

_FEW_STEPS = 8
_SOME_UNITS = 0.1

_FINER = "Use --scheme int16x8, whose activations have 65,536 steps, or quantization-aware training (docs/smaller.md)."
_LIKE_RANGES = "Bring the values that matter to like ranges (a BatchNormalization before it). Else: "
_TRAIN = "Quantization-aware training (docs/smaller.md) lets the layer learn to live with it."


def find_causes(graph: Graph, errors: tuple[LayerError, ...]) -> Iterator[Finding]:
    """The layer that makes most of the noise, if one does and the outputs are noisy, with the reason.

    Args:
        graph: The quantized network.
        errors: What `layer_errors` measured of it.
    """
    computed = [error for error in errors if error.operator is not None]
    noise = max((error.noise for error in computed if error.tensor in graph.outputs), default=0.0)
    total = sum(error.added for error in errors)
    snr = decibels(noise)
    if snr is None or snr >= _GOOD_DB or not total:
        return
    worst = max(errors, key=lambda error: error.added)
    if worst.added < _DOMINATES * total:
        yield Finding(
            Severity.WARNING,
            "noisy-outputs",
            f"The outputs are {round(snr)} dB above the noise of quantization, and no layer alone makes it.",
            _FINER,
        )
        return
    why, hint = _cause(graph, worst, errors)
    place = f"Layer {worst.layer} ({worst.op}, operator {worst.operator})"
    place = place if worst.operator is not None else f"The input {worst.layer}"
    yield Finding(
        Severity.WARNING,
        "dominating-layer",
        f"{place} makes {worst.added / total:.0%} of the noise of quantization, above which the outputs are "
        f"{round(snr)} dB: {why}.",
        hint,
        operator=worst.operator,
        tensor=worst.tensor,
    )


def _cause(graph: Graph, worst: LayerError, errors: tuple[LayerError, ...]) -> tuple[str, str]:
    whole, middle = (high - low for low, high in (worst.range, worst.middle))
    if worst.rounding >= _DOMINATES * worst.added:
        if middle > 0 and whole > _STRETCHED * middle:
            low, high = worst.range
            return (
                f"a few values stretch its range to {low:.4g} to {high:.4g}, where 99 % of them lie in "
                f"{worst.middle[0]:.4g} to {worst.middle[1]:.4g}, and all share its steps",
                "Find the samples or weights that make them; clip them (a ReLU with max_value). Else: " + _FINER,
            )
        return (
            f"its values from {worst.range[0]:.4g} to {worst.range[1]:.4g} differ between samples by little more than "
            "one of its steps",
            _LIKE_RANGES + _FINER,
        )
    if narrow := _narrow_channels(graph, worst, errors):
        return narrow, _LIKE_RANGES + _FINER
    if few := _units_with_few_steps(graph, worst):
        return few, "Bring its units to like sizes (a BatchNormalization after it, a smaller penalty). " + _TRAIN
    return "what it computes magnifies the rounding of its inputs and weights", _FINER


def _narrow_channels(graph: Graph, worst: LayerError, errors: tuple[LayerError, ...]) -> str | None:
    """Whether one scale serves channels of what it reads whose ranges differ widely."""
    read = graph.operators[worst.operator].inputs if worst.operator is not None else ()
    for error in errors:
        if error.tensor in read and error.narrow >= max(1, _SOME_UNITS * error.channels):
            return (
                f"of the {error.channels} channels that it reads from {error.layer}, {error.narrow} span less than 4 "
                "steps of the scale that all share"
            )
    return None


def _units_with_few_steps(graph: Graph, worst: LayerError) -> str | None:
    """Whether one scale serves weights of units whose sizes differ widely."""
    if worst.operator is None:
        return None
    op = graph.operators[worst.operator]
    for tensor in (graph.tensors[i] for i in op.inputs if i >= 0):
        shared = tensor.quantization is not None and not tensor.quantization.per_channel
        if not shared or not tensor.is_constant or tensor.dtype is not DType.INT8 or len(tensor.shape) < 2:  # noqa: PLR2004
            continue
        largest = np.abs(tensor.array().astype(np.int16)).reshape(tensor.shape[0], -1).max(axis=1)
        few = int((largest < _FEW_STEPS).sum())
        if few >= max(1, _SOME_UNITS * len(largest)):
            units = f"{few} of its {len(largest)} units"
            return f"its weights share one scale, of which {units} use less than {_FEW_STEPS} steps"
    return None

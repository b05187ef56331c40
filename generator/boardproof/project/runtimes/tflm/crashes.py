"""What tflite_micro runs and an older TensorFlow Lite Micro library crashes on, or stops at, with the way out of each.

Which library does what limits.py reads in its sources; a library without the flaw gets no finding.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from boardproof.model.graph import DType, LogSoftmax, Softmax
from boardproof.model.preflight import Severity
from boardproof.model.shapes.axes import reduced_axes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boardproof.model.graph import Tensor
    from boardproof.model.preflight import Finding
    from boardproof.project.runtimes.tflm.library import TflmLibrary
    from boardproof.project.runtimes.tflm.resolver import Use

_WAYS_ON = "give a newer library with --tflm-lib, or use --runtime aot."
_REDUCTIONS = frozenset({"MEAN", "SUM"})
_ALWAYS_BROADCASTS = frozenset({"PRELU"})
_SOFTMAX_FRACTION_BITS = 26


def check_crashes(use: Use, library: TflmLibrary) -> Iterator[Finding]:
    """Everything about one operator that the library accepts by its name and type, and fails on nevertheless."""
    yield from _check_axes(use, library)
    yield from _check_reduction(use, library)
    yield from _check_softmax(use, library)
    name = use.operator.name
    if name in library.limits.writes_model:
        yield _error(
            use,
            "writes-to-flash",
            f"makes {library.title} write the shape of its output into the model, which lies in flash: the firmware "
            "would crash",
            f"Take the elements with other layers (such as tf.gather along one axis), {_WAYS_ON}",
        )
    if name in library.limits.keeps_temporaries and all(prod(tensor.shape) == 1 for tensor in _tensors(use)):
        yield _error(
            use,
            "one-element",
            f"chooses between single numbers, after which {library.title} does not give memory back, and refuses the "
            "model",
            f"Use arithmetic in place of tf.where here, {_WAYS_ON}",
        )


def _check_axes(use: Use, library: TflmLibrary) -> Iterator[Finding]:
    largest = max(_tensors(use), key=lambda tensor: len(tensor.shape), default=None)
    if largest is None:
        return
    axes, name, room = len(largest.shape), use.operator.name, library.limits.shape_axes
    if room is not None and axes > room and name in library.limits.shaped:
        yield _error(
            use,
            "too-many-axes",
            f"works on {axes} axes ({largest.label}); {library.title} has room for {room}, and the firmware would "
            "overwrite its stack",
            f"Reshape so that there are at most {room} axes, {_WAYS_ON}",
            largest,
        )
        return
    broadcast = library.limits.broadcast_axes.get(name)
    if broadcast is not None and axes > broadcast and _broadcasts(use):
        yield _error(
            use,
            "too-many-axes",
            f"broadcasts over {axes} axes ({largest.label}); {library.title} does it over at most {broadcast}, and the "
            "firmware would call abort()",
            f"Reshape so that there are at most {broadcast} axes, or give both inputs one shape; or {_WAYS_ON}",
            largest,
        )


def _check_reduction(use: Use, library: TflmLibrary) -> Iterator[Finding]:
    name, room, data, result = use.operator.name, library.limits.reduced_axes, use.input(0), use.output(0)
    axes = use.input(1)
    if data is None or result is None or axes is None:
        return
    if name in _REDUCTIONS and room is not None and axes.is_constant:
        count = len(reduced_axes(data, axes))
        if count > room:
            yield _error(
                use,
                "too-many-reduced-axes",
                f"reduces {count} axes; {library.title} has room for {room}, and the firmware would overwrite its "
                "stack",
                f"Reduce in steps of at most {room} axes, or reshape them into one first; or {_WAYS_ON}",
            )
    if name in library.limits.equal_scales and _differently_scaled(data, result):
        yield _error(
            use,
            "different-scales",
            f"has an input and an output of different scales, and {library.title} stops there",
            "Convert with TensorFlow's own converter, which gives both one scale.",
            result,
        )


def _check_softmax(use: Use, library: TflmLibrary) -> Iterator[Finding]:
    operator, data = use.operator, use.input(0)
    if not isinstance(operator, Softmax | LogSoftmax) or data is None or data.quantization is None:
        return
    beta = operator.beta if isinstance(operator, Softmax) else 1.0
    scale = data.quantization.scales[0]
    if not library.limits.smallest_softmax or data.dtype is not DType.INT8:
        return
    if beta * scale * 2.0**_SOFTMAX_FRACTION_BITS <= 1:
        yield _error(
            use,
            "input-scale",
            f"has an input ({data.label}) whose scale times beta, {beta * scale:.3g}, is not above 2**-26, where "
            f"{library.title} calls abort()",
            "Its input hardly varies: the weights may be untrained or degenerate, or the representative dataset all "
            "alike. Train, give real samples with --representative, and convert again.",
            data,
        )


def _differently_scaled(data: Tensor, result: Tensor) -> bool:
    if data.dtype is not DType.INT8 or data.quantization is None or result.quantization is None:
        return False
    return data.quantization.scales != result.quantization.scales


def _broadcasts(use: Use) -> bool:
    """Whether the kernel takes its way for unequal shapes."""
    inputs = {tensor.shape for tensor in _tensors(use, outputs=False)}
    return use.operator.name in _ALWAYS_BROADCASTS or len(inputs) > 1


def _tensors(use: Use, *, outputs: bool = True) -> tuple[Tensor, ...]:
    found = [use.input(position) for position in range(len(use.operator.inputs))]
    if outputs:
        found += [use.output(position) for position in range(len(use.operator.outputs))]
    return tuple(tensor for tensor in found if tensor is not None)


def _error(use: Use, code: str, what: str, hint: str, tensor: Tensor | None = None) -> Finding:
    return use.finding(Severity.ERROR, code, f"{use.place} {what}.", hint, tensor)

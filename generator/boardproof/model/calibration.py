"""TensorFlow's calibrator, where it needs help: each sample begins afresh, and no range is too small to compute with.

What training leaves, or a network that never was trained, has layers whose outputs are the same zero for every sample,
or nearly. A range of nothing has no scale: the converter leaves the operator in float, or writes a scale of 0. The
softmax of int8 and the products of int16 have scales that their kernels do not take. A range that is widened costs
nothing: what is quantized in it is too small to be told apart either way.
"""

from __future__ import annotations

from contextlib import contextmanager
from copy import copy
from typing import TYPE_CHECKING, Any

import numpy as np

from boardproof.model.rewrite.dead_channels import PRODUCTS
from boardproof.model.rewrite.editing import Editor, inputs_of
from boardproof.model.rewrite.functions import WITHOUT_INT8_KERNEL
from boardproof.model.rewrite.moves import AVERAGES, MOVES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SOFTMAX_LEAST = 255 * 2.0**-25
"""Twice the range with which differences of int8 logits, with 26 fractional bits, are 1."""

_FLOAT32 = np.dtype(np.float32)
_INT16_LEAST = 1 / (127 * 2**6)
"""Of the largest product: with less, int16 outputs are more than 2^7 times finer than what is summed up."""


@contextmanager
def calibrated(*, int16: bool) -> Iterator[None]:
    """Lets TensorFlow's calibrator forget an LSTM's state after each sample, and gives ranges that can be used.

    It forgets where it prepares itself anew, which it does once for each call of what feeds it.

    Args:
        int16: Whether activations become int16.
    """
    from tensorflow.lite.python.optimize.calibrator import Calibrator

    feed = Calibrator._feed_tensors

    def feed_one_by_one(self: Calibrator, samples: Callable[[], Iterator[object]], resize_input: bool) -> None:
        for sample in samples():
            feed(self, lambda sample=sample: [sample], resize_input)
        measured = bytes(self._calibrator.Calibrate())
        if (wider := widened(measured, int16=int16)) is not measured:
            self.__init__(wider)  # without values to measure, it takes the ranges in the file

    Calibrator._feed_tensors = feed_one_by_one
    try:
        yield
    finally:
        Calibrator._feed_tensors = feed


def widened(data: bytes, *, int16: bool) -> bytes:
    """A float .tflite with the ranges of its activations, wide enough to quantize them.

    Args:
        data: What the calibrator gives.
        int16: Whether activations become int16, else int8.
    """
    editor = Editor(data)
    changed = not int16 and _repeat_functions(editor)
    for operator in editor.graph.operators:
        if editor.name(operator) == "SOFTMAX" and not int16:
            for tensor in _unmoved(editor, int(operator.inputs[0])):
                changed |= _widen(editor, tensor, _SOFTMAX_LEAST)
        if editor.name(operator) in AVERAGES and not int16:
            changed |= _share_range(editor, int(operator.inputs[0]), int(operator.outputs[0]))
        for output in () if operator.outputs is None else map(int, operator.outputs):
            if (largest := _largest(editor, output)) is not None:
                product = _largest_product(editor, operator)
                least = (product or 1.0) if largest == 0 else product * _INT16_LEAST if int16 else 0.0
                changed |= _widen(editor, output, least)
    return editor.packed() if changed else data


def _unmoved(editor: Editor, tensor: int) -> Iterator[int]:
    """The tensor, and where it is only moved from: the converter gives all of these the first one's scale."""
    yield tensor
    for maker in editor.graph.operators:
        if maker.outputs is not None and tensor in map(int, maker.outputs) and editor.name(maker) in MOVES:
            yield from _unmoved(editor, int(maker.inputs[MOVES[editor.name(maker)]]))


def _repeat_functions(editor: Editor) -> bool:
    """Lets each taker of a function that has no int8 form have it alone: of those of one, some would stay in float."""
    operators: list[Any] = []
    for operator in editor.graph.operators:
        operators.append(operator)
        if editor.name(operator) not in WITHOUT_INT8_KERNEL | {"ELU"}:
            continue
        output = int(operator.outputs[0])
        found = editor.graph.tensors[output].quantization
        takers = [taker for taker in editor.graph.operators if output in inputs_of(taker)]
        for number, taker in enumerate(takers[1:], 2):
            name = f"{editor.text(output)}/{number}"
            again = copy(operator)
            again.outputs = np.array([editor.add_tensor(name, editor.shape(output), _FLOAT32, copy(found))], np.int32)
            taker.inputs = np.where(taker.inputs == output, again.outputs[0], taker.inputs)
            operators.append(again)
    changed = len(operators) > len(editor.graph.operators)
    editor.graph.operators = operators
    return changed


def _share_range(editor: Editor, source: int, output: int) -> bool:
    """Lets an average have the range of a function that stays in float: its kernel has one scale for both."""
    makers = (op for op in editor.graph.operators if op.outputs is not None and source in map(int, op.outputs))
    if not any(editor.name(maker) in WITHOUT_INT8_KERNEL | {"ELU"} for maker in makers):
        return False
    editor.graph.tensors[output].quantization = copy(editor.graph.tensors[source].quantization)
    return True


def _largest_product(editor: Editor, operator: Any) -> float:  # noqa: ANN401 the schema's object
    """The largest magnitude of what is summed up; for other operators, of what is taken."""
    inputs = inputs_of(operator)
    if editor.name(operator) not in PRODUCTS:
        return max((_largest(editor, tensor) or 0.0 for tensor in inputs if tensor >= 0), default=0.0)
    weights = editor.constant(inputs[1])
    data = inputs[PRODUCTS[editor.name(operator)][0]]
    largest = float(np.abs(weights).max(initial=0)) if weights is not None else 1.0
    return (_largest(editor, data) or 0.0) * largest


def _largest(editor: Editor, tensor: int) -> float | None:
    """The largest magnitude that an activation had; None where nothing was measured."""
    found = editor.graph.tensors[tensor].quantization
    if found is None or found.min is None or found.max is None or not len(found.min):
        return None
    return max(abs(float(found.min[0])), abs(float(found.max[0])))


def _widen(editor: Editor, tensor: int, least: float) -> bool:
    """Lets an activation's range be at least so wide. Whether it was not."""
    if _largest(editor, tensor) is None:
        return False
    found = editor.graph.tensors[tensor].quantization
    low, high = min(float(found.min[0]), 0.0), max(float(found.max[0]), 0.0)
    if not least or high - low >= least:
        return False
    found.max = np.array([low + least], np.float32)
    return True

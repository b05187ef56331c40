"""What is rewritten of a .tflite before it is compiled, and what the report says of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from boardproof.model.labels import plain_name, safe_label
from boardproof.model.tflite.reader import read_tflite

if TYPE_CHECKING:
    from collections.abc import Sequence

    from boardproof.model.cell_ranges import CellRange
    from boardproof.model.graph import Graph

SLICE_AXES = 4
"""That a STRIDED_SLICE may have: TensorFlow Lite Micro's."""

_COMPUTED_ELSEWHERE = frozenset({"RELU6", "REVERSE_V2", "UNIDIRECTIONAL_SEQUENCE_LSTM"})
_MOVED = frozenset({"SELECT", "SELECT_V2", "TILE", "UNPACK"})
_UNPACKED = "computed in float32, which takes several times the flash and time of int8"


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A .tflite after its rewriting; `notes` say what was done."""

    data: bytes
    notes: tuple[str, ...] = ()


def rewrite_operators(data: bytes, *, averages: bool = False) -> Rewritten:
    """The same network with operators that boards have, where others stand for the same values.

    Values that are moved stay the same. What becomes a table is rounded once, where the converter's own operators would
    round after each step.

    Args:
        data: A .tflite.
        averages: Whether pools that average may take what was quantized before, see `quantize_early`.
    """
    graph = read_tflite(data)
    names = {operator.name for operator in graph.operators}
    if not names & (_MOVED | _candidates()) and "DEQUANTIZE" not in names and not _slices_many_axes(graph):
        return Rewritten(data)
    from boardproof.model.rewrite.editing import Editor
    from boardproof.model.rewrite.moves import move_integers, quantize_early
    from boardproof.model.rewrite.tables import rewrite_functions
    from boardproof.model.rewrite.tiles import rewrite_tiles

    editor = Editor(data)
    integers = move_integers(editor) | quantize_early(editor, averages=averages)
    tabulated = rewrite_functions(editor)
    moved = rewrite_tiles(editor)
    if not tabulated | moved and not integers:
        return Rewritten(data)
    editor.drop_unused()
    notes = []
    if moved:
        notes.append(f"rewritten, with the same values: {', '.join(sorted(moved))} by others that boards have")
    if tabulated:
        notes.append(f"rewritten as tables of 256 values, which int8 has: {', '.join(sorted(tabulated))}")
    return Rewritten(editor.packed(), tuple(notes))


def _slices_many_axes(graph: Graph) -> bool:
    slices = (operator for operator in graph.operators if operator.name == "STRIDED_SLICE")
    return any(len(graph.tensors[operator.input].shape) > SLICE_AXES for operator in slices)


def mend(data: bytes, ranges: Sequence[CellRange] = ()) -> Rewritten:
    """The network with the scales that it computes with, and LSTMs that begin at zero with each sample as in Keras.

    Args:
        data: A .tflite that was converted just now: one from elsewhere may mean to go on.
        ranges: Of the cells, where it is quantized.
    """
    if not _COMPUTED_ELSEWHERE & {operator.name for operator in read_tflite(data).operators}:
        return Rewritten(data)
    from boardproof.model.rewrite.editing import Editor
    from boardproof.model.rewrite.scales import requantize_outputs
    from boardproof.model.rewrite.states import begin_afresh, widen_states

    editor = Editor(data)
    widen_states(editor, ranges)
    changed = requantize_outputs(editor)
    layers = begin_afresh(editor)
    if not layers:
        return Rewritten(editor.packed() if changed else data)
    what = "the LSTM layer is one operator" if layers == 1 else f"the {layers} LSTM layers are one operator each"
    return Rewritten(editor.packed(), (f"{what}, which begins at zero with each sample",))


def pack(data: bytes, *, only_exact: bool = False) -> Rewritten:
    """The network with weights in int4 where kernels take them: convolutions, depthwise ones and dense layers.

    Args:
        data: A full-integer .tflite.
        only_exact: Leaves weights alone that are not of 15 values already.
    """
    from boardproof.model.rewrite.editing import Editor
    from boardproof.model.rewrite.four_bits import pack_weights

    editor = Editor(data)
    packed, of = pack_weights(editor, only_exact=only_exact)
    if not packed:
        return Rewritten(data)
    editor.drop_unused()
    return Rewritten(editor.packed(), (f"the weights of {packed} of {of} kernels are in int4, two to a byte",))


def quantize_inputs(data: bytes) -> Rewritten:
    """The network with quantized inputs where it takes whole numbers and makes floats of them at once.

    Args:
        data: A .tflite that was quantized just now: whoever feeds it does not know its inputs yet.
    """
    graph = read_tflite(data)
    if not any(operator.name == "CAST" and operator.input in graph.inputs for operator in graph.operators):
        return Rewritten(data)
    from boardproof.model.rewrite.editing import Editor
    from boardproof.model.rewrite.inputs import take_integers

    editor = Editor(data)
    names = take_integers(editor)
    if not names:
        return Rewritten(data)
    editor.drop_unused()
    inputs = ", ".join(safe_label(plain_name(name)) for name in names)
    return Rewritten(editor.packed(), (f"whole numbers are quantized as real values are, at the input {inputs}",))


def unpack(data: bytes) -> Rewritten:
    """The network with float32 weights, where they are stored in float16, or in int8 beside float activations.

    Args:
        data: A .tflite.
    """
    if not _has_packed_weights(read_tflite(data)):
        return Rewritten(data)
    from boardproof.model.rewrite.editing import Editor
    from boardproof.model.rewrite.weights import unpack_weights

    editor = Editor(data)
    stored = unpack_weights(editor)
    if not stored:
        return Rewritten(data)
    editor.drop_unused()
    packed = editor.packed()
    note = (
        f"the weights, stored in {' and '.join(sorted(stored))}, were unpacked to float32 ({len(data):,} bytes became "
        f"{len(packed):,}): {_UNPACKED}; quantize the Keras model with --scheme int8 instead"
    )
    return Rewritten(packed, (note,))


def _has_packed_weights(graph: Graph) -> bool:
    types = {tensor.dtype.value for tensor in graph.tensors if tensor.is_constant}
    return bool(types & {"float16", "int8"}) and any(t.dtype.value == "float32" for t in graph.tensors)


def _candidates() -> frozenset[str]:
    from boardproof.model.rewrite.functions import UNARY, WITHOUT_INT8_KERNEL

    return WITHOUT_INT8_KERNEL | frozenset(UNARY) - {"DEQUANTIZE", "QUANTIZE"}

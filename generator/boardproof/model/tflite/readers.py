"""From an operator in the file to its dataclass: READERS has every operator that boardproof compiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.model.graph import NO_TENSOR, Unsupported
from boardproof.model.tflite import axes, elementwise, images, movement, products, selection, signal, state, windows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boardproof.model.graph import Operator
    from boardproof.model.tflite.raw_operator import RawOperator, Reader

READERS: Mapping[str, Reader] = {
    **axes.READERS,
    **elementwise.READERS,
    **images.READERS,
    **movement.READERS,
    **products.READERS,
    **selection.READERS,
    **state.READERS,
    **windows.READERS,
}
"""By TensorFlow Lite's name of the operator."""


CUSTOM_READERS: Mapping[str, Reader] = signal.READERS
"""By the name of a custom operator."""


def read_operator(raw: RawOperator, *, is_custom: bool = False) -> Operator:
    """The dataclass of an operator; `Unsupported` when boardproof has none for it.

    Raises:
        InputError: when its options or its number of inputs and outputs make no sense.
    """
    reader = (CUSTOM_READERS if is_custom else READERS).get(raw.opcode)
    if reader is None:
        return Unsupported(*raw.wiring, opcode_name=raw.opcode, is_custom=is_custom)
    _check_arity(raw, reader)
    return reader.read(raw)


def _check_arity(raw: RawOperator, reader: Reader) -> None:
    least, most = reader.inputs
    if not least <= len(raw.inputs) <= most:
        raise raw.error(f"there are {len(raw.inputs)} inputs, not {_range_text(least, most)}")
    if NO_TENSOR in raw.inputs[:least]:
        raise raw.error(f"input {raw.inputs.index(NO_TENSOR)} is missing")
    least, most = reader.outputs
    if not least <= len(raw.outputs) <= most:
        raise raw.error(f"there are {len(raw.outputs)} outputs, not {_range_text(least, most)}")


def _range_text(least: int, most: int) -> str:
    return str(least) if least == most else f"{least} to {most}"

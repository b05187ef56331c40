"""An operator as the .tflite has it, before its dataclass; and the options that several operators share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from tflite import ActivationFunctionType
from tflite import Padding as SchemaPadding

from boardproof.errors import InputError
from boardproof.model.graph import Activation, Padding

if TYPE_CHECKING:
    from collections.abc import Callable

    from boardproof.model.graph import Operator

T = TypeVar("T")

_ACTIVATIONS = {
    ActivationFunctionType.NONE: Activation.NONE,
    ActivationFunctionType.RELU: Activation.RELU,
    ActivationFunctionType.RELU_N1_TO_1: Activation.RELU_N1_TO_1,
    ActivationFunctionType.RELU6: Activation.RELU6,
    ActivationFunctionType.TANH: Activation.TANH,
    ActivationFunctionType.SIGN_BIT: Activation.SIGN_BIT,
}

_PADDINGS = {SchemaPadding.SAME: Padding.SAME, SchemaPadding.VALID: Padding.VALID}


class Activated(Protocol):
    """An options table with a fused activation."""

    def FusedActivationFunction(self) -> int: ...  # noqa: N802, D102 the schema's name


class Padded(Protocol):
    """An options table with a padding."""

    def Padding(self) -> int: ...  # noqa: N802, D102 the schema's name


@dataclass(frozen=True, slots=True)
class RawOperator:
    """An operator as the file has it.

    `options` is the schema package's union table, or None when there is none; `custom_options` a custom operator's.
    """

    opcode: str
    index: int
    version: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options_type: int
    options: Any
    custom_options: bytes = b""

    @property
    def place(self) -> str:
        """How messages name it."""
        return f"operator {self.index} ({self.opcode})"

    @property
    def wiring(self) -> tuple[int, int, tuple[int, ...], tuple[int, ...]]:
        """The fields every operator has, in the order of `graph.Operator`."""
        return self.index, self.version, self.inputs, self.outputs

    def require_options(self, kind: int, accessor: type[T]) -> T:
        """The options table as the schema package reads it. Raises InputError when the file has another, or none."""
        options = self.optional_options(kind, accessor)
        if options is None:
            raise self.error("its options are missing")
        return options

    def optional_options(self, kind: int, accessor: type[T]) -> T | None:
        """The options table, or None when the file has none. Raises InputError when it has another kind."""
        if self.options is None:
            return None
        if self.options_type != kind:
            raise self.error(f"its options are of kind {self.options_type}, not {kind}")
        table = accessor()
        table.Init(self.options.Bytes, self.options.Pos)  # type: ignore[attr-defined] # the schema package is untyped
        return table

    def activation(self, options: Activated | None) -> Activation:
        """The fused activation; none when there are no options. Raises InputError when it is unknown."""
        if options is None:
            return Activation.NONE
        activation = _ACTIVATIONS.get(options.FusedActivationFunction())
        if activation is None:
            raise self.error(f"activation function {options.FusedActivationFunction()} is unknown")
        return activation

    def padding(self, options: Padded) -> Padding:
        """The padding of a window. Raises InputError when it is unknown."""
        padding = _PADDINGS.get(options.Padding())
        if padding is None:
            raise self.error(f"padding {options.Padding()} is unknown")
        return padding

    def positive(self, what: str, height: int, width: int) -> tuple[int, int]:
        """Both numbers. Raises InputError when one is not at least 1."""
        if height < 1 or width < 1:
            raise self.error(f"the {what} is {height}x{width}")
        return int(height), int(width)

    def error(self, what: str) -> InputError:
        """An error about this operator."""
        return InputError(
            f"The .tflite file is not valid: in {self.place}, {what}.",
            "Convert the model again with a current TensorFlow; if it came from another tool, report it there.",
        )


MANY = 1 << 16
"""No limit to the number of inputs or outputs."""


@dataclass(frozen=True, slots=True)
class Reader:
    """How to read one operator.

    Attributes:
        read: Makes its dataclass, or `Unsupported`. Raises InputError when its options make no sense.
        inputs: Least and most inputs. Those beyond the least may be absent.
        outputs: Least and most outputs.
    """

    read: Callable[[RawOperator], Operator]
    inputs: tuple[int, int] = (1, 1)
    outputs: tuple[int, int] = (1, 1)

"""From an operator in the file to its dataclass: one entry in READERS per operator that boardproof compiles."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from tflite import (
    ActivationFunctionType,
    AddOptions,
    BuiltinOptions,
    Conv2DOptions,
    DepthwiseConv2DOptions,
    FullyConnectedOptions,
    FullyConnectedOptionsWeightsFormat,
    Pool2DOptions,
    ReducerOptions,
    SoftmaxOptions,
)
from tflite import Padding as SchemaPadding

from boardproof.errors import InputError
from boardproof.model.graph import (
    NO_TENSOR,
    Activation,
    Add,
    AnyOperator,
    AveragePool2D,
    Conv2D,
    DepthwiseConv2D,
    Dequantize,
    FullyConnected,
    Logistic,
    MaxPool2D,
    Mean,
    Pad,
    Padding,
    Quantize,
    Relu,
    Relu6,
    Reshape,
    Softmax,
    Unsupported,
    Window,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")

_Windowed: TypeAlias = Conv2DOptions | DepthwiseConv2DOptions | Pool2DOptions
_Activated: TypeAlias = _Windowed | FullyConnectedOptions | AddOptions

_ACTIVATIONS = {
    ActivationFunctionType.NONE: Activation.NONE,
    ActivationFunctionType.RELU: Activation.RELU,
    ActivationFunctionType.RELU_N1_TO_1: Activation.RELU_N1_TO_1,
    ActivationFunctionType.RELU6: Activation.RELU6,
    ActivationFunctionType.TANH: Activation.TANH,
    ActivationFunctionType.SIGN_BIT: Activation.SIGN_BIT,
}

_PADDINGS = {SchemaPadding.SAME: Padding.SAME, SchemaPadding.VALID: Padding.VALID}


@dataclass(frozen=True, slots=True)
class RawOperator:
    """An operator as the file has it; `options` is the schema package's union table, or None when there is none."""

    opcode: str
    index: int
    version: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options_type: int
    options: Any

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

    def error(self, what: str) -> InputError:
        """An error about this operator."""
        return InputError(
            f"The .tflite file is not valid: in {self.place}, {what}.",
            "Convert the model again with a current TensorFlow; if it came from another tool, report it there.",
        )


def read_operator(raw: RawOperator) -> AnyOperator:
    """The dataclass of an operator; `Unsupported` when boardproof has none for it.

    Raises:
        InputError: when its options or its number of inputs and outputs make no sense.
    """
    reader = READERS.get(raw.opcode)
    if reader is None:
        return Unsupported(*raw.wiring, opcode_name=raw.opcode)
    _check_arity(raw)
    return reader(raw)


_ARITY: Mapping[str, tuple[int, int]] = {
    "CONV_2D": (2, 3),
    "DEPTHWISE_CONV_2D": (2, 3),
    "FULLY_CONNECTED": (2, 3),
    "MEAN": (2, 2),
    "ADD": (2, 2),
    "PAD": (2, 2),
    "RESHAPE": (1, 2),
}
"""Least and most inputs, where it is not exactly one. The last may be absent where they differ."""


def _check_arity(raw: RawOperator) -> None:
    least, most = _ARITY.get(raw.opcode, (1, 1))
    if not least <= len(raw.inputs) <= most:
        raise raw.error(f"there are {len(raw.inputs)} inputs, not {least if least == most else f'{least} to {most}'}")
    if NO_TENSOR in raw.inputs[:least]:
        raise raw.error(f"input {raw.inputs.index(NO_TENSOR)} is missing")
    if len(raw.outputs) != 1:
        raise raw.error(f"there are {len(raw.outputs)} outputs, not 1")


def _conv_2d(raw: RawOperator) -> Conv2D:
    options = raw.require_options(BuiltinOptions.Conv2DOptions, Conv2DOptions)
    return Conv2D(*raw.wiring, window=_window(raw, options), activation=_activation(raw, options))


def _depthwise_conv_2d(raw: RawOperator) -> DepthwiseConv2D:
    options = raw.require_options(BuiltinOptions.DepthwiseConv2DOptions, DepthwiseConv2DOptions)
    return DepthwiseConv2D(
        *raw.wiring,
        window=_window(raw, options),
        depth_multiplier=options.DepthMultiplier(),
        activation=_activation(raw, options),
    )


def _fully_connected(raw: RawOperator) -> FullyConnected | Unsupported:
    options = raw.optional_options(BuiltinOptions.FullyConnectedOptions, FullyConnectedOptions)
    if options is None:
        return FullyConnected(*raw.wiring, activation=Activation.NONE, keep_num_dims=False)
    if options.WeightsFormat() != FullyConnectedOptionsWeightsFormat.DEFAULT:
        return Unsupported(*raw.wiring, opcode_name="FULLY_CONNECTED with shuffled weights")
    return FullyConnected(*raw.wiring, activation=_activation(raw, options), keep_num_dims=bool(options.KeepNumDims()))


def _pool(raw: RawOperator) -> tuple[Window, tuple[int, int], Activation]:
    options = raw.require_options(BuiltinOptions.Pool2DOptions, Pool2DOptions)
    window = Window(_padding(raw, options), _positive(raw, "stride", options.StrideH(), options.StrideW()))
    size = _positive(raw, "filter size", options.FilterHeight(), options.FilterWidth())
    return window, size, _activation(raw, options)


def _average_pool_2d(raw: RawOperator) -> AveragePool2D:
    return AveragePool2D(*raw.wiring, *_pool(raw))


def _max_pool_2d(raw: RawOperator) -> MaxPool2D:
    return MaxPool2D(*raw.wiring, *_pool(raw))


def _mean(raw: RawOperator) -> Mean:
    options = raw.optional_options(BuiltinOptions.ReducerOptions, ReducerOptions)
    return Mean(*raw.wiring, keep_dims=bool(options.KeepDims()) if options else False)


def _add(raw: RawOperator) -> Add:
    options = raw.optional_options(BuiltinOptions.AddOptions, AddOptions)
    return Add(*raw.wiring, activation=_activation(raw, options) if options else Activation.NONE)


def _softmax(raw: RawOperator) -> Softmax:
    beta = float(raw.require_options(BuiltinOptions.SoftmaxOptions, SoftmaxOptions).Beta())
    if not isfinite(beta):
        raise raw.error(f"beta is {beta}")
    return Softmax(*raw.wiring, beta=beta)


READERS: Mapping[str, Callable[[RawOperator], AnyOperator]] = {
    "CONV_2D": _conv_2d,
    "DEPTHWISE_CONV_2D": _depthwise_conv_2d,
    "FULLY_CONNECTED": _fully_connected,
    "AVERAGE_POOL_2D": _average_pool_2d,
    "MAX_POOL_2D": _max_pool_2d,
    "MEAN": _mean,
    "ADD": _add,
    "PAD": lambda raw: Pad(*raw.wiring),
    "RESHAPE": lambda raw: Reshape(*raw.wiring),
    "SOFTMAX": _softmax,
    "LOGISTIC": lambda raw: Logistic(*raw.wiring),
    "RELU": lambda raw: Relu(*raw.wiring),
    "RELU6": lambda raw: Relu6(*raw.wiring),
    "QUANTIZE": lambda raw: Quantize(*raw.wiring),
    "DEQUANTIZE": lambda raw: Dequantize(*raw.wiring),
}
"""Adding an operator: its dataclass in graph.py (and in SupportedOperator), its entry here, its check in shapes.py."""


def _window(raw: RawOperator, options: _Windowed) -> Window:
    return Window(
        _padding(raw, options),
        _positive(raw, "stride", options.StrideH(), options.StrideW()),
        _positive(raw, "dilation", options.DilationHFactor(), options.DilationWFactor()),
    )


def _padding(raw: RawOperator, options: _Windowed) -> Padding:
    padding = _PADDINGS.get(options.Padding())
    if padding is None:
        raise raw.error(f"padding {options.Padding()} is unknown")
    return padding


def _activation(raw: RawOperator, options: _Activated) -> Activation:
    activation = _ACTIVATIONS.get(options.FusedActivationFunction())
    if activation is None:
        raise raw.error(f"activation function {options.FusedActivationFunction()} is unknown")
    return activation


def _positive(raw: RawOperator, what: str, height: int, width: int) -> tuple[int, int]:
    if height < 1 or width < 1:
        raise raw.error(f"the {what} is {height}x{width}")
    return int(height), int(width)

"""Reads the operators of operators/windows.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from tflite import (
    BuiltinOptions,
    Conv2DOptions,
    DepthwiseConv2DOptions,
    FullyConnectedOptions,
    FullyConnectedOptionsWeightsFormat,
    Pool2DOptions,
    TensorType,
)

from boardproof.model.graph import (
    Activation,
    AveragePool2D,
    Conv2D,
    DepthwiseConv2D,
    FullyConnected,
    MaxPool2D,
    Unsupported,
    Window,
)
from boardproof.model.tflite.raw_operator import Reader
from boardproof.model.tflite.verifier import BYTE, INT, Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boardproof.model.tflite.raw_operator import RawOperator

_Dilated: TypeAlias = Conv2DOptions | DepthwiseConv2DOptions


def _conv_2d(raw: RawOperator) -> Conv2D:
    options = raw.require_options(BuiltinOptions.Conv2DOptions, Conv2DOptions)
    return Conv2D(
        *raw.wiring,
        window=_window(raw, options),
        activation=raw.activation(options),
        narrow_sums=options.QuantizedBiasType() == TensorType.INT32,
    )


def _depthwise_conv_2d(raw: RawOperator) -> DepthwiseConv2D:
    options = raw.require_options(BuiltinOptions.DepthwiseConv2DOptions, DepthwiseConv2DOptions)
    return DepthwiseConv2D(
        *raw.wiring,
        window=_window(raw, options),
        depth_multiplier=options.DepthMultiplier(),
        activation=raw.activation(options),
    )


def _fully_connected(raw: RawOperator) -> FullyConnected | Unsupported:
    options = raw.optional_options(BuiltinOptions.FullyConnectedOptions, FullyConnectedOptions)
    if options is None:
        return FullyConnected(*raw.wiring, activation=Activation.NONE, keep_num_dims=False)
    if options.WeightsFormat() != FullyConnectedOptionsWeightsFormat.DEFAULT:
        return Unsupported(*raw.wiring, opcode_name="FULLY_CONNECTED with shuffled weights")
    return FullyConnected(
        *raw.wiring,
        activation=raw.activation(options),
        keep_num_dims=bool(options.KeepNumDims()),
        narrow_sums=options.QuantizedBiasType() == TensorType.INT32,
    )


def _pool(raw: RawOperator) -> tuple[Window, tuple[int, int], Activation]:
    options = raw.require_options(BuiltinOptions.Pool2DOptions, Pool2DOptions)
    window = Window(raw.padding(options), raw.positive("stride", options.StrideH(), options.StrideW()))
    size = raw.positive("filter size", options.FilterHeight(), options.FilterWidth())
    return window, size, raw.activation(options)


def _window(raw: RawOperator, options: _Dilated) -> Window:
    return Window(
        raw.padding(options),
        raw.positive("stride", options.StrideH(), options.StrideW()),
        raw.positive("dilation", options.DilationHFactor(), options.DilationWFactor()),
    )


READERS: Mapping[str, Reader] = {
    "AVERAGE_POOL_2D": Reader(lambda raw: AveragePool2D(*raw.wiring, *_pool(raw))),
    "CONV_2D": Reader(_conv_2d, inputs=(2, 3)),
    "DEPTHWISE_CONV_2D": Reader(_depthwise_conv_2d, inputs=(2, 3)),
    "FULLY_CONNECTED": Reader(_fully_connected, inputs=(2, 3)),
    "MAX_POOL_2D": Reader(lambda raw: MaxPool2D(*raw.wiring, *_pool(raw))),
}

OPTIONS: Mapping[int, Table] = {
    BuiltinOptions.Conv2DOptions: Table(
        "its Conv2DOptions", {0: BYTE, 1: INT, 2: INT, 3: BYTE, 4: INT, 5: INT, 6: BYTE}
    ),
    BuiltinOptions.DepthwiseConv2DOptions: Table(
        "its DepthwiseConv2DOptions", {0: BYTE, 1: INT, 2: INT, 3: INT, 4: BYTE, 5: INT, 6: INT}
    ),
    BuiltinOptions.Pool2DOptions: Table("its Pool2DOptions", {0: BYTE, 1: INT, 2: INT, 3: INT, 4: INT, 5: BYTE}),
    BuiltinOptions.FullyConnectedOptions: Table(
        "its FullyConnectedOptions", {0: BYTE, 1: BYTE, 2: BYTE, 3: BYTE, 4: BYTE}
    ),
}
"""What of its options tables the verifier must know: fields by slot."""

"""What each layer is to the quantizer: what it fuses, what keeps its input's range, what has a fixed one."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from keras import layers

from boardproof.compress.qat.layers import WEIGHTED

if TYPE_CHECKING:
    from keras.src.ops.node import Node

_RELU6 = 6.0
_ROWS_TO_IMAGES = {2, 3, 4}
"""Axes of tensors with a row, a sequence or an image for each sample."""

_SAME_RANGE = (
    layers.AveragePooling1D,
    layers.AveragePooling2D,
    layers.Cropping1D,
    layers.Cropping2D,
    layers.Dropout,
    layers.Flatten,
    layers.GaussianDropout,
    layers.GaussianNoise,
    layers.GlobalMaxPooling1D,
    layers.GlobalMaxPooling2D,
    layers.MaxPooling1D,
    layers.MaxPooling2D,
    layers.Permute,
    layers.RepeatVector,
    layers.Reshape,
    layers.SpatialDropout1D,
    layers.SpatialDropout2D,
    layers.UpSampling1D,
    layers.UpSampling2D,
    layers.ZeroPadding1D,
    layers.ZeroPadding2D,
)
_OWN_RANGE = (
    layers.Activation,
    layers.Add,
    layers.BatchNormalization,
    layers.Concatenate,
    layers.ELU,
    layers.GlobalAveragePooling1D,
    layers.GlobalAveragePooling2D,
    layers.LeakyReLU,
    layers.Maximum,
    layers.Minimum,
    layers.Multiply,
    layers.PReLU,
    layers.ReLU,
    layers.Rescaling,
    layers.Subtract,
)
_FIXED_RANGE = {"sigmoid", "softmax", "tanh"}
_FUSED = {"linear", "relu", "relu6"}
_TABLES = {"celu", "elu", "exponential", "gelu", "log_sigmoid", "mish", "selu", "softplus", "softsign", "squareplus"}
"""What has no operator on boards: a table of 256 values takes its place, see model/rewrite/tables.py."""
_KNOWN_ACTIVATIONS = _FUSED | _FIXED_RANGE | _TABLES | {"hard_swish", "hard_silu", "leaky_relu", "silu", "swish"}


class Role(Enum):
    """What a node's output needs."""

    OWN_RANGE = auto()
    SAME_RANGE = auto()
    FIXED_RANGE = auto()
    LEFT = auto()
    """Its operation is not rounded in training, but what comes out of it is."""


_OPERATIONS: dict[str, Role] = {
    **dict.fromkeys(
        ("Add", "Concatenate", "Maximum", "Mean", "Minimum", "Multiply", "Relu", "Relu6", "Subtract"), Role.OWN_RANGE
    ),
    **dict.fromkeys(("ExpandDims", "Reshape", "Squeeze", "Transpose"), Role.SAME_RANGE),
    **dict.fromkeys(("Sigmoid", "Softmax", "Tanh"), Role.FIXED_RANGE),
}
"""Of keras.ops, by the names of their classes."""


def role(node: Node) -> Role:
    """What the output of a node needs."""
    operation = node.operation
    if activation_name(operation) not in _KNOWN_ACTIVATIONS and not isinstance(operation, WEIGHTED):
        return Role.LEFT
    if isinstance(operation, layers.Softmax):
        return Role.FIXED_RANGE
    if isinstance(operation, layers.Activation):
        return Role.FIXED_RANGE if activation_name(operation) in _FIXED_RANGE else Role.OWN_RANGE
    if is_normalization(operation):
        return Role.OWN_RANGE
    if isinstance(operation, layers.Layer):
        kinds = ((Role.OWN_RANGE, (*WEIGHTED, *_OWN_RANGE)), (Role.SAME_RANGE, _SAME_RANGE))
        return next((found for found, known in kinds if isinstance(operation, known)), Role.LEFT)
    return _OPERATIONS.get(type(operation).__name__, Role.LEFT)


def activation_name(operation: object) -> str:
    """The name of a layer's activation function; "linear" where there is none."""
    function = getattr(operation, "activation", None)
    return "linear" if function is None else str(getattr(function, "__name__", type(function).__name__))


def is_fused(name: str) -> bool:
    """Whether an activation of this name becomes part of the operator before it, and has no rounding of its own."""
    return name in _FUSED


def has_fixed_range(name: str) -> bool:
    """Whether TensorFlow Lite fixes the output range of an activation of this name."""
    return name in _FIXED_RANGE


def is_table(operation: object) -> bool:
    """Whether a layer ends in a function that becomes a table, which needs a range of its own."""
    return isinstance(operation, layers.ELU) or activation_name(operation) in _TABLES


def is_normalization(operation: object) -> bool:
    """Whether it is a Normalization that scales each channel, as an operator can."""
    if not isinstance(operation, layers.Normalization) or operation.invert:
        return False
    rank = len(operation.mean.shape)
    return operation.axis in {(-1,), (rank - 1,)} and rank in _ROWS_TO_IMAGES


def is_relu(operation: Any) -> bool:
    """Whether it is a ReLU or ReLU6 that TensorFlow Lite fuses into what is before it."""
    if isinstance(operation, layers.ReLU):
        plain = not operation.negative_slope and not operation.threshold
        return plain and operation.max_value in {None, _RELU6}
    if isinstance(operation, layers.Activation):
        return activation_name(operation) in {"relu", "relu6"}
    return type(operation).__name__ in {"Relu", "Relu6"}


def is_linear(operation: object) -> bool:
    """Whether a layer with weights has no activation of its own."""
    return isinstance(operation, WEIGHTED) and activation_name(operation) == "linear"


def joins_ranges(operation: object) -> bool:
    """Whether all its inputs get one range in common, its output's."""
    return isinstance(operation, layers.Concatenate) or type(operation).__name__ == "Concatenate"


def folds_into(operation: object, before: object) -> bool:
    """Whether `operation` is a BatchNormalization of the channels that the linear layer `before` makes."""
    if not isinstance(operation, layers.BatchNormalization) or not is_linear(before):
        return False
    return operation.axis in {-1, operation.input_spec.ndim - 1}

"""Layers that round as the board will: activations to ranges that are learned, weights to their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import tensorflow as tf
from keras import layers

from boardproof.compress.graph import variable

if TYPE_CHECKING:
    from collections.abc import Callable

    Scale = Callable[[], tf.Tensor]

_SMALLEST = 1e-6
"""A range of nothing would divide by zero."""

WEIGHTED = (
    layers.Conv1D,
    layers.Conv2D,
    layers.DepthwiseConv1D,
    layers.DepthwiseConv2D,
    layers.Conv1DTranspose,
    layers.Conv2DTranspose,
    layers.Dense,
)
"""Layers with a kernel that is quantized."""

_DEPTHWISE = (layers.DepthwiseConv1D, layers.DepthwiseConv2D)
_TRANSPOSED = (layers.Conv1DTranspose, layers.Conv2DTranspose)


@keras.saving.register_keras_serializable("boardproof")
class FakeQuantize(layers.Layer):  # type: ignore[misc] # Keras is untyped
    """Rounds activations to 256 values of a range, which follows what passes in training and always contains zero.

    The range is a moving average of each batch's least and greatest value; the first batch sets it. The gradient passes
    inside the range (straight-through estimator: Jacob et al. 2018, arXiv:1712.05877).

    Args:
        momentum: Of the moving average.
    """

    def __init__(self, momentum: float = 0.99, **options: Any) -> None:
        super().__init__(**options)
        self.momentum = momentum
        self.supports_masking = True

    def build(self, _shape: object) -> None:
        """Makes the range's variables: nothing seen yet."""
        self.low, self.high, self.seen, self.frozen = (
            self.add_weight(shape=(), initializer="zeros", trainable=False, name=name)
            for name in ("low", "high", "seen", "frozen")
        )

    def call(self, inputs: Any, training: bool = False) -> Any:
        """The inputs, rounded; in training the range moves first."""
        if training:
            self._follow(inputs)
        low, high = tf.convert_to_tensor(self.low), tf.convert_to_tensor(self.high)
        return tf.quantization.fake_quant_with_min_max_vars(inputs, low, tf.maximum(high, low + _SMALLEST))

    def compute_output_spec(self, inputs: Any, **_options: object) -> Any:
        """Shape and type of what comes out: dense, though Keras takes a product with a number for sparse."""
        return keras.KerasTensor(inputs.shape, inputs.dtype)

    def _follow(self, inputs: tf.Tensor) -> None:
        keep = tf.where(self.frozen > 0, 1.0, self.momentum)
        keep = tf.where(self.seen > 0, keep, 0.0)
        self.low.assign(keep * self.low + (1 - keep) * tf.minimum(tf.reduce_min(inputs), 0.0))
        self.high.assign(keep * self.high + (1 - keep) * tf.maximum(tf.reduce_max(inputs), 0.0))
        self.seen.assign(1.0)

    def get_config(self) -> dict[str, Any]:
        """What makes the same layer again."""
        return {**super().get_config(), "momentum": self.momentum}


@keras.saving.register_keras_serializable("boardproof")
class FakeQuantizedWeights(layers.Wrapper):  # type: ignore[misc] # Keras is untyped
    """A layer that computes with a rounded kernel, while training moves the kernel itself.

    Args:
        layer: One of WEIGHTED.
        bits: Of a weight.
        folded: What the kernel will be multiplied by per output channel, when a BatchNormalization is folded into it.
    """

    def __init__(self, layer: Any, bits: int = 8, folded: Scale | None = None, **options: Any) -> None:
        super().__init__(layer, **options)
        self.bits = bits
        self._folded = folded

    def call(self, inputs: Any) -> Any:
        """What the layer computes with the rounded kernel."""
        kernel, rounded = variable(self.layer, "kernel"), self.rounded_kernel()
        with keras.StatelessScope(state_mapping=[(kernel, rounded)]):
            return self.layer(inputs)

    def rounded_kernel(self) -> tf.Tensor:
        """The kernel as it is computed with."""
        kernel = tf.convert_to_tensor(variable(self.layer, "kernel"))
        return fake_quantize_kernel(self.layer, kernel, self.bits, self._folded)

    def get_config(self) -> dict[str, Any]:
        """What makes the same layer again, as far as it can: a folded BatchNormalization is of the model's graph."""
        return {**super().get_config(), "bits": self.bits}


@keras.saving.register_keras_serializable("boardproof")
class KnownRange(layers.Layer):  # type: ignore[misc] # Keras is untyped
    """Tells the converter an activation's range. `low` is at most 0, `high` above 0."""

    def __init__(self, low: float, high: float, **options: Any) -> None:
        super().__init__(**options)
        self.low = low
        self.high = high

    def call(self, inputs: Any) -> Any:
        """The inputs, rounded to the range."""
        return tf.quantization.fake_quant_with_min_max_args(inputs, self.low, self.high)

    def compute_output_spec(self, inputs: Any, **_options: object) -> Any:
        """Shape and type of what comes out: dense, though Keras takes a product with a number for sparse."""
        return keras.KerasTensor(inputs.shape, inputs.dtype)


class RoundedDense(layers.Dense):  # type: ignore[misc] # Keras is untyped
    """A dense layer that tells the converter to quantize its kernel with one scale: see model/converter.py."""

    def call(self, inputs: Any, _training: object = None) -> Any:
        """What Dense computes."""
        kernel = _fake_quantize_tensor(tf.convert_to_tensor(self.kernel), 8)
        return self.activation(tf.matmul(inputs, kernel) + self.bias)


def fake_quantize_kernel(
    layer: keras.layers.Layer, kernel: tf.Tensor, bits: int, folded: Scale | None = None
) -> tf.Tensor:
    """The kernel as the converter will round it: with one scale per output channel, or one in all for Dense.

    A factor per channel, which BatchNormalization is, changes scales per channel but not what they round to: it matters
    to Dense alone.
    """
    if isinstance(layer, layers.Dense):
        if folded is None:
            return _fake_quantize_tensor(kernel, bits)
        scale = tf.stop_gradient(folded())
        scale = tf.where(tf.abs(scale) < _SMALLEST, _SMALLEST, scale)
        return _fake_quantize_tensor(kernel * scale, bits) / scale
    shape = tf.shape(kernel)
    if isinstance(layer, _DEPTHWISE):  # [..., channels, multiplier]: an output channel is one of both
        flat = tf.reshape(kernel, tf.concat([shape[:-2], [-1]], 0))
        return tf.reshape(_fake_quantize_channels(flat, kernel.shape.rank - 1, bits), shape)
    if isinstance(layer, _TRANSPOSED):  # [..., output channels, input channels]
        swapped = tf.linalg.matrix_transpose(kernel)
        return tf.linalg.matrix_transpose(_fake_quantize_channels(swapped, kernel.shape.rank, bits))
    return _fake_quantize_channels(kernel, kernel.shape.rank, bits)


def _fake_quantize_tensor(kernel: tf.Tensor, bits: int) -> tf.Tensor:
    limit = tf.stop_gradient(tf.maximum(tf.reduce_max(tf.abs(kernel)), _SMALLEST))
    return tf.quantization.fake_quant_with_min_max_vars(kernel, -limit, limit, num_bits=bits, narrow_range=True)


def _fake_quantize_channels(kernel: tf.Tensor, rank: int, bits: int) -> tf.Tensor:
    """With a scale for each index of the last axis."""
    limit = tf.stop_gradient(tf.maximum(tf.reduce_max(tf.abs(kernel), axis=list(range(rank - 1))), _SMALLEST))
    return tf.quantization.fake_quant_with_min_max_vars_per_channel(
        kernel, -limit, limit, num_bits=bits, narrow_range=True
    )

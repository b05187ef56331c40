"""After quantization-aware training: to a .tflite, or back to a plain model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from keras import layers

from boardproof.compress.graph import clone, consumers, describe, nodes, rebuild
from boardproof.compress.qat.layers import FakeQuantize, FakeQuantizedWeights, KnownRange, RoundedDense
from boardproof.compress.qat.roles import Role, folds_into, is_normalization, is_table, joins_ranges, role
from boardproof.errors import InputError
from boardproof.model.given import open_model
from boardproof.model.keras_weights import give_weights
from boardproof.model.labels import safe_label
from boardproof.model.network import from_keras
from boardproof.model.quantize import quantize, quantize_trained
from boardproof.model.rewrite.rewrite import pack
from boardproof.model.samples import Samples
from boardproof.model.schemes import Scheme

if TYPE_CHECKING:
    from keras.src.ops.node import Node
    from numpy.typing import NDArray

    Inputs = NDArray[np.generic] | list[NDArray[np.generic]]

_CONVERTERS_BITS = 8
_ONE_ROW = 2
"""Axes of a tensor that holds a row for each sample."""
_TRANSPOSED = (layers.Conv1DTranspose, layers.Conv2DTranspose)
_DEPTHWISE = (layers.DepthwiseConv1D, layers.DepthwiseConv2D)


def convert(model: keras.Model, representative: Inputs | None = None) -> bytes:
    """The int8 .tflite of a model from `quantization_aware()`, with the ranges it learned: no dataset is needed.

    Kernels that were trained for 4 bits are stored in int4, two weights to a byte, but for transposed convolutions.
    BatchNormalization is folded into the layer before it, in float32, before the weights are rounded.

    Where something was left in float in training (`left_in_float()`), TensorFlow finds all ranges anew, since it takes
    none of those that were learned where it has to find one.

    Args:
        model: The model, trained.
        representative: Typical inputs, [samples, …]; of several inputs a list. Only used where something was left in
            float.

    Raises:
        InputError: The model has no ranges, or was not trained since it got them; samples are needed and not given; or
            TensorFlow cannot convert it.
    """
    ranges = [layer for layer in model.layers if isinstance(layer, FakeQuantize)]
    if not ranges:
        raise InputError(
            f"Model {safe_label(model.name)} has no learned ranges.", "Make it with quantization_aware(), and train it."
        )
    if unseen := [layer.name for layer in ranges if not float(layer.seen)]:
        raise InputError(
            f"Model {safe_label(model.name)} has seen no data since quantization_aware(): {len(unseen)} of its "
            f"{len(ranges)} ranges are empty.",
            "Compile it and call fit() for an epoch or more, then convert it.",
        )
    weighted = (layer for layer in model.layers if isinstance(layer, FakeQuantizedWeights))
    four_bits = any(layer.bits != _CONVERTERS_BITS for layer in weighted)
    if not (left := left_in_float(model)):
        network = from_keras(deployed(model), f"keras {keras.__version__}", model.name)
        return quantize_trained(network, model.name, four_bits=four_bits)
    if representative is None:
        raise InputError(
            f"{', '.join(left)} of model {safe_label(model.name)} was not rounded in training: ranges in it are yet to "
            "be found.",
            "Give typical inputs: convert(model, representative=x_train[:300]).",
        )
    arrays = representative if isinstance(representative, list) else [representative]
    names = [str(tensor.name) for tensor in model.inputs]
    samples = Samples(dict(zip(names, arrays, strict=True)), source="the representative samples")
    data = quantize(open_model(deployed(model, with_ranges=False)), samples, Scheme.INT8)
    return pack(data, only_exact=True).data if four_bits else data


def left_in_float(model: keras.Model) -> list[str]:
    """The layers of a model from `quantization_aware()` that are not rounded inside while it is trained."""
    users = consumers(model)
    found = []
    for node in nodes(model):
        operation = node.operation
        if isinstance(operation, (FakeQuantize, FakeQuantizedWeights)) or not _is_real(node.outputs[0]):
            continue
        after = users.get(id(node.outputs[0]), [])
        joined = is_table(operation) and len(after) == 1 and joins_ranges(after[0].operation)
        if joined or role(node) is Role.LEFT:
            found.append(describe(operation))
    return list(dict.fromkeys(found))


def _is_real(tensor: Any) -> bool:
    """Whether a tensor holds real values: not indices, nor the marks of a mask."""
    return bool(keras.backend.is_float_dtype(tensor.dtype))


def deployed(model: keras.Model, *, with_ranges: bool = True) -> keras.Model:
    """What the .tflite will compute, in float: BatchNormalization folded, and the known ranges if they are wanted."""
    return rebuild(model, _Deployer(model, with_ranges=with_ranges).call)


def strip(model: keras.Model) -> keras.Model:
    """The plain model in a quantization-aware one, with the weights it has now."""
    pairs: dict[int, tuple[keras.layers.Layer, keras.layers.Layer]] = {}

    def call(node: Node, arguments: tuple[Any, ...], options: dict[str, Any]) -> object:
        layer = node.operation
        if isinstance(layer, FakeQuantize):
            return arguments[0]
        if not isinstance(layer, layers.Layer):
            return layer(*arguments, **options)
        inner = layer.layer if isinstance(layer, FakeQuantizedWeights) else layer
        _, copy = pairs.setdefault(id(layer), (inner, clone(inner)))
        return copy(*arguments, **options)

    plain = rebuild(model, call)
    for trained, copy in pairs.values():
        give_weights(copy, trained.get_weights())
    return plain


class _Deployer:
    """Copies a trained graph as it goes to the converter. Layers called several times become several."""

    def __init__(self, model: keras.Model, *, with_ranges: bool) -> None:
        self._with_ranges = with_ranges
        users = consumers(model)
        self._norms: dict[int, keras.layers.Layer] = {}
        self._folded: set[int] = set()
        for node in nodes(model):
            after = users.get(id(node.outputs[0]), [])
            if not isinstance(node.operation, FakeQuantizedWeights) or len(after) != 1:
                continue
            if folds_into(after[0].operation, node.operation.layer):
                self._norms[id(node)] = after[0].operation
                self._folded.add(id(after[0]))
        self._calls = 0

    def call(self, node: Node, arguments: tuple[Any, ...], options: dict[str, Any]) -> object:
        """What a node becomes."""
        layer = node.operation
        self._calls += 1
        if isinstance(layer, FakeQuantize):
            return self._range(layer, arguments[0])
        if isinstance(layer, FakeQuantizedWeights):
            return self._weighted(layer, self._norms.get(id(node)), arguments[0])
        if isinstance(layer, layers.BatchNormalization) or (self._with_ranges and is_normalization(layer)):
            return arguments[0] if id(node) in self._folded else self._alone(layer, arguments[0])
        if not isinstance(layer, layers.Layer):
            return layer(*arguments, **options)
        copy = clone(layer, name=self._name(layer))
        result = copy(*arguments, **options)
        give_weights(copy, layer.get_weights())
        return result

    def _range(self, layer: FakeQuantize, tensor: object) -> object:
        if not self._with_ranges:
            return tensor
        low, high = float(layer.low), float(layer.high)
        return KnownRange(low, max(high, low + 1e-6), name=layer.name)(tensor)

    def _weighted(
        self,
        wrapper: FakeQuantizedWeights,
        norm: keras.layers.Layer | None,
        tensor: Any,
    ) -> object:
        layer, name = wrapper.layer, self._name(wrapper.layer)
        kernel, bias = _kernel_and_bias(layer)
        if wrapper.bits != _CONVERTERS_BITS:  # the converter rounds to these itself
            kernel = np.asarray(wrapper.rounded_kernel())
        if norm is not None:
            kernel, bias = _fold(layer, kernel, bias, norm)
        if isinstance(layer, layers.Dense) and self._with_ranges:
            copy = RoundedDense(layer.units, activation=layer.activation, name=name)
        else:
            copy = clone(layer, use_bias=True, name=name)
        result = copy(tensor)
        copy.set_weights([kernel, bias])
        return result

    def _alone(self, norm: keras.layers.Layer, tensor: Any) -> object:
        """A BatchNormalization with nothing to be folded into is a 1x1 depthwise convolution."""
        kinds = {2: layers.DepthwiseConv1D, 3: layers.DepthwiseConv1D, 4: layers.DepthwiseConv2D}
        rank, channels = len(tensor.shape), tensor.shape[-1]
        if rank not in kinds or norm.axis not in {-1, rank - 1, (-1,), (rank - 1,)}:
            raise InputError(
                f"Layer {describe(norm)} does not follow a layer that it could be folded into.",
                "Put it right behind a convolution or dense layer, which then has no activation of its own.",
            )
        scale, shift = _scale_and_shift(norm)
        copy = kinds[rank](1, name=self._name(norm))
        if rank == _ONE_ROW:
            result = layers.Reshape((channels,))(copy(layers.Reshape((1, channels))(tensor)))
        else:
            result = copy(tensor)
        copy.set_weights([scale.reshape(copy.kernel.shape), shift])
        return result

    def _name(self, layer: keras.layers.Layer) -> str:
        return f"{layer.name}_{self._calls}"


def _kernel_and_bias(layer: keras.layers.Layer) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    weights = layer.get_weights()
    kernel = weights[0]
    if len(weights) > 1:
        return kernel, weights[1]
    if isinstance(layer, _DEPTHWISE):
        channels = kernel.shape[-2] * kernel.shape[-1]
    else:
        channels = kernel.shape[-2] if isinstance(layer, _TRANSPOSED) else kernel.shape[-1]
    return kernel, np.zeros(channels, np.float32)


def _scale_and_shift(norm: keras.layers.Layer) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """BatchNormalization in inference, or Normalization, as y = x * scale + shift."""
    if isinstance(norm, layers.Normalization):
        deviation = np.maximum(np.sqrt(np.asarray(norm.variance).reshape(-1)), keras.config.epsilon())
        return (1.0 / deviation).astype(np.float32), (-np.asarray(norm.mean).reshape(-1) / deviation).astype(np.float32)
    mean, variance = np.asarray(norm.moving_mean), np.asarray(norm.moving_variance)
    scale = 1.0 / np.sqrt(variance + norm.epsilon)
    if norm.gamma is not None:
        scale = scale * np.asarray(norm.gamma)
    shift = -mean * scale
    if norm.beta is not None:
        shift = shift + np.asarray(norm.beta)
    return scale.astype(np.float32), shift.astype(np.float32)


def _fold(
    layer: keras.layers.Layer, kernel: NDArray[np.float32], bias: NDArray[np.float32], norm: keras.layers.Layer
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    scale, shift = _scale_and_shift(norm)
    if isinstance(layer, _DEPTHWISE):
        factors = scale.reshape(kernel.shape[-2:])
    else:
        factors = scale[:, None] if isinstance(layer, _TRANSPOSED) else scale
    return kernel * factors, bias * scale + shift

"""Quantization-aware training: where the fake quantizers go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from boardproof.compress.graph import clone, consumers, flattened, fresh, rebuild
from boardproof.compress.qat.layers import WEIGHTED, FakeQuantize, FakeQuantizedWeights
from boardproof.compress.qat.roles import (
    Role,
    activation_name,
    folds_into,
    has_fixed_range,
    is_fused,
    is_linear,
    is_relu,
    joins_ranges,
    role,
)
from boardproof.errors import InputError
from boardproof.model.keras_weights import give_weights

if TYPE_CHECKING:
    from keras.src.ops.node import Node

    from boardproof.compress.qat.layers import Scale

_WEIGHT_BITS = (4, 8)


def quantization_aware(model: keras.Model, *, bits: int = 8, freeze_batchnorm: bool = False) -> keras.Model:
    """The model with rounding in it, to be compiled and trained for some epochs more; best from trained weights.

    Nested models are taken apart, separable convolutions split, and activations that are no part of an operator in
    TensorFlow Lite become layers. Convert it with `convert()` in the same process: its classes are boardproof's, and
    files with such classes are not loaded. `strip()` takes the rounding out again.

    What it cannot round inside, such as a LayerNormalization or an LSTM, is trained in float between rounded tensors;
    `left_in_float()` names it, and `convert()` then needs representative samples.

    Args:
        model: A functional or Sequential model, in float32.
        bits: Of a weight: 8; or 4, for 15 values per scale.
        freeze_batchnorm: BatchNormalization stays as it is, as it does on the board.

    Raises:
        InputError: A layer that cannot be copied, by its name; or wrong arguments.
    """
    if keras.backend.backend() != "tensorflow":
        raise InputError(
            f"Quantization-aware training needs Keras on TensorFlow; here it runs on {keras.backend.backend()}.",
            "Set KERAS_BACKEND=tensorflow before Keras is imported.",
        )
    if bits not in _WEIGHT_BITS:
        raise InputError(f"Weights of {bits} bits are not possible.", "Choose 8 or 4.")
    flat = flattened(model)
    return rebuild(flat, _Inserter(flat, bits, freeze_batchnorm=freeze_batchnorm).call)


class _Inserter:
    """Copies a flat graph and puts the quantizers in."""

    def __init__(self, model: keras.Model, bits: int, *, freeze_batchnorm: bool) -> None:
        self._bits = bits
        self._freeze = freeze_batchnorm
        self._users = consumers(model)
        self._outputs = {id(tensor) for tensor in model.outputs}
        self._inputs = {id(tensor): tensor for tensor in model.inputs}
        self._copies: dict[int, keras.layers.Layer] = {}
        self._rounded: dict[int, Any] = {}
        self._ranges = 0
        self._names = {layer.name for layer in model.layers}

    def call(self, node: Node, arguments: tuple[Any, ...], options: dict[str, Any]) -> object:
        """What a node becomes: its copy, and behind it the quantizer that its output needs."""
        arguments, options = self._round_inputs(node, arguments, options)
        operation, wanted = node.operation, role(node)
        if isinstance(operation, WEIGHTED):
            return self._weighted(node, arguments)
        if isinstance(operation, layers.Rescaling):
            return self._rescaling(operation, arguments[0])
        result = self._copy(operation)(*arguments, **options)
        if isinstance(operation, layers.Layer):
            give_weights(self._copy(operation), operation.get_weights())
        if wanted is Role.LEFT or (wanted is Role.OWN_RANGE and not self._goes_on(node)):
            return keras.tree.map_structure(lambda tensor: self._quantize(tensor, operation.name), result)
        return result

    def _round_inputs(
        self, node: Node, arguments: tuple[Any, ...], options: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments, each input of the model among them rounded first."""
        given = dict(zip(map(id, node.input_tensors), _tensors((arguments, options)), strict=True))
        for key, tensor in given.items():
            if key in self._inputs and key not in self._rounded:
                self._rounded[key] = self._quantize(tensor, self._inputs[key].name)
        replaced = {id(given[key]): rounded for key, rounded in self._rounded.items() if key in given}
        swap = lambda value: replaced.get(id(value), value)  # noqa: E731
        return keras.tree.map_structure(swap, arguments), keras.tree.map_structure(swap, options)

    def _weighted(self, node: Node, arguments: tuple[Any, ...]) -> object:
        layer, name = node.operation, activation_name(node.operation)
        fused = is_fused(name)
        if id(layer) not in self._copies:
            changes = {} if fused else {"activation": "linear"}
            copy = clone(layer, **changes)
            wrapped = FakeQuantizedWeights(copy, self._bits, self._folded(node), name=f"{layer.name}_rounded")
            wrapped.build(arguments[0].shape)
            copy.set_weights(layer.get_weights())
            self._copies[id(layer)] = wrapped
        result = self._copies[id(layer)](*arguments)
        if fused:
            return result if self._goes_on(node) else self._quantize(result, layer.name)
        result = self._quantize(result, layer.name)
        result = layers.Activation(layer.activation, name=fresh(f"{layer.name}_{name}", self._names))(result)
        if has_fixed_range(name) or self._goes_on(node):
            return result
        return self._quantize(result, f"{layer.name}_{name}")

    def _folded(self, node: Node) -> Scale | None:
        """What the BatchNormalization behind a dense layer multiplies by: it is made here, before its turn."""
        after = self._only_user(node)
        if after is None or not isinstance(node.operation, layers.Dense) or not folds_into(after, node.operation):
            return None
        norm = self._copy(after)
        norm.build(node.outputs[0].shape)
        norm.set_weights(after.get_weights())

        def scale() -> tf.Tensor:
            gamma = 1.0 if norm.gamma is None else tf.convert_to_tensor(norm.gamma)
            return gamma / tf.sqrt(tf.convert_to_tensor(norm.moving_variance) + norm.epsilon)

        return scale

    def _rescaling(self, layer: keras.layers.Layer, tensor: object) -> object:
        """Its product and its sum each round."""
        name = fresh(f"{layer.name}_scale", self._names)
        scaled = self._quantize(layers.Rescaling(layer.scale, name=name)(tensor), name)
        if not np.any(np.asarray(layer.offset)):
            return scaled
        name = fresh(f"{layer.name}_offset", self._names)
        return self._quantize(layers.Rescaling(1.0, layer.offset, name=name)(scaled), layer.name)

    def _goes_on(self, node: Node) -> bool:
        """Whether what follows becomes part of the same operator, or gives the output its range."""
        after = self._only_user(node)
        if after is None:
            return False
        operation = node.operation
        if joins_ranges(after):
            return True
        if folds_into(after, operation):
            return True
        fuses = is_linear(operation) or isinstance(operation, (layers.Add, layers.BatchNormalization))
        return is_relu(after) and (fuses or type(operation).__name__ == "Add")

    def _only_user(self, node: Node) -> Any:
        """What alone takes the node's output, or None."""
        tensor = node.outputs[0]
        users = self._users.get(id(tensor), [])
        return users[0].operation if len(users) == 1 and id(tensor) not in self._outputs else None

    def _copy(self, operation: Any) -> Any:
        if not isinstance(operation, layers.Layer):
            return operation
        if id(operation) not in self._copies:
            frozen = self._freeze and isinstance(operation, layers.BatchNormalization)
            self._copies[id(operation)] = clone(operation, **({"trainable": False} if frozen else {}))
        return self._copies[id(operation)]

    def _quantize(self, tensor: Any, name: str) -> object:
        if not keras.backend.is_float_dtype(tensor.dtype):
            return tensor  # indices, such as of an Embedding
        self._ranges += 1
        return FakeQuantize(name=f"{name.replace('/', '_')}_range{self._ranges}")(tensor)


def _tensors(structure: object) -> list[Any]:
    return [value for value in keras.tree.flatten(structure) if isinstance(value, keras.KerasTensor)]


class FreezeRanges(keras.callbacks.Callback):  # type: ignore[misc] # Keras is untyped
    """Lets the ranges stand still for the last part of training, so that the weights settle on them.

    Args:
        after: From which share of the epochs on, 0 to 1. A range that has seen nothing yet takes what it sees first.

    Raises:
        InputError: It is no share.
    """

    def __init__(self, after: float = 0.75) -> None:
        if not 0 <= after <= 1:
            raise InputError(f"Ranges cannot be frozen after {after} of the epochs.", "Give a share, from 0 to 1.")
        super().__init__()
        self._after = after

    def on_epoch_begin(self, epoch: int, _logs: object = None) -> None:
        """Freezes them when it is time."""
        if epoch >= self._after * self.params["epochs"]:
            for layer in self.model.layers:
                if isinstance(layer, FakeQuantize):
                    layer.frozen.assign(1.0)

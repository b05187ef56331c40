"""A Keras model as one flat graph of layers, walked and rebuilt: where every technique that changes layers begins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
from keras import layers

from boardproof.errors import InputError
from boardproof.model.keras_weights import give_weights
from boardproof.model.labels import safe_label

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from keras.src.ops.node import Node

    Apply = Callable[[Node, tuple[Any, ...], dict[str, Any]], Any]
    """What a node of the new graph computes, from the arguments of the old one."""

SEPARABLE = (layers.SeparableConv1D, layers.SeparableConv2D)


def nodes(model: keras.Model) -> Iterator[Node]:
    """The calls of layers and operations in a functional model, each after what it takes its inputs from.

    The inputs are left out. Keras offers no public way to them: model.layers has each layer once, however often it is
    called.
    """
    for depth in sorted(model._nodes_by_depth, reverse=True):
        yield from (node for node in model._nodes_by_depth[depth] if not node.is_input)


def rebuild(model: keras.Model, apply: Apply) -> keras.Model:
    """A new functional model of the same inputs and outputs, made of what `apply` returns for each node."""
    made: dict[int, Any] = {}
    inputs = keras.tree.map_structure(_input_like, model.input)
    for old, new in zip(model.inputs, keras.tree.flatten(inputs), strict=True):
        made[id(old)] = new
    for node in nodes(model):
        _add(made, node, apply(node, *node.arguments.fill_in(made)))
    outputs = keras.tree.map_structure(lambda tensor: made[id(tensor)], model.output)
    new = keras.Model(inputs, outputs, name=model.name)
    new.output_names = output_names(model)  # whatever layers end it now
    return new


def output_names(model: keras.Model) -> list[str]:
    """What its outputs are called, where losses and labels are given by name."""
    known = getattr(model, "output_names", None)
    return list(known) if known else [str(tensor._keras_history.operation.name) for tensor in model.outputs]


def flattened(model: keras.Model) -> keras.Model:
    """A copy of the model as one graph: models inside it are taken apart, separable convolutions split in their two.

    It computes the same. Layers that are called several times stay one; a nested model's name goes before its layers'.

    Raises:
        InputError: The model is a class of its own, whose graph Keras does not know.
    """
    return rebuild(functional(model), _Copier().call)


def functional(model: keras.Model) -> keras.Model:
    """The model as Keras's functional kind; it shares the layers.

    Raises:
        InputError: As flattened().
    """
    if isinstance(model, keras.Sequential) and model.built and model.inputs:
        return keras.Model(model.inputs[0], model.outputs[0], name=model.name)
    if not hasattr(model, "_nodes_by_depth"):
        raise InputError(
            f"Model {describe(model)} has no graph that could be changed: it is a class of its own, or knows no "
            "input shape yet.",
            "Build it with keras.Input and keras.Model(inputs, outputs), or as a Sequential that starts with an Input.",
        )
    return model


def consumers(model: keras.Model) -> dict[int, list[Node]]:
    """Which nodes take a tensor, by the tensor's id."""
    found: dict[int, list[Node]] = {}
    for node in nodes(model):
        for tensor in node.input_tensors:
            found.setdefault(id(tensor), []).append(node)
    return found


def clone(layer: keras.layers.Layer, **changes: object) -> keras.layers.Layer:
    """A layer of the same kind without weights yet. `changes`: arguments that differ.

    Raises:
        InputError: Keras cannot make it anew from its configuration.
    """
    try:
        config = {**layer.get_config(), **changes}
        config.pop("build_config", None)
        return type(layer).from_config(config)
    except Exception as error:  # Keras and the user's classes raise anything
        raise InputError(
            f"Layer {describe(layer)} cannot be copied: {str(error).strip().partition(chr(10))[0]}",
            "Give its class a get_config() with the arguments of its __init__, and functions in it the decorator "
            "keras.saving.register_keras_serializable().",
            str(error),
        ) from error


def variable(layer: keras.layers.Layer, name: str) -> Any:
    """The layer's own variable of this name, or None."""
    return next((v for v in layer.weights if v.name == name), None)


def describe(operation: Any) -> str:
    """A layer as messages name it."""
    return f"{safe_label(operation.name)} ({type(operation).__name__})"


def fresh(name: str, taken: set[str]) -> str:
    """The name, changed where it is taken; it is taken now."""
    while name in taken:
        name += "_again"
    taken.add(name)
    return name


def _input_like(tensor: Any) -> Any:
    return keras.Input(batch_shape=tensor.shape, dtype=tensor.dtype, name=tensor._keras_history.operation.name)


def _add(made: dict[int, Any], node: Node, outputs: object) -> None:
    for old, new in zip(node.outputs, keras.tree.flatten(outputs), strict=True):
        made[id(old)] = new


class _Copier:
    """Copies layers with their weights, each once."""

    def __init__(self) -> None:
        self._copies: dict[int, tuple[keras.layers.Layer, ...]] = {}
        self._names: set[str] = set()

    def call(self, node: Node, arguments: tuple[Any, ...], options: dict[str, Any], prefix: str = "") -> object:
        """What the node's operation computes, by its copy."""
        operation = node.operation
        if isinstance(operation, keras.Model):
            return self._inline(operation, arguments, options, prefix)
        if not isinstance(operation, layers.Layer):
            return operation(*arguments, **options)
        if id(operation) in self._copies:
            return _chain(self._copies[id(operation)], arguments, options)
        copies = self._copy(operation, prefix)
        self._copies[id(operation)] = copies
        result = _chain(copies, arguments, options)
        weights = operation.get_weights()
        for copy in copies:
            give_weights(copy, weights[: len(copy.weights)])
            weights = weights[len(copy.weights) :]
        return result

    def _inline(
        self, model: keras.Model, arguments: tuple[Any, ...], options: Mapping[str, Any], prefix: str
    ) -> object:
        inner = functional(model)
        made = {id(t): given for t, given in zip(inner.inputs, keras.tree.flatten(arguments), strict=True)}
        for node in nodes(inner):
            given, wanted = node.arguments.fill_in(made)
            takes_training = getattr(node.operation, "_call_has_training_arg", False)
            if takes_training and options.get("training") is not None:
                wanted = {"training": options["training"], **wanted}
            _add(made, node, self.call(node, given, wanted, f"{prefix}{model.name}_"))
        return keras.tree.map_structure(lambda tensor: made[id(tensor)], inner.output)

    def _copy(self, layer: keras.layers.Layer, prefix: str) -> tuple[keras.layers.Layer, ...]:
        name = fresh(f"{prefix}{layer.name}", self._names)
        if not isinstance(layer, SEPARABLE):
            return (clone(layer, name=name),)
        return _split(layer, name, fresh(f"{name}_pointwise", self._names))


def _split(layer: keras.layers.Layer, name: str, second_name: str) -> tuple[keras.layers.Layer, keras.layers.Layer]:
    """A separable convolution as the depthwise one and the 1x1 that it consists of."""
    flat = isinstance(layer, layers.SeparableConv1D)
    depthwise, pointwise = (layers.DepthwiseConv1D, layers.Conv1D) if flat else (layers.DepthwiseConv2D, layers.Conv2D)
    config = layer.get_config()
    shared = {key: config[key] for key in ("trainable", "dtype", "data_format")}
    first = depthwise(
        config["kernel_size"],
        strides=config["strides"],
        padding=config["padding"],
        dilation_rate=config["dilation_rate"],
        depth_multiplier=config["depth_multiplier"],
        use_bias=False,
        name=name,
        **shared,
    )
    second = pointwise(
        config["filters"],
        1,
        activation=layer.activation,
        use_bias=config["use_bias"],
        name=second_name,
        kernel_regularizer=layer.pointwise_regularizer,
        **shared,
    )
    return first, second


def _chain(chain: tuple[keras.layers.Layer, ...], arguments: tuple[Any, ...], options: dict[str, Any]) -> object:
    result = chain[0](*arguments, **options)
    for layer in chain[1:]:
        result = layer(result)
    return result

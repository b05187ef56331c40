"""Recurrent layers: their loops, which boards do not have, written out step by step, or an LSTM's as one operator."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from uuid import uuid4

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tensorflow import Tensor


def looping_layers(model: Any) -> tuple[Any, ...]:  # noqa: ANN401 an untyped Keras model
    """The layers that loop over time, those inside others as well."""
    layers = {id(layer): layer for layer in model._flatten_layers(include_self=False)}.values()
    return tuple(layer for layer in layers if getattr(layer, "unroll", None) is False)


@contextmanager
def unrolled(layers: tuple[Any, ...]) -> Iterator[None]:
    """Lets these layers compute their steps one after another, as `unroll=True` does, with the same values.

    Afterwards they are as they were: the model may be the user's own.
    """
    before = [{name: getattr(layer, name) for name in _LOOPING if hasattr(layer, name)} for layer in layers]
    for layer, names in zip(layers, before, strict=True):
        for name in names:
            setattr(layer, name, name == "unroll")
    try:
        yield
    finally:
        for layer, names in zip(layers, before, strict=True):
            for name, value in names.items():
                setattr(layer, name, value)


def is_fusable(layer: Any) -> bool:  # noqa: ANN401
    """Whether a layer is an LSTM that TensorFlow Lite has one operator for: nothing but its output is used."""
    kinds = {"keras": {"LSTM", "RNN"}, "tf_keras": {"LSTM"}}.get(type(layer).__module__.split(".")[0], ())
    cell: Any = getattr(layer, "cell", None)
    if type(layer).__name__ not in kinds or type(cell).__name__ != "LSTMCell":
        return False
    functions = tuple(getattr(f, "__name__", "") for f in (cell.activation, cell.recurrent_activation))
    return functions == ("tanh", "sigmoid") and not layer.stateful and not layer.return_state


@contextmanager
def fused(layers: tuple[Any, ...]) -> Iterator[None]:
    """Lets the LSTMs among these layers compute what the converter makes one operator of; unrolls the others.

    One that is given a mask or a first state is unrolled, too. tf-keras' own LSTM is what the converter knows.
    """
    known = tuple(layer for layer in layers if is_fusable(layer))
    native = {id(layer) for layer in known if type(layer).__module__.startswith("tf_keras")}
    ours = tuple(layer for layer in known if id(layer) not in native)
    with unrolled(tuple(layer for layer in layers if id(layer) not in native)):
        for layer in ours:
            layer.inner_loop = _one_operator(layer, layer.inner_loop)
        try:
            yield
        finally:
            for layer in ours:
                del layer.inner_loop


def _one_operator(layer: Any, unrolled: Callable[..., Any]) -> Callable[..., Any]:  # noqa: ANN401
    """What a Keras 3 LSTM calls for its loop: a function that bears the name by which the converter knows an LSTM."""
    import tensorflow as tf

    def inner_loop(
        sequences: Tensor, initial_state: list[Tensor], mask: Tensor | None = None, training: bool = False
    ) -> tuple[Tensor, Tensor, list[Tensor]]:
        states = [tf.get_static_value(state) for state in initial_state]
        if mask is not None or any(state is None or state.any() for state in states):
            result: tuple[Tensor, Tensor, list[Tensor]] = unrolled(sequences, initial_state, mask, training)
            return result
        cell = layer.cell
        bias = cell.bias if cell.use_bias else tf.zeros(4 * cell.units)
        given = tf.reverse(sequences, [1]) if layer.go_backwards else sequences
        weights = [tf.convert_to_tensor(value) for value in (cell.kernel, cell.recurrent_kernel, bias)]
        attributes = {"api_implements": f"lstm_{uuid4()}", "api_preferred_device": "CPU", "time_major": False}
        function = tf.function(_lstm, autograph=False, experimental_attributes=attributes)
        last, outputs, hidden, carry, _ = function(given, *initial_state, *weights)
        return last, outputs, [hidden, carry]

    return inner_loop


def _lstm(  # noqa: PLR0917 the converter knows these arguments by their places
    sequences: Tensor, hidden: Tensor, carry: Tensor, kernel: Tensor, recurrent: Tensor, bias: Tensor
) -> tuple[Tensor, ...]:
    """An LSTM with the inputs and outputs of tf-keras', which the converter takes it for.

    The loop tells `quantize` that there is something to fuse.
    """
    import tensorflow as tf

    def step(time: Tensor, h: Tensor, c: Tensor, outputs: Any) -> tuple[Tensor, ...]:  # noqa: ANN401 a TensorArray
        gates = tf.split(sequences[:, time] @ kernel + h @ recurrent + bias, 4, axis=-1)
        c = tf.sigmoid(gates[1]) * c + tf.sigmoid(gates[0]) * tf.tanh(gates[2])
        h = tf.sigmoid(gates[3]) * tf.tanh(c)
        return time + 1, h, c, outputs.write(time, h)

    steps = sequences.shape[1]
    outputs = tf.TensorArray(sequences.dtype, steps, element_shape=hidden.shape)
    _, hidden, carry, outputs = tf.while_loop(
        lambda time, *_: time < steps, step, (tf.constant(0), hidden, carry, outputs)
    )
    return hidden, tf.transpose(outputs.stack(), (1, 0, 2)), hidden, carry, tf.constant(0.0)


_LOOPING = ("unroll", "_could_use_gpu_kernel")
"""tf-keras' GRU looks at the second one before the first."""

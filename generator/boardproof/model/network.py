"""A float network that TensorFlow computes, the same whether Keras or a SavedModel defines it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from boardproof.errors import InputError
from boardproof.model.graph import DType
from boardproof.model.labels import safe_label
from boardproof.model.samples import InputSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tensorflow import Tensor, TensorSpec


@dataclass(frozen=True, slots=True)
class FloatNetwork:
    """What computes a float model.

    Attributes:
        inputs: What it takes, in order; without the batch.
        call: From one TensorFlow tensor per input, each with a batch axis, to one per output.
        fixed_batch: The only batch size it takes, or None when it takes any.
        interpreter: Name and version of what defines it, such as "keras 3.15.1".
    """

    inputs: tuple[InputSpec, ...]
    call: Callable[[Sequence[Tensor]], list[Tensor]] = field(repr=False)
    fixed_batch: int | None
    interpreter: str


class _HasShape(Protocol):
    """A Keras input or a TensorFlow specification of one."""

    @property
    def name(self) -> str: ...
    @property
    def shape(self) -> Any: ...  # noqa: ANN401 a tuple in Keras, a TensorShape in TensorFlow
    @property
    def dtype(self) -> Any: ...  # noqa: ANN401 a string in Keras 3, a DType in TensorFlow


def from_keras(model: Any, interpreter: str, source: str) -> FloatNetwork:  # noqa: ANN401 Keras 2 or 3, both untyped
    """The network of a loaded Keras model, of either version.

    Args:
        model: The Keras model.
        interpreter: Name and version of the Keras that loaded it.
        source: How messages name the file.

    Raises:
        InputError: when the model does not fix the shape of its inputs.
    """
    import tensorflow as tf

    if not getattr(model, "inputs", None):
        raise InputError(
            f"{source} does not say what shape its input has.",
            "Start the model with keras.Input(shape=…), and save it again.",
        )
    # Keras 3 gives the inputs of a Sequential model, but not the structure they are passed in: it has exactly one.
    structure = model.inputs[0] if type(model).__name__ == "Sequential" else model.input

    def call(inputs: Sequence[Tensor]) -> list[Tensor]:
        outputs = model(tf.nest.pack_sequence_as(structure, list(inputs)), training=False)
        return list(tf.nest.flatten(outputs))

    specs, batch = _specs(model.inputs, source)
    return FloatNetwork(specs, call, batch, interpreter)


def from_saved_model(path: Path) -> FloatNetwork:
    """The network behind a SavedModel's serving signature.

    Raises:
        InputError: when there is no such signature, or it does not fix the shape of its inputs.
    """
    import tensorflow as tf

    loaded = tf.saved_model.load(path)
    signature = loaded.signatures.get("serving_default") or loaded.signatures.get("serve")
    if signature is None:
        raise InputError(
            f"The SavedModel {path.name} has no signature serving_default.",
            "Export it with model.export(directory), or tf.saved_model.save(…, signatures=…).",
        )
    arguments: dict[str, TensorSpec] = signature.structured_input_signature[1]
    names = sorted(arguments)

    # `loaded` must stay alive: the signature does not own the variables.
    def call(inputs: Sequence[Tensor], _owner: object = loaded) -> list[Tensor]:
        return list(tf.nest.flatten(signature(**dict(zip(names, inputs, strict=True)))))

    specs, batch = _specs([arguments[name] for name in names], path.name)
    return FloatNetwork(specs, call, batch, f"tensorflow {tf.__version__}")


def _specs(inputs: Sequence[_HasShape], source: str) -> tuple[tuple[InputSpec, ...], int | None]:
    """The inputs without the batch, and the batch size where it is fixed."""
    specs = []
    for position, tensor in enumerate(inputs):
        shape = tuple(tensor.shape) if tensor.shape is not None else ()
        if not shape or None in shape[1:]:
            raise InputError(
                f"Input {safe_label(tensor.name)} of {source} leaves its shape open: {_shown(shape)}.",
                "A board needs fixed sizes: rebuild the model with keras.Input(shape=…) and load its weights.",
            )
        name = tensor.dtype if isinstance(tensor.dtype, str) else tensor.dtype.name
        if name not in {dtype.value for dtype in DType}:
            raise InputError(f"Input {position} of {source} takes {name} values.", "Use float32 inputs.")
        specs.append(InputSpec(tensor.name, shape[1:], DType(name)))
    batches = {tensor.shape[0] for tensor in inputs} - {None}
    return tuple(specs), min(batches, default=None)


def _shown(shape: Sequence[int | None]) -> str:
    return "[" + ", ".join("?" if size is None else str(size) for size in shape) + "]"

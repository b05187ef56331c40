"""A float network that TensorFlow computes, the same whether Keras or a SavedModel defines it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from boardproof.errors import InputError
from boardproof.model.batches import with_free_batch
from boardproof.model.graph import DType
from boardproof.model.labels import safe_label
from boardproof.model.recurrence import fused, is_fusable, looping_layers, unrolled
from boardproof.model.samples import InputSpec
from boardproof.model.value_range import picture_range

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
        notes: What was changed of the model while it was loaded, for the report.
        call_fused: As `call`, with LSTMs as the converter makes one operator of each; None where there are none.
        loops: The layers that loop over time, which `call` writes out step by step.
    """

    inputs: tuple[InputSpec, ...]
    call: Callable[[Sequence[Tensor]], list[Tensor]] = field(repr=False)
    fixed_batch: int | None
    interpreter: str
    notes: tuple[str, ...] = ()
    call_fused: Callable[[Sequence[Tensor]], list[Tensor]] | None = field(default=None, repr=False)
    loops: tuple[str, ...] = ()


_SERVING = ("serving_default", "serve")
"""How TensorFlow and Keras call the signature that a model is used by."""

_ON_THE_HOST = frozenset({"HashedCrossing", "Hashing", "IntegerLookup", "StringLookup", "TextVectorization"})

Sizes: TypeAlias = "Callable[[int, tuple[int | None, ...], str], tuple[int, ...] | None]"
"""Gives the whole shape of a sample for the input at a position, whose shape is open at None, and its name; None if not
known."""


def unknown_sizes(_position: int, _shape: tuple[int | None, ...], _name: str) -> tuple[int, ...] | None:
    """Fixes nothing."""
    return None


class _HasShape(Protocol):
    """A Keras input or a TensorFlow specification of one."""

    @property
    def name(self) -> str: ...
    @property
    def shape(self) -> Any: ...  # noqa: ANN401 a tuple in Keras, a TensorShape in TensorFlow
    @property
    def dtype(self) -> Any: ...  # noqa: ANN401 a string in Keras 3, a DType in TensorFlow


def from_keras(
    model: Any,  # noqa: ANN401 Keras 2 or 3, both untyped
    interpreter: str,
    source: str,
    sizes: Sizes = unknown_sizes,
) -> FloatNetwork:
    """The network of a loaded Keras model, of either version.

    Args:
        model: The Keras model.
        interpreter: Name and version of the Keras that loaded it.
        source: How messages name the file.
        sizes: Fixes what the model leaves open of its inputs' shapes.

    Raises:
        InputError: when neither the model nor `sizes` fixes the shape of its inputs.
    """
    import tensorflow as tf

    if not getattr(model, "inputs", None):
        raise InputError(
            f"{source} does not say what shape its input has.",
            "Start the model with keras.Input(shape=…), and save it again. A subclassed model: call it once, "
            'model.export("folder"), and give that folder.',
        )
    _refuse_words(model, source)
    model = _for_one_sample(model)
    # Keras 3 gives the inputs of a Sequential model, but not the structure they are passed in: it has exactly one.
    loops = looping_layers(model)
    structure = model.inputs[0] if type(model).__name__ == "Sequential" else model.input

    def compute(inputs: Sequence[Tensor]) -> list[Tensor]:
        return list(tf.nest.flatten(model(tf.nest.pack_sequence_as(structure, list(inputs)), training=False)))

    def call(inputs: Sequence[Tensor]) -> list[Tensor]:
        with unrolled(loops):
            return compute(inputs)

    def call_fused(inputs: Sequence[Tensor]) -> list[Tensor]:
        with fused(loops):
            return compute(inputs)

    specs, batch, notes = _specs(model.inputs, source, sizes)
    first = replace(specs[0], values=picture_range(model))
    names = tuple(safe_label(str(layer.name)) for layer in loops)
    fusing = call_fused if any(map(is_fusable, loops)) else None
    return FloatNetwork((first, *specs[1:]), call, batch, interpreter, notes, fusing, names)


def _refuse_words(model: Any, source: str) -> None:  # noqa: ANN401 Keras 2 or 3, both untyped
    """Raises InputError for a layer that looks words or numbers up in a table of TensorFlow's."""
    for layer in model._flatten_layers(include_self=False):
        if type(layer).__name__ in _ON_THE_HOST:
            raise InputError(
                f'The layer "{safe_label(str(layer.name))}" in {source} is of class {type(layer).__name__}, which '
                "boards cannot compute.",
                'It belongs on the host. Begin the model after it, with keras.Input(shape, dtype="int32") and the '
                "later layers, which keep their weights; the samples are the numbers that this layer makes.",
            )


def _for_one_sample(model: Any) -> Any:  # noqa: ANN401 Keras 2 or 3, both untyped
    """The model itself, or one without a fixed batch size of its own."""
    if {tensor.shape[0] for tensor in model.inputs} <= {None, 1}:
        return model
    try:
        return with_free_batch(model)
    except Exception:
        return model


def from_saved_model(path: Path, sizes: Sizes = unknown_sizes) -> FloatNetwork:
    """The network behind a SavedModel's serving signature.

    Raises:
        InputError: when there is no such signature, or nothing fixes the shape of its inputs.
    """
    import tensorflow as tf

    loaded = tf.saved_model.load(path)
    name, signature = _signature(loaded, path.name)
    arguments: dict[str, TensorSpec] = signature.structured_input_signature[1]
    names = sorted(arguments)

    # `loaded` must stay alive: the signature does not own the variables.
    def call(inputs: Sequence[Tensor], _owner: object = loaded) -> list[Tensor]:
        return list(tf.nest.flatten(signature(**dict(zip(names, inputs, strict=True)))))

    specs, batch, notes = _specs([arguments[argument] for argument in names], path.name, sizes)
    if name not in _SERVING:
        notes = (*notes, f"the signature {safe_label(name)} is what runs: {path.name} has no other")
    return FloatNetwork(specs, call, batch, f"tensorflow {tf.__version__}", notes)


def _signature(loaded: Any, source: str) -> tuple[str, Any]:  # noqa: ANN401 what TensorFlow restored
    """The signature that serves, or the only one, with its name.

    Raises:
        InputError: There is none, or there are several and none is the usual one.
    """
    found = {name: loaded.signatures[name] for name in loaded.signatures}
    for name in (*_SERVING, *(found if len(found) == 1 else ())):
        if name in found:
            return name, found[name]
    which = f"it has {', '.join(map(safe_label, sorted(found)))}" if found else "it has none at all"
    raise InputError(
        f"The SavedModel {source} has no signature serving_default: {which}.",
        'Export the one function that the board is to compute: model.export("folder"), or tf.saved_model.save(model, '
        '"folder", signatures=function), where function is a tf.function with an input_signature.',
    )


def _specs(
    inputs: Sequence[_HasShape], source: str, sizes: Sizes
) -> tuple[tuple[InputSpec, ...], int | None, tuple[str, ...]]:
    """The inputs without the batch, the batch size where it is fixed, and what was open in them."""
    specs, notes = [], []
    for position, tensor in enumerate(inputs):
        shape: tuple[int | None, ...] = tuple(tensor.shape) if tensor.shape is not None else ()
        sample = _fixed(position, shape, tensor.name, sizes)
        if sample is None:
            raise InputError(
                f"Input {safe_label(tensor.name)} of {source} leaves its shape open: {_shown(shape)}.",
                "A board needs fixed sizes: give samples, whose sizes are taken, or --input-shape 96,96,3.",
            )
        if sample != shape[1:]:
            notes.append(f"the input {safe_label(tensor.name)}, open in the model, is {_shown(shape)} → {list(sample)}")
        name = tensor.dtype if isinstance(tensor.dtype, str) else tensor.dtype.name
        if name not in {dtype.value for dtype in DType}:
            raise InputError(f"Input {position} of {source} takes {name} values.", "Use float32 inputs.")
        specs.append(InputSpec(tensor.name, sample, DType(name)))
    batches = {tensor.shape[0] for tensor in inputs} - {None}
    return tuple(specs), min(batches, default=None), tuple(notes)


def _fixed(position: int, shape: tuple[int | None, ...], name: str, sizes: Sizes) -> tuple[int, ...] | None:
    """The shape of one sample, where the model or `sizes` says it."""
    if shape and None not in shape[1:]:
        return tuple(size for size in shape[1:] if size is not None)
    given = sizes(position, shape[1:], name)
    agrees = given and all(size in {None, other} for size, other in zip(shape[1:], given, strict=False))
    return given if agrees and len(given or ()) == len(shape) - 1 else None


def _shown(shape: Sequence[int | None]) -> str:
    return "[" + ", ".join("?" if size is None else str(size) for size in shape) + "]"
